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
    let text = written(init, &data.display().to_string());
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
    let certificate = match init.acme {
        Some(_) => "comes by itself once 1 and 2 are done".to_owned(),
        None => format!("put its two files where {shown} says"),
    };
    ui.show(
        &format!(
            "wrote {shown}\n\
             1. DNS: point {name} at this machine\n\
             2. firewall: open TCP port 443\n\
             3. certificate: {certificate}\n\
             4. entrenousd run --config {shown}\n\
             5. entrenousd pins new --config {shown}, and hand the pin to a person\n"
        ),
        &json!({"event": "initialised", "config": init.config, "name": name, "data": data}),
    )
}

/// The configuration of a public server that ends TLS itself.
fn written(init: &Init, data: &str) -> String {
    let (name, data) = (toml_text(&init.name), toml_text(data));
    let tls = match &init.acme {
        Some(contact) => format!("acme = {{ contact = {} }}\n", toml_text(contact)),
        None => {
            let live = |file| toml_text(&format!("/etc/letsencrypt/live/{}/{file}", init.name));
            format!(
                "cert = {}\nkey = {}\n",
                live("fullchain.pem"),
                live("privkey.pem")
            )
        }
    };
    format!(
        "# Configuration of entrenousd. `entrenousd config example` explains every setting;\n\
         # `entrenousd config check --config FILE` finds mistakes.\n\
         \n\
         # The name that clients dial. What people sign is bound to it.\n\
         name = {name}\n\
         # Accounts and invitations; only the server's user can enter it.\n\
         data = {data}\n\
         # \"pin\": whoever has one from `entrenousd pins new`. Or \"open\", or \"closed\".\n\
         registration = \"pin\"\n\
         \n\
         listen = [\"[::]:443\"]\n\
         # Behind a proxy that speaks TLS: no [tls], a loopback address above, and\n\
         # trusted_proxies = [\"127.0.0.1\"]\n\
         \n\
         [tls]\n{tls}"
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn what_is_written_is_a_configuration_whatever_the_name() {
        let mut init = Init {
            name: String::new(),
            acme: None,
            data: PathBuf::new(),
            config: PathBuf::new(),
        };
        for name in ["relay.example.org", "a\"b", "a\\b"] {
            init.name = name.to_owned();
            let values = Values::parse_text(&written(&init, "/var/lib/x \"y\"")).unwrap();
            assert_eq!(values.name, name);
            assert!(values.data.is_some() && values.cert.is_some());
        }
        init.name = "relay.example.org".into();
        init.acme = Some("admin@example.org".into());
        let values = Values::parse_text(&written(&init, "/d")).unwrap();
        assert!(values.acme_contact.is_some() && values.cert.is_none());
    }
}
