//! Our own programs, started on a host.

use std::{env, path::PathBuf, process::Command};

use anyhow::{Context, Result, ensure};

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
