//! `cargo xtask acme`: our server gets its certificate from Pebble, a real authority.

use ::interop::pebble::Pebble;
use anyhow::Result;

use crate::steps::{self, cargo};

/// Builds our server, then as [`certify`].
///
/// # Errors
///
/// Something does not build, or as [`certify`].
pub(crate) fn run() -> Result<()> {
    steps::run(cargo().args(["build", "--locked", "-p", "entrenousd"]))?;
    certify()
}

/// Builds Pebble below the build directory and runs `tests/interop/tests/acme.rs` with the server
/// that is built.
///
/// # Errors
///
/// There is no Go, Pebble cannot be built, or a certificate did not come.
pub(crate) fn certify() -> Result<()> {
    println!("building Pebble (half a minute the first time)");
    Pebble::install()?;
    let test = ["test", "--locked", "-p", "entrenous-interop", "--test=acme"];
    steps::run(cargo().args(test).env("RUST_BACKTRACE", "0"))
}
