//! `cargo xtask ct`: nothing the CTIDH action does depends on a secret.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

use crate::steps::{self, Outcome, Steps, cargo};

/// The code Valgrind ends with when it has something to report.
const REPORTED: i32 = 99;

/// The code `entrenous-ct` ends with when time depends on secrets, and nothing else ends with.
const DIFFERS: i32 = 98;

/// Back ends that Valgrind can execute. It has no AVX-512.
const EXECUTABLE: [&str; 2] = ["portable", "adx"];

/// Runs both sets under Valgrind with their secrets marked, on every back end it can execute; the
/// others by the clock, which is weaker. Shows that both would notice a leak.
///
/// # Errors
///
/// Valgrind is missing or reports a branch or an address that depends on a secret, a time depends
/// on a secret, or a leak that was put in goes unnoticed.
pub(crate) fn run() -> Result<()> {
    let watched = build("watched", "--cfg ctidh_valgrind")?;
    let leaky = build("leaky", "--cfg ctidh_valgrind --cfg ctidh_leaky")?;
    let timed = build("timed", "")?;
    let timed_leaky = build("timed-leaky", "--cfg ctidh_leaky")?;
    let mut steps = Steps::default();
    let clean = EXECUTABLE.map(|backend| {
        let name = format!("Valgrind reports nothing: {backend}");
        (name, (&watched, backend, 0))
    });
    let leaking = EXECUTABLE.map(|backend| {
        let name = format!("Valgrind reports a leak that was put in: {backend}");
        (name, (&leaky, backend, REPORTED))
    });
    let runs = [clean, leaking].concat();
    steps.side_by_side(&runs, |(program, backend, code)| {
        valgrind(program, backend, *code)
    });
    let available = steps::read(Command::new(&timed).args(["list", "all"]))?;
    steps.step_if_possible("the clock shows no difference (weaker): ifma", || {
        if !available.lines().any(|backend| backend == "ifma") {
            return Ok(Outcome::NotChecked("no AVX-512 IFMA here".to_owned()));
        }
        steps::run(Command::new(&timed).args(["time", "ifma"])).map(|()| Outcome::Passed)
    });
    steps.step("the clock shows a leak that was put in", || {
        let best = available.lines().last().context("there is no back end")?;
        let mut time = Command::new(&timed_leaky);
        let status = time.args(["time", best]).status();
        let code = status.context("cannot start entrenous-ct")?.code();
        ensure!(code == Some(DIFFERS), "it ended with {code:?}");
        Ok(())
    });
    steps.finish()
}

/// Builds the program with extra flags for our own code; what it depends on is built once for all.
fn build(name: &str, flags: &str) -> Result<PathBuf> {
    let target = target()?.join("ct");
    let wrapper = target.join(format!("{name}.sh"));
    fs::create_dir_all(&target)?;
    fs::write(&wrapper, format!("#!/bin/sh\nexec \"$@\" {flags}\n"))?;
    make_executable(&wrapper)?;
    let mut build = cargo();
    build.args([
        "build",
        "--quiet",
        "--release",
        "--locked",
        "--package",
        "entrenous-ct",
    ]);
    build
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTC_WORKSPACE_WRAPPER", &wrapper);
    steps::run(&mut build)?;
    // The next one is built in the same place.
    let program = target.join(name);
    fs::copy(target.join("release/entrenous-ct"), &program)?;
    Ok(program)
}

/// Lets everyone execute a file. Only where there is Valgrind there are modes.
fn make_executable(path: &Path) -> Result<()> {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    ensure!(path.exists(), "{} is not there", path.display());
    Ok(())
}

/// A run under memcheck, which is to end with `code`; what it says, if it ends well.
fn valgrind(program: &Path, backend: &str, code: i32) -> Result<String> {
    let mut run = Command::new("valgrind");
    run.args(["--quiet", "--error-limit=no", "--track-origins=no"]);
    run.arg(format!("--error-exitcode={REPORTED}"));
    let output = run.arg(program).args(["memory", backend]).output();
    let output = output.context("cannot start valgrind: is it installed?")?;
    let said = String::from_utf8_lossy(&output.stdout);
    if output.status.code() != Some(code) {
        let reports = String::from_utf8_lossy(&output.stderr);
        bail!("it ended with {}\n{said}{reports}", output.status);
    }
    Ok(said.into_owned())
}

/// The build directory of this checkout.
fn target() -> Result<PathBuf> {
    let metadata = steps::read(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let target = metadata
        .get("target_directory")
        .and_then(serde_json::Value::as_str);
    let target = target.context("cargo names no build directory")?;
    Ok(PathBuf::from(target))
}
