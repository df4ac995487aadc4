use std::fs::File;
use std::io::Write;

use kernel::Kind;
use serde_json::json;

use crate::cli::Init;
use crate::config::{Values, toml_text};
use crate::failure::Failure;
use crate::ui::Ui;

/// `init`
pub(crate) fn run(init: &Init, ui: &Ui) -> Result<(), Failure> {
    let data = std::path::absolute(&init.data).unwrap_or_else(|_| init.data.clone());
    let text = written(&init.name, &data.display().to_string());
    // What is written must be what `run` takes.
    Values::parse_text(&text)?;
    let shown = init.config.display();
    let failed = |error: std::io::Error| {
        let failure = Failure::new(Kind::BadInput, format!("{shown}: {}", error.kind()));
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                failure.hint("it is left as it is; give another file with `--config`")
            }
            _ => failure,
        }
    };
    let mut file = File::create_new(&init.config).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    let name = &init.name;
    ui.show(
        &format!(
            "wrote {shown}\n\
             1. DNS: point {name} at this machine\n\
             2. firewall: open TCP port 443\n\
             3. certificate: put its two files where {shown} says\n\
             4. entrenousd run --config {shown}\n\
             5. entrenousd pins new --config {shown}, and hand the pin to a person\n"
        ),
        &json!({"event": "initialised", "config": init.config, "name": name, "data": data}),
    )
}

/// The configuration of a public server that ends TLS itself.
fn written(name: &str, data: &str) -> String {
    let (name_text, data) = (toml_text(name), toml_text(data));
    let live = |file: &str| toml_text(&format!("/etc/letsencrypt/live/{name}/{file}"));
    let (cert, key) = (live("fullchain.pem"), live("privkey.pem"));
    format!(
        "# Configuration of entrenousd. `entrenousd config example` explains every setting;\n\
         # `entrenousd config check --config FILE` finds mistakes.\n\
         \n\
         # The name that clients dial. What people sign is bound to it.\n\
         name = {name_text}\n\
         # Accounts and invitations; only the server's user can enter it.\n\
         data = {data}\n\
         # \"pin\": whoever has one from `entrenousd pins new`. Or \"open\", or \"closed\".\n\
         registration = \"pin\"\n\
         \n\
         listen = [\"[::]:443\"]\n\
         # Behind a proxy that speaks TLS: no [tls], a loopback address above, and\n\
         # trusted_proxies = [\"127.0.0.1\"]\n\
         \n\
         [tls]\n\
         cert = {cert}\n\
         key = {key}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_a_configuration_whatever_the_name() {
        for name in ["relay.example.org", "a\"b", "a\\b"] {
            let values = Values::parse_text(&written(name, "/var/lib/x \"y\"")).unwrap();
            assert_eq!(values.name, name);
            assert!(values.data.is_some() && values.cert.is_some());
        }
    }
}
