//! CTIDH beside highctidh: its build as `pip` installs it, and its assembly from the same source.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use interop::{python::target_dir, reference::Reference};

use super::{Report, THREADS_GOAL, median, verdict};
use crate::steps::{self, cargo};

/// Runs our stopwatch and theirs in turns, and compares medians of processor time.
///
/// # Errors
///
/// highctidh cannot be installed or built, or a stopwatch does not answer.
pub(super) fn run(report: &mut Report) -> Result<()> {
    let reference = Reference::install()?;
    let home = target_dir()?.join("highctidh");
    fs::create_dir_all(&home)?;
    let fiat = library(&reference.program("python"))?;
    let assembly = assembly(&reference.program("python"), &home)?;
    let theirs = compile(&home)?;

    let mut stopwatches = vec![
        Stopwatch::theirs("fiat", &theirs, &fiat)?,
        Stopwatch::theirs("assembly", &theirs, &assembly)?,
    ];
    for backend in ["portable", "adx", "ifma"] {
        let mut ours = Stopwatch::ours(backend)?;
        if ours.time("mul", 1)?.is_some() {
            stopwatches.push(ours);
        }
    }

    let mut medians = Vec::new();
    for operation in OPERATIONS {
        let mut times = vec![Vec::new(); stopwatches.len()];
        for _ in 0..operation.rounds {
            for (stopwatch, times) in stopwatches.iter_mut().zip(&mut times) {
                let spent = stopwatch.time(operation.name, operation.times)?;
                times.push(spent.context("a stopwatch stopped")? / operation.unit_ns);
            }
        }
        medians.push(times.into_iter().map(median).collect::<Vec<_>>());
    }

    for (operation, medians) in OPERATIONS.iter().zip(&medians) {
        let [fiat, assembly, ours @ ..] = medians.as_slice() else {
            continue;
        };
        for (stopwatch, ours) in stopwatches.iter().skip(2).zip(ours) {
            let (theirs, other, goal) = if stopwatch.name == "portable" {
                ("fiat", *fiat, 0.30)
            } else {
                ("assembly", *assembly, 1.00)
            };
            let what = format!("{}, {} : {theirs}", operation.name, stopwatch.name);
            if operation.goal {
                report.ratio(&what, *ours, other, operation.unit, goal);
            }
        }
    }
    table(report, &stopwatches, &medians);
    threads(report)
}

/// All medians, also of what has no goal.
fn table(report: &mut Report, stopwatches: &[Stopwatch], medians: &[Vec<f64>]) {
    let names: Vec<&str> = stopwatches.iter().map(|stopwatch| stopwatch.name).collect();
    report.line(format!(
        "| CTIDH-1024 | {} |\n|---|{}",
        names.join(" | "),
        "---|".repeat(names.len())
    ));
    for (operation, medians) in OPERATIONS.iter().zip(medians) {
        let cells: Vec<String> = medians.iter().map(|time| format!("{time:.1}")).collect();
        report.line(format!(
            "| {}, {} | {} |",
            operation.name,
            operation.unit,
            cells.join(" | ")
        ));
    }
    report.line("");
}

/// Actions on one thread and on two: of each the least disturbed run, since others may want the
/// same processors; and what the threads cost each other in processor time, which they do not show.
fn threads(report: &mut Report) -> Result<()> {
    for backend in ["portable", "ifma"] {
        let mut ours = Stopwatch::ours(backend)?;
        let mut best = [f64::INFINITY; 4];
        for _ in 0..7 {
            for (best, operation) in best
                .iter_mut()
                .zip(["elapsed", "pairs", "action", "burden"])
            {
                let Some(time) = ours.time(operation, ACTIONS)? else {
                    return Ok(());
                };
                *best = best.min(time);
            }
        }
        let [one, two, alone, burden] = best;
        let speedup = 2.0 * one / two;
        report.line(format!(
            "Actions on two threads, {backend}: {speedup:.2} times as many in the same time as on one \
             (goal >= {THREADS_GOAL}: {}); each takes {:.2} times the processor time that it takes alone.\n",
            verdict(speedup >= THREADS_GOAL),
            burden / (2.0 * f64::from(ACTIONS) * alone),
        ));
    }
    Ok(())
}

/// The path of the library for 1024 bits in a Python environment.
fn library(python: &Path) -> Result<PathBuf> {
    let say = "import importlib.util as u; print(u.find_spec('highctidh_1024').origin)";
    let path = steps::read(Command::new(python).args(["-c", say]))?;
    Ok(PathBuf::from(path.trim()))
}

/// Builds highctidh's assembly from the source that `pip` downloads, once.
fn assembly(python: &Path, home: &Path) -> Result<PathBuf> {
    let built = home.join("assembly");
    if !built.join("highctidh").exists() {
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ];
        steps::run(
            Command::new(python)
                .args(pip)
                .args(["--no-cache-dir", "--no-deps", "--no-binary", "highctidh"])
                .arg("--target")
                .arg(&built)
                .arg(HIGHCTIDH)
                .env("HIGHCTIDH_PORTABLE", "0"),
        )?;
    }
    let entries = fs::read_dir(&built)?.collect::<Result<Vec<_>, _>>()?;
    entries
        .into_iter()
        .map(|entry| entry.path())
        .find(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("highctidh_1024") && name.ends_with(".so")
        })
        .context("highctidh was installed without its library")
}

/// Builds the stopwatch for theirs.
fn compile(home: &Path) -> Result<PathBuf> {
    let program = home.join("theirs");
    let source = home.join("theirs.c");
    fs::write(&source, include_str!("ctidh/theirs.c"))?;
    steps::run(
        Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()))
            .arg("-O2")
            .arg(&source)
            .arg("-o")
            .arg(&program)
            .arg("-ldl"),
    )?;
    Ok(program)
}

/// A program that times operations on request.
struct Stopwatch {
    name: &'static str,
    /// What stands in a request between operation and number of times.
    which: String,
    program: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Stopwatch {
    fn ours(backend: &'static str) -> Result<Self> {
        let stopwatch = ["run", "--quiet", "--release", "--locked"];
        let mut command = cargo();
        command
            .args(stopwatch)
            .args(["-p", "entrenous-ctidh", "--example", "stopwatch"]);
        Self::start(backend, format!("ctidh1024 {backend} "), command)
    }

    fn theirs(name: &'static str, program: &Path, library: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command.arg(library).arg("1024");
        Self::start(name, String::new(), command)
    }

    fn start(name: &'static str, which: String, mut command: Command) -> Result<Self> {
        let mut program = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start the stopwatch for {name}"))?;
        let requests = program.stdin.take().context("no input")?;
        let answers = BufReader::new(program.stdout.take().context("no output")?);
        Ok(Self {
            name,
            which,
            program,
            requests,
            answers,
        })
    }

    /// Nanoseconds for one `operation`, of that many; `None` if this machine cannot do it.
    fn time(&mut self, operation: &str, times: u32) -> Result<Option<f64>> {
        writeln!(self.requests, "{operation} {}{times}", self.which)?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        ensure!(
            !answer.is_empty(),
            "the stopwatch for {} has stopped at {operation}",
            self.name
        );
        Ok(answer.trim().parse().ok())
    }
}

impl Drop for Stopwatch {
    fn drop(&mut self) {
        // it would end with its input, but that is closed only after this
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// Something to time.
struct Operation {
    name: &'static str,
    /// How often in a row.
    times: u32,
    /// How many measurements of each stopwatch, in turns.
    rounds: u32,
    unit: &'static str,
    unit_ns: f64,
    /// Whether its ratio has a goal.
    goal: bool,
}

const OPERATIONS: &[Operation] = &[
    field("mul"),
    field("sqr"),
    field("add"),
    field("sub"),
    Operation {
        name: "action",
        times: 1,
        rounds: 15,
        unit: "ms",
        unit_ns: 1e6,
        goal: true,
    },
    Operation {
        name: "validate",
        times: 3,
        rounds: 15,
        unit: "ms",
        unit_ns: 1e6,
        goal: true,
    },
    Operation {
        name: "keygen",
        times: 1,
        rounds: 101,
        unit: "µs",
        unit_ns: 1e3,
        goal: false,
    },
];

const fn field(name: &'static str) -> Operation {
    Operation {
        name,
        times: 1000,
        rounds: 51,
        unit: "ns",
        unit_ns: 1.0,
        goal: false,
    }
}

/// How many actions a thread does.
const ACTIONS: u32 = 4;
const HIGHCTIDH: &str = "highctidh==1.0.2026101300";
