//! The process under load, and how a test starts, reads and kills it.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use journal::{Append, AppendError, Limits, Sqlite, Store, Subject, SystemClock};

/// Callers at once.
pub(crate) const TASKS: u8 = 48;

/// The log, and the cell, of one task in one storm.
pub(crate) fn subject(storm: u8, task: u8) -> Subject {
    Subject::new(&[b's', storm, task]).unwrap()
}

/// The content of the `step`th entry of a task: nobody else's, and of any length.
pub(crate) fn payload(storm: u8, task: u8, step: u32) -> Bytes {
    let seed = u32::from(storm) << 24 | u32::from(task) << 16 | step;
    let len = usize::try_from(seed.wrapping_mul(2_654_435_761) % 1_500).unwrap();
    let bytes = seed.to_le_bytes().into_iter().cycle();
    bytes.take(len + 4).collect()
}

pub(crate) fn open(directory: &Path) -> Sqlite {
    Sqlite::open(directory, Limits::default(), Arc::new(SystemClock)).unwrap()
}

/// Not a test: what the process does, if it was started for that.
#[test]
fn storm() {
    let Ok(directory) = env::var("JOURNAL_STORM") else {
        return;
    };
    let number = env::var("JOURNAL_STORM_NUMBER").unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build();
    let runtime = runtime.unwrap();
    let store = Arc::new(open(Path::new(&directory)));
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| runtime.spawn(run(Arc::clone(&store), number, task)))
        .collect();
    for task in tasks {
        runtime.block_on(task).unwrap();
    }
}

/// One line, in one write, so that a kill leaves no half of it.
fn tell(line: &str) {
    std::io::stdout()
        .lock()
        .write_all(format!("\n{line}\n").as_bytes())
        .unwrap();
}

/// Appends, removes and counts until killed, or until the store has stopped for good.
async fn run(store: Arc<Sqlite>, storm: u8, task: u8) {
    let subject = subject(storm, task);
    let mut refused = 0;
    let mut rev = 0;
    for step in 0_u32.. {
        let mut append = Append::new(subject.clone(), payload(storm, task, step));
        append.dedupe = Some([step.to_le_bytes()[0]; 16]).filter(|_| step < 256);
        match store.append(append).await {
            Ok(appended) => tell(&format!("append {task} {step} {}", appended.seq())),
            Err(error) => {
                tell(&format!("refused {task} {step} {error}"));
                let AppendError::Store(fault) = error else {
                    panic!("{error}")
                };
                refused += u32::from(fault.is_fatal());
                if refused == 2 {
                    return;
                }
                continue;
            }
        }
        if step % 5 == 4 {
            // The same claim again and again: only the first one takes.
            tell(&format!("taking {task}"));
            match store.take(&subject, [task; 16]).await {
                Ok(Some(entry)) => tell(&format!("removed {task} {}", entry.seq)),
                Ok(None) => {}
                Err(fault) => tell(&format!("failed {task} {fault}")),
            }
        }
        if step % 5 == 2
            && let Ok(page) = store.read(&subject, 0, 3, u32::MAX).await
            && let Some(entry) = page.entries.last()
        {
            tell(&format!("removing {task} {}", entry.seq));
            match store.remove(&subject, entry.seq).await {
                Ok(true) => tell(&format!("removed {task} {}", entry.seq)),
                Ok(false) => {}
                Err(fault) => tell(&format!("failed {task} {fault}")),
            }
        }
        if step % 7 == 0 {
            let value = Some(step.to_string().into());
            match store.cell_set(&subject, rev, value, None).await {
                Ok(next) => {
                    rev = next;
                    tell(&format!("cell {task} {step}"));
                }
                Err(error) => tell(&format!("failed {task} {error}")),
            }
        }
    }
}

/// A storm that runs. Dropping it kills it.
pub(crate) struct Storm {
    child: Child,
    lines: BufReader<ChildStdout>,
    pub(crate) told: Vec<String>,
}

impl Storm {
    /// Starts the process on the store in `directory`, with more in its environment.
    pub(crate) fn start(directory: &Path, number: u8, more: &[(&str, PathBuf)]) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "storm::storm", "--nocapture", "--test-threads=1"])
            .env("JOURNAL_STORM", directory)
            .env("JOURNAL_STORM_NUMBER", number.to_string())
            .envs(more.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let told = Vec::new();
        Self { child, lines, told }
    }

    /// Reads one line; `false` at the end.
    fn read(&mut self) -> bool {
        let mut line = String::new();
        if self.lines.read_line(&mut line).unwrap() == 0 {
            return false;
        }
        self.told.push(line.trim().to_owned());
        true
    }

    /// Waits until `count` changes were acknowledged.
    pub(crate) fn acknowledges(&mut self, count: usize) {
        let mut acknowledged = 0;
        while acknowledged < count {
            assert!(self.read(), "the storm is over: {:?}", self.told.last());
            let line = self.told.last().unwrap();
            acknowledged += usize::from(line.starts_with("append"));
        }
    }

    /// Waits until it is told that something was refused.
    pub(crate) fn is_refused(&mut self) {
        while self.read() {
            if self.told.last().unwrap().starts_with("refused") {
                return;
            }
        }
        panic!("the storm is over: {:?}", self.told.last());
    }

    /// Kills it at once, and returns all that was acknowledged.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        while self.read() {}
        std::mem::take(&mut self.told)
    }

    /// Waits for its end, but not if it goes on to acknowledge more than `most` appends.
    pub(crate) fn end(mut self, most: usize) -> Vec<String> {
        let mut acknowledged = 0;
        while acknowledged <= most && self.read() {
            let line = self.told.last().unwrap();
            acknowledged += usize::from(line.starts_with("append"));
        }
        self.kill()
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
