//! A running program whose output is read while it runs.

use std::{
    fmt,
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

/// A program that was started for a test. Dropping it kills it.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    /// What it reads, if it reads anything.
    input: Option<ChildStdin>,
    output: Arc<Output>,
}

/// What a program left when it ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// Lines of its standard output.
    pub out: Vec<String>,
    /// Lines of its standard error.
    pub err: Vec<String>,
}

impl Program {
    /// Starts `command` with nothing to read; `name` is how failures call it.
    ///
    /// # Errors
    ///
    /// The program is not there or cannot be started.
    pub fn start(name: &str, command: &mut Command) -> Result<Self> {
        Self::spawn(name, command.stdin(Stdio::null()))
    }

    /// As [`Program::start`], for a program that reads what it is [told](Program::tell).
    ///
    /// # Errors
    ///
    /// As [`Program::start`].
    pub fn start_to_tell(name: &str, command: &mut Command) -> Result<Self> {
        Self::spawn(name, command.stdin(Stdio::piped()))
    }

    fn spawn(name: &str, command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {name}: {command:?}"))?;
        let output = Arc::<Output>::default();
        let (out, err) = (child.stdout.take(), child.stderr.take());
        collect(out.context("no stdout")?, &output, |said| &mut said.out);
        collect(err.context("no stderr")?, &output, |said| &mut said.err);
        Ok(Self {
            name: name.to_owned(),
            input: child.stdin.take(),
            child,
            output,
        })
    }

    /// Gives the program a line to read.
    ///
    /// # Errors
    ///
    /// It was started with nothing to read, or reads no more.
    pub fn tell(&mut self, line: &str) -> Result<()> {
        let input = self.input.as_mut().context("it reads nothing")?;
        writeln!(input, "{line}").with_context(|| format!("{} does not read", self.name))
    }

    /// Waits until `found` finds something in the lines of standard output, which are all of them
    /// each time it is asked.
    ///
    /// # Errors
    ///
    /// As [`Program::says`].
    pub fn finds<T>(&self, mut found: impl FnMut(&[String]) -> Option<T>) -> Result<T> {
        self.wait_for(|said| found(&said.out))
            .with_context(|| format!("{} did not print what was awaited:\n{self}", self.name))
    }

    /// Waits for a line, on either stream, that contains `text`, and returns it.
    ///
    /// # Errors
    ///
    /// The program closed its output, or [`PATIENCE`] is over; the error holds all it said.
    pub fn says(&self, text: &str) -> Result<String> {
        self.wait_for(|said| {
            said.out
                .iter()
                .chain(&said.err)
                .find(|line| line.contains(text))
                .cloned()
        })
        .with_context(|| format!("{} did not say {text:?}:\n{self}", self.name))
    }

    /// Waits for a line of standard output that is `text`, apart from spaces at its end.
    ///
    /// # Errors
    ///
    /// As [`Program::says`].
    pub fn prints(&self, text: &str) -> Result<()> {
        self.wait_for(|said| {
            said.out
                .iter()
                .any(|line| line.trim_end() == text)
                .then_some(())
        })
        .with_context(|| format!("{} did not print {text:?}:\n{self}", self.name))
    }

    /// Waits until the program ends by itself.
    ///
    /// # Errors
    ///
    /// [`PATIENCE`] is over; the error holds all it said.
    pub fn ends(mut self) -> Result<Ended> {
        let deadline = Instant::now() + PATIENCE;
        self.wait_for(|said| (said.open == 0).then_some(()))
            .with_context(|| format!("{} does not end:\n{self}", self.name))?;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                let said = self
                    .output
                    .said
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                return Ok(Ended {
                    status,
                    out: said.out.clone(),
                    err: said.err.clone(),
                });
            }
            thread::sleep(Duration::from_millis(20));
        }
        bail!("{} closed its output and does not end:\n{self}", self.name)
    }

    fn wait_for<T>(&self, mut found: impl FnMut(&Said) -> Option<T>) -> Result<T> {
        let deadline = Instant::now() + PATIENCE;
        let mut said = self
            .output
            .said
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(found) = found(&said) {
                return Ok(found);
            }
            ensure!(said.open > 0, "it closed its output");
            let left = deadline.saturating_duration_since(Instant::now());
            ensure!(!left.is_zero(), "waited {} s", PATIENCE.as_secs());
            let waited = self.output.more.wait_timeout(said, left);
            said = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = self
            .output
            .said
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for line in &said.out {
            writeln!(f, "  {} stdout: {line}", self.name)?;
        }
        for line in &said.err {
            writeln!(f, "  {} stderr: {line}", self.name)?;
        }
        Ok(())
    }
}

/// How long a test waits for what must come. The slowest step of a reference program takes a
/// second or two of processor time; the rest is for busy machines.
pub const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
struct Output {
    said: Mutex<Said>,
    more: Condvar,
}

#[derive(Debug)]
struct Said {
    out: Vec<String>,
    err: Vec<String>,
    /// Streams that are not at their end.
    open: u8,
}

impl Default for Said {
    fn default() -> Self {
        Self {
            out: Vec::new(),
            err: Vec::new(),
            open: 2,
        }
    }
}

fn collect(
    stream: impl Read + Send + 'static,
    output: &Arc<Output>,
    place: fn(&mut Said) -> &mut Vec<String>,
) {
    let output = Arc::clone(output);
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n') {
            let Ok(line) = line else { break };
            let line = String::from_utf8_lossy(&line).into_owned();
            let mut said = output.said.lock().unwrap_or_else(PoisonError::into_inner);
            place(&mut said).push(line);
            output.more.notify_all();
        }
        let mut said = output.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.open = said.open.saturating_sub(1);
        output.more.notify_all();
    });
}
