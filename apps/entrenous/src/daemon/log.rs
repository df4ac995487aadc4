//! What was done, for clients that show it: no names, addresses or messages.

use std::collections::VecDeque;
use std::fs::OpenOptions;
use std::io::{self, Write};

use super::desk::Daemon;
use super::hub::Asker;
use super::protocol::{Command, Event, Fault, LogEntry, Reply, moment};
use crate::event::time;

/// The last entries.
#[derive(Debug)]
pub(super) struct Log {
    entries: VecDeque<LogEntry>,
    /// What is less is not kept.
    least: Level,
}

/// How much an entry matters.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            least: Level::Info,
        }
    }
}

impl Level {
    const ALL: [Self; 4] = [Self::Debug, Self::Info, Self::Warn, Self::Error];

    const fn name(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}

impl Log {
    /// Keeps an entry, in place of the oldest if need be; `None` if it matters too little.
    fn keep(&mut self, level: Level, message: String) -> Option<&LogEntry> {
        if level < self.least {
            return None;
        }
        if self.entries.len() >= MOST {
            self.entries.pop_front();
        }
        self.entries.push_back(LogEntry {
            timestamp: moment(time()),
            level: level.name(),
            message,
        });
        self.entries.back()
    }

    fn write(&self, path: &str) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut text = String::new();
        for entry in &self.entries {
            let LogEntry {
                timestamp,
                level,
                message,
            } = entry;
            text.push_str(&format!("{timestamp} [{level}] {message}\n"));
        }
        options.open(path)?.write_all(text.as_bytes())
    }
}

impl Daemon<'_> {
    /// Keeps an entry, and tells it to clients and on stderr.
    pub(super) fn log(&mut self, level: Level, message: impl Into<String>) {
        if let Some(entry) = self.log.keep(level, message.into()) {
            self.ui.log(entry);
            self.hub.tell(&Event::LogEntry(entry.clone()));
        }
    }

    pub(super) fn logs(&mut self, command: Command, asker: &Asker) -> Result<(), Fault> {
        match command {
            Command::ClearLogs => {
                self.log.entries.clear();
                self.reply(asker, Reply::Done { status: "cleared" })
            }
            Command::GetLogLevel => {
                let level = self.log.least.name();
                self.reply(asker, Reply::Level { level })
            }
            Command::SetLogLevel(given) => {
                let mut levels = Level::ALL.into_iter();
                let level = levels.find(|level| level.name().eq_ignore_ascii_case(&given.level));
                self.log.least = level.ok_or_else(|| {
                    Fault::new(
                        "invalid_params",
                        "invalid params: a level is DEBUG, INFO, WARN or ERROR",
                    )
                })?;
                let (status, level) = ("set", self.log.least.name());
                self.reply(asker, Reply::LevelSet { status, level })
            }
            Command::ExportLogs(given) => self.export(given.file_path, asker),
            _ => {
                let entries = self.log.entries.iter().cloned().collect();
                self.reply(asker, Reply::Logs { entries })
            }
        }
    }

    fn export(&mut self, mut path: String, asker: &Asker) -> Result<(), Fault> {
        if path.is_empty() {
            let now = moment(time()).replace(':', "-");
            path = format!("entrenous-logs-{now}.txt");
        }
        let written = self.log.write(&path);
        written.map_err(|error| {
            Fault::new(
                "export_file_failed",
                format_args!("cannot write the file: {error}"),
            )
        })?;
        let (status, file_path) = ("exported", path);
        self.reply(asker, Reply::Exported { status, file_path })
    }
}

/// Entries that are kept.
const MOST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_200_entries_that_matter_are_kept() {
        let mut log = Log::default();
        assert!(log.keep(Level::Debug, "no".into()).is_none());
        for number in 0..=MOST {
            assert!(log.keep(Level::Info, number.to_string()).is_some());
        }
        assert_eq!(log.entries.len(), MOST);
        assert_eq!(log.entries[0].message, "1");
    }

    #[test]
    fn a_file_of_entries_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = Log::default();
        log.keep(Level::Warn, "one".into());
        log.write(path.to_str().unwrap()).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.ends_with("Z [WARN] one\n"), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
