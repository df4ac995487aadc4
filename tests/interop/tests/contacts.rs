//! Our built programs among themselves: two profiles, a messaging server and a rendezvous server.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use interop::{ours, program::Program, python::target_dir};
use serde_json::Value;

#[test]
fn two_profiles_on_two_servers_become_contacts_with_equal_fingerprints() -> Result<()> {
    let folder = Folder::new("contacts")?;
    let messaging = Server::start(&folder.0.join("messaging"))?;
    let rendezvous = Server::start(&folder.0.join("rendezvous"))?;
    let pin = messaging.ask(&["pins", "new"])?;
    let (alice, bob) = (folder.0.join("alice"), folder.0.join("bob"));
    let home = ["--home", &messaging.host, "--pin", text(&pin["pin"])?];
    one(
        &alice,
        &[&["init", "--name", "Alice"], &home[..]].concat(),
        "profile",
    )?;
    one(&bob, &["init", "--name", "Bob"], "profile")?;

    let invite = ["invite", "--split", "--no-wait", "--at", &rendezvous.host];
    let invited = one(&alice, &invite, "invited")?;
    let (line, words) = (text(&invited["line"])?, text(&invited["passphrase"])?);
    ensure!(
        !line.contains(&messaging.host),
        "the line says where they talk: {line}"
    );
    let file = bob.join("words");
    fs::write(&file, words)?;
    let file = file.to_str().context("a path is text")?;
    one(&bob, &["join", line, "--words-file", file], "contact_added")?;

    for (own, other) in [(&alice, &bob), (&bob, &alice)] {
        let contact = one(own, &["contacts"], "contact")?;
        let shown = one(other, &["id"], "profile")?;
        ensure!(
            contact["words"] == shown["words"],
            "{contact} is not {shown}"
        );
        ensure!(contact["origin"] == "link", "{contact}");
    }
    Ok(())
}

/// The only event of this kind that `entrenous` tells, for the profile in `folder`.
fn one(folder: &Path, args: &[&str], event: &str) -> Result<Value> {
    fs::create_dir_all(folder)?;
    let mut command = Command::new(ours::program("entrenous")?);
    for name in ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
        command.env(name, folder);
    }
    command
        .args(args)
        .args(["--json", "--no-input", "--key-file"])
        .arg(folder.join("key"));
    let ended = Program::start(&format!("entrenous {args:?}"), &mut command)?.ends()?;
    ensure!(ended.status.success(), "{args:?}: {ended:?}");
    let lines = ended
        .out
        .iter()
        .map(|line| serde_json::from_str::<Value>(line));
    let events = lines.collect::<Result<Vec<_>, _>>()?;
    let mut found = events.into_iter().filter(|told| told["event"] == event);
    let one = found
        .next()
        .with_context(|| format!("{args:?} told no {event}"))?;
    ensure!(
        found.next().is_none(),
        "{args:?} told more than one {event}"
    );
    Ok(one)
}

fn text(value: &Value) -> Result<&str> {
    value
        .as_str()
        .with_context(|| format!("{value} is no text"))
}

/// A running `entrenousd` with a store; killed when dropped.
struct Server {
    config: PathBuf,
    host: String,
    _program: Program,
}

impl Server {
    fn start(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let (config, data) = (folder.join("server.toml"), folder.join("data"));
        let text = format!(
            "name = \"127.0.0.1\"\nlisten = [\"127.0.0.1:0\"]\nadmin = \"127.0.0.1:0\"\ndata = {data:?}\n"
        );
        fs::write(&config, text)?;
        let mut command = Command::new(ours::program("entrenousd")?);
        command.args(["run", "--json", "--config"]).arg(&config);
        let program = Program::start("entrenousd", &mut command)?;
        let told: Value = serde_json::from_str(&program.says(r#""listening""#)?)?;
        let url = told
            .pointer("/public/0")
            .and_then(Value::as_str)
            .context("no address")?;
        let host = url.strip_prefix("http://").context("no plain address")?;
        Ok(Self {
            config,
            host: host.to_owned(),
            _program: program,
        })
    }

    /// A result of a command to the running server.
    fn ask(&self, args: &[&str]) -> Result<Value> {
        let mut command = Command::new(ours::program("entrenousd")?);
        command
            .args(args)
            .args(["--json", "--config"])
            .arg(&self.config);
        let output = command.output()?;
        ensure!(output.status.success(), "{args:?}: {output:?}");
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// A folder of its own below the build directory; gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Result<Self> {
        let path = target_dir()?.join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
