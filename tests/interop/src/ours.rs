//! Our own programs, started on a host.

use std::{
    env, fs,
    path::PathBuf,
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{
    program::Program,
    room::{Host, Room},
    said::Said,
};

/// `entrenous meet` on the LAN of `room`, on all interfaces of `host`; `more` are further flags.
///
/// It prints a match as a JSON object with the field `"text"`.
///
/// # Errors
///
/// It is not built, or cannot be started.
pub fn on_lan(room: &Room, host: usize, said: &Said<'_>, more: &[&str]) -> Result<Program> {
    let host = room.host(host);
    let mut command = meet(host, said)?;
    command.args(["--bind-addr", host.address()]);
    command.args(["--multicast-port", &room.multicast_port().to_string()]);
    let program = Program::start("entrenous meet", command.args(more))?;
    program.says(r#""event":"started""#)?;
    Ok(program)
}

/// `entrenous meet` at the server at `url`; `more` are further flags.
///
/// # Errors
///
/// It is not built, or cannot be started.
pub fn at_board(host: &Host, url: &str, said: &Said<'_>, more: &[&str]) -> Result<Program> {
    let mut command = meet(host, said)?;
    Program::start(
        "entrenous meet --at",
        command.args(["--at", url]).args(more),
    )
}

/// `entrenousd`, listening where the reference's client looks for a server.
///
/// # Errors
///
/// It is not built, cannot be started, or does not listen.
pub fn server(host: &Host) -> Result<Program> {
    let mut command = host.command(program("entrenousd")?);
    command.args(["run", "--listen", "127.0.0.1:5000"]);
    let server = Program::start("entrenousd", &mut command)?;
    server.says("127.0.0.1:5000")?;
    Ok(server)
}

/// `entrenousd` as a relay with a password, on free ports of loopback.
///
/// # Errors
///
/// It is not built, cannot be started, or does not listen.
pub fn relay(password: &str) -> Result<Relay> {
    let folder = TempDir::new()?;
    let file = folder.0.join("password");
    fs::write(&file, format!("{password}\n"))?;
    let config = folder.0.join("server.toml");
    let text = format!(
        "listen = [\"127.0.0.1:0\"]\nadmin = \"\"\n[switch]\nws = true\ntcp = [\"127.0.0.1:0\"]\n\
         password_file = {file:?}\nconnections.per_minute = 1000\n"
    );
    fs::write(&config, text)?;
    let mut command = Command::new(program("entrenousd")?);
    command.args(["--json", "run", "--config"]).arg(&config);
    let program = Program::start("entrenousd", &mut command)?;
    let listening = program.says(r#""event":"listening""#)?;
    let listening: Value = serde_json::from_str(&listening)?;
    let at = |scheme: &str| {
        let relays = listening["relay"].as_array().into_iter().flatten();
        let mut relays = relays.filter_map(Value::as_str);
        let found = relays.find_map(|url| url.strip_prefix(scheme));
        let address = found.and_then(|rest| rest.strip_prefix("://"));
        address.map(str::to_owned).context("it is no relay")
    };
    Ok(Relay {
        tcp: at("tcp")?,
        ws: at("ws")?,
        _program: program,
        _folder: folder,
    })
}

/// A running relay of ours. Dropping it kills it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Relay {
    /// Where it listens for TCP: host and port.
    pub tcp: String,
    /// Where it listens for WebSocket, at `/ws`.
    pub ws: String,
    _program: Program,
    _folder: TempDir,
}

/// A profile of `entrenous`, gone at the end.
#[derive(Debug)]
pub struct Profile(TempDir);

impl Profile {
    /// Makes one for somebody of this name.
    ///
    /// # Errors
    ///
    /// The program is not built, or makes none.
    pub fn init(name: &str) -> Result<Self> {
        let profile = Self(TempDir::new()?);
        let output = profile.command()?.args(["init", "--name", name]).output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "no profile:\n{errors}");
        Ok(profile)
    }

    /// The program, with this profile.
    ///
    /// # Errors
    ///
    /// It is not built.
    pub fn command(&self) -> Result<Command> {
        let mut command = Command::new(program("entrenous")?);
        for home in ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
            command.env(home, &self.0.0);
        }
        command.env("ENTRENOUS_KEY_FILE", self.path("key"));
        Ok(command)
    }

    /// A file beside it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.0.join(name)
    }
}

/// A folder that is gone at the end.
#[derive(Debug)]
struct TempDir(PathBuf);

impl TempDir {
    fn new() -> Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("entrenous-interop-{}-{number}", process::id());
        let folder = env::temp_dir().join(name);
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn meet(host: &Host, said: &Said<'_>) -> Result<Command> {
    let mut command = host.command(program("entrenous")?);
    command.args(["meet", "--json", "--no-input", "--timeout", "45s"]);
    command.args(["--passphrase", said.passphrase, "--message", said.message]);
    Ok(command)
}

/// The path of one of our programs, beside the running test.
///
/// # Errors
///
/// It is not built.
pub fn program(name: &str) -> Result<PathBuf> {
    let test = env::current_exe()?;
    let folder = test
        .ancestors()
        .nth(2)
        .context("the test is not in a build directory")?;
    let program = folder.join(name);
    ensure!(
        program.exists(),
        "{} is not built: run `cargo xtask interop`",
        program.display()
    );
    Ok(program)
}
