//! How long a person waits for a short command: `entrenous id`, a new process each time.

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, ensure};

use super::reunion::Ours;
use super::{Report, median, program, verdict};

/// Builds `entrenous`, makes a profile that a key file opens, so without Argon2, and shows it again
/// and again.
///
/// # Errors
///
/// It cannot be built, or does not do what it should.
pub(super) fn run(report: &mut Report) -> Result<()> {
    let program = program("entrenous")?;
    let place = Ours::fresh("bench-id")?.0;
    fs::create_dir_all(&place)?;
    let init = ["init", "--no-input", "--name", "A"];
    entrenous(&program, &place, &init)?;
    let mut times = Vec::new();
    for _ in 0..RUNS {
        times.push(entrenous(&program, &place, &["id"])?);
    }
    fs::remove_dir_all(&place)?;
    let slowest = times.iter().copied().fold(0.0, f64::max);
    let median = median(times);
    report.line(format!(
        "`entrenous id` with a key file, a new process each time, its files in the page cache: {median:.1} ms, the slowest \
         of {RUNS} {slowest:.1} ms (goal < {GOAL_MS:.0} ms: {}).",
        verdict(median < GOAL_MS)
    ));
    Ok(())
}

/// Runs a command of a person who has nothing but a profile with a key file: how long it takes, from
/// the start of the process to its end, in milliseconds.
fn entrenous(program: &Path, place: &Path, args: &[&str]) -> Result<f64> {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("ENTRENOUS_") {
            command.env_remove(name);
        }
    }
    for name in [
        "HOME",
        "TMPDIR",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_STATE_HOME",
    ] {
        command.env(name, place);
    }
    command.args(args).arg("--key-file").arg(place.join("key"));
    command.stdin(Stdio::null()).current_dir(place);
    let start = Instant::now();
    let output = command.output().context("cannot start entrenous")?;
    let time = start.elapsed().as_secs_f64() * 1e3;
    ensure!(
        output.status.success() && !output.stdout.is_empty(),
        "entrenous {}: {}",
        args.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(time)
}

const RUNS: usize = 41;
const GOAL_MS: f64 = 50.0;
