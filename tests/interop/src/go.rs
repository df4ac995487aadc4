//! The Go compiler; what it fetches and keeps is below the build directory.

use std::{env, path::Path, process::Command};

use anyhow::{Context, Result, ensure};

/// The second number of Go's version.
///
/// # Errors
///
/// There is no Go; the message says what to install.
pub(crate) fn minor() -> Result<u32> {
    let output = Command::new(go())
        .args(["env", "GOVERSION"])
        .output()
        .context("Go is missing: install it (Debian: golang-go), or name it in the variable GO")?;
    let version = String::from_utf8(output.stdout)?;
    let minor = version.split('.').nth(1).unwrap_or_default();
    let minor = minor.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    minor
        .parse()
        .with_context(|| format!("{version:?} is no version of Go"))
}

/// The compiler, which fetches the version of itself that a module asks for.
pub(crate) fn command(target: &Path) -> Command {
    let home = target.join("go");
    let mut command = Command::new(go());
    command
        .env("GOPATH", &home)
        .env("GOCACHE", home.join("cache"))
        .env("GOFLAGS", "-modcacherw")
        .env("GOTOOLCHAIN", "auto");
    command
}

/// Runs the compiler.
///
/// # Errors
///
/// It cannot be started, or something does not build; the message ends with what it said.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let built = command.output().context("cannot start Go")?;
    let said = [built.stdout, built.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    ensure!(built.status.success(), "{command:?} failed:\n{said}");
    Ok(())
}

fn go() -> std::ffi::OsString {
    env::var_os("GO").unwrap_or_else(|| "go".into())
}
