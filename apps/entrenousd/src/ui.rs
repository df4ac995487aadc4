use std::io::{self, IsTerminal, Write};

use kernel::Kind;
use serde_json::{Value, json};
use tracing::Level;
use tracing_subscriber::filter::LevelFilter;

use crate::cli::Global;
use crate::config::LogFormat;
use crate::failure::Failure;

/// The only place that prints: results to stdout, talk and logs to stderr.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ui {
    global: Global,
}

impl Ui {
    pub(crate) const fn new(global: &Global) -> Self {
        Self { global: *global }
    }

    /// A result: the text, or with `--json` the object.
    pub(crate) fn show(&self, text: &str, object: &Value) -> Result<(), Failure> {
        match self.global.json {
            true => print(&format!("{object}\n")),
            false => print(text),
        }
    }

    /// A word beside the result, to stderr; nothing with `--json` or `--quiet`.
    pub(crate) fn note(&self, text: &str) {
        if !self.global.json && !self.global.quiet {
            // If even stderr is closed, the result still counts.
            drop(io::stderr().lock().write_all(text.as_bytes()));
        }
    }

    /// An event for programs; nothing without `--json`.
    pub(crate) fn event(&self, object: &Value) -> Result<(), Failure> {
        match self.global.json {
            true => print(&format!("{object}\n")),
            false => Ok(()),
        }
    }

    /// A failure, for the last time.
    pub(crate) fn fail(&self, failure: &Failure) {
        if self.global.json {
            let object = json!({
                "event": "error",
                "kind": failure.kind_name(),
                "text": failure.text,
                "hint": failure.hint,
            });
            drop(print(&format!("{object}\n")));
            return;
        }
        let mut text = format!("entrenousd: error: {}\n", failure.text);
        if let Some(hint) = &failure.hint {
            text.push_str(&format!("entrenousd: hint: {hint}\n"));
        }
        // If even stderr is closed, there is nobody left to tell.
        drop(io::stderr().lock().write_all(text.as_bytes()));
    }

    /// Sends logs to stderr from now on.
    pub(crate) fn start_log(&self, format: LogFormat, level: Level) {
        let level = match (self.global.quiet, self.global.verbose) {
            (true, _) => LevelFilter::WARN,
            (false, 0) => level.into(),
            (false, 1) => LevelFilter::from(level).max(LevelFilter::DEBUG),
            (false, _) => LevelFilter::TRACE,
        };
        let is_colourful = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let log = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_writer(io::stderr)
            .with_ansi(is_colourful)
            .with_target(self.global.verbose > 0);
        // A second call, in tests only, keeps the first log.
        drop(match format {
            LogFormat::Text => log.try_init(),
            LogFormat::Json => log.json().flatten_event(true).try_init(),
        });
    }
}

/// Writes to stdout; a reader that went away is success.
fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(
            Kind::Unavailable,
            format!("cannot write to standard output: {}", error.kind()),
        )),
        _ => Ok(()),
    }
}
