//! The reference's programs, started on a host.

use std::{path::Path, process::Command};

use anyhow::Result;

use crate::{
    program::Program,
    reference::Reference,
    room::{Host, Room},
    said::Said,
};

/// The reference's LAN program in `room`, which runs until it gets a T3 or 45 seconds are over.
///
/// It says [`ANNOUNCED`] when it has announced itself, and prints a match as it is.
///
/// # Errors
///
/// The reference cannot be installed or started.
pub fn on_lan(room: &Room, host: usize, said: &Said<'_>) -> Result<Program> {
    let host = room.host(host);
    let mut command = python(host, "reunion-on-an-ethernet")?;
    command.args(["--verbose", "--bind-addr", host.address()]);
    command.args([
        "--multicast-port",
        &room.multicast_port().to_string(),
        "--timeout",
        "45",
    ]);
    command.args(["--passphrase", said.passphrase, "--message", said.message]);
    Program::start("reunion-on-an-ethernet", &mut command)
}

/// What [`on_lan`] says when its announcement is out.
pub const ANNOUNCED: &str = "Sent 2";

/// The reference's HTTP client, visiting the server at 127.0.0.1:5000 of `host` for `seconds`.
/// It prints a match as `["utf8", "<message padded to 96 bytes>"]`.
///
/// # Errors
///
/// The reference cannot be installed or started.
pub fn at_board(host: &Host, seconds: u32, said: &Said<'_>) -> Result<Program> {
    let mut command = python(host, "reunion-client")?;
    command.args(["--duration", &seconds.to_string()]);
    command.args(["--passphrase", said.passphrase, "--message", said.message]);
    Program::start("reunion-client", &mut command)
}

/// The reference's HTTP server, listening on 127.0.0.1:5000 of `host`.
///
/// # Errors
///
/// The reference cannot be installed or started, or does not listen.
pub fn server(host: &Host) -> Result<Program> {
    let server = Program::start("reunion-server", &mut python(host, "reunion-server")?)?;
    server.says("Running on http://127.0.0.1:5000")?;
    Ok(server)
}

/// A program of the reference, its output not held back.
fn python(host: &Host, program: &str) -> Result<Command> {
    let program = Reference::install()?.program(program);
    let mut command = host.command(Path::new(&program));
    command.env("PYTHONUNBUFFERED", "1");
    Ok(command)
}
