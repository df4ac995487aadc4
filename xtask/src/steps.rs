//! A list of checks that all run, each under its heading, with a summary at the end.

use std::{
    env,
    ffi::OsString,
    num::NonZero,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

/// Checks that were run, in order.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    done: Vec<(String, Outcome, Duration)>,
}

/// How one check ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Passed,
    /// It could not be made here, for this reason. Never a silent pass.
    NotChecked(String),
    Failed(String),
}

impl Steps {
    /// Runs one check; a failure is noted and the next check still runs.
    pub(crate) fn step(&mut self, name: &str, check: impl FnOnce() -> Result<()>) {
        self.step_if_possible(name, || check().map(|()| Outcome::Passed));
    }

    /// As [`Steps::step`], for a check that some machines cannot make.
    pub(crate) fn step_if_possible(&mut self, name: &str, check: impl FnOnce() -> Result<Outcome>) {
        println!("\n=== {name}");
        let started = Instant::now();
        let outcome = check().unwrap_or_else(|error| {
            println!("{error:#}");
            Outcome::Failed(format!("{error}"))
        });
        self.done
            .push((name.to_owned(), outcome, started.elapsed()));
    }

    /// Runs the same check of all these things, each with its name, as many at a time as there are processors; prints what each
    /// returns under its heading when it has ended.
    pub(crate) fn side_by_side<T: Sync>(
        &mut self,
        checks: &[(String, T)],
        check: impl Fn(&T) -> Result<String> + Sync,
    ) {
        let workers = thread::available_parallelism().map_or(1, NonZero::get);
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        let work = || {
            while let Some((name, thing)) = checks.get(next.fetch_add(1, Ordering::Relaxed)) {
                let started = Instant::now();
                let (text, outcome) = match check(thing) {
                    Ok(text) => (text, Outcome::Passed),
                    Err(error) => (format!("{error:#}"), Outcome::Failed(format!("{error}"))),
                };
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                println!("\n=== {name}\n{}", text.trim_end());
                done.push((name.clone(), outcome, started.elapsed()));
            }
        };
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(work);
            }
        });
        let done = done.into_inner();
        self.done
            .extend(done.unwrap_or_else(PoisonError::into_inner));
    }

    /// Prints the summary.
    ///
    /// # Errors
    ///
    /// At least one check failed.
    pub(crate) fn finish(self) -> Result<()> {
        println!("\n=== summary");
        let mut failed = 0_usize;
        let mut left_out = 0_usize;
        for (name, outcome, took) in &self.done {
            let took = took.as_secs();
            match outcome {
                Outcome::Passed => println!("passed       {took:>4} s  {name}"),
                Outcome::NotChecked(why) => {
                    left_out = left_out.saturating_add(1);
                    println!("NOT CHECKED  {took:>4} s  {name}: {why}");
                }
                Outcome::Failed(why) => {
                    failed = failed.saturating_add(1);
                    println!("FAILED       {took:>4} s  {name}: {why}");
                }
            }
        }
        ensure!(failed == 0, "{failed} of {} checks failed", self.done.len());
        let passed = self.done.len().saturating_sub(left_out);
        println!("{passed} checks ended well, {left_out} could not be made here");
        Ok(())
    }
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command.current_dir(root());
    command
}

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_path_buf()
}

/// Runs `command` with our terminal.
///
/// # Errors
///
/// It cannot be started, or ends with another code than 0.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    println!("$ {}", line(command));
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    ensure!(status.success(), "`{}` ended with {status}", line(command));
    Ok(())
}

/// Runs `command` and returns its standard output; its errors go to our terminal.
///
/// # Errors
///
/// As [`run`], or the output is not UTF-8.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    if !output.status.success() {
        bail!("`{}` ended with {}", line(command), output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let mut words = vec![name.to_string_lossy()];
    words.extend(command.get_args().map(|word| word.to_string_lossy()));
    words.join(" ")
}
