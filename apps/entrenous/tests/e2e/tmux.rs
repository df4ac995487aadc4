//! A real terminal, made by tmux.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::needs;

/// A terminal with a shell in it; closed when dropped.
pub(crate) struct Terminal(String);

impl Terminal {
    /// Of 80x24. `None` where there is no tmux, which has then been said.
    pub(crate) fn open(name: &str) -> Option<Self> {
        Self::sized(name, 80, 24)
    }

    /// The same with so many columns and rows.
    pub(crate) fn sized(name: &str, columns: usize, rows: usize) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            needs::skipped(name, "tmux is not installed");
            return None;
        }
        let terminal = Self(format!("entrenous-test-{}-{name}", std::process::id()));
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let size = ["-x", &columns, "-y", &rows];
        let session = ["-f", "/dev/null", "new-session", "-d"];
        let shell = ["env", "PS1=> ", "sh"];
        terminal.tmux(&[&session[..], &size, &shell].concat());
        Some(terminal)
    }

    /// What a command of tmux answers.
    pub(crate) fn tmux(&self, args: &[&str]) -> String {
        let output = Command::new("tmux")
            // In UTF-8, whatever the locale of whoever runs the tests.
            .args(["-u", "-L", &self.0])
            .args(args)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn enter(&self, line: &str) {
        self.tmux(&["send-keys", "-l", line]);
        self.press("Enter");
    }

    pub(crate) fn press(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    pub(crate) fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Waits for a screen with `text`.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait_until(text, |screen| {
            screen.contains(text).then(|| screen.to_owned())
        })
    }

    /// Waits for a screen on which `pick` finds `what`.
    #[track_caller]
    pub(crate) fn wait_until<T>(&self, what: &str, pick: impl Fn(&str) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            if let Some(picked) = pick(&screen) {
                return picked;
            }
            assert!(begun.elapsed() < PATIENCE, "no {what:?} on:\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

/// Much longer than anything here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
