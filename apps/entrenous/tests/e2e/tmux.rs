//! A real terminal, made by tmux.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::needs;

/// A terminal of 80x24 with a shell in it; closed when dropped.
pub(crate) struct Terminal(String);

impl Terminal {
    /// `None` where there is no tmux, which has then been said.
    pub(crate) fn open(name: &str) -> Option<Self> {
        Self::sized(name, 80)
    }

    /// The same with so many columns.
    pub(crate) fn sized(name: &str, columns: usize) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            needs::skipped(name, "tmux is not installed");
            return None;
        }
        let terminal = Self(format!("entrenous-test-{}-{name}", std::process::id()));
        let columns = columns.to_string();
        let size = ["-x", &columns, "-y", "24"];
        let session = ["-f", "/dev/null", "new-session", "-d"];
        let shell = ["env", "PS1=> ", "sh"];
        terminal.tmux(&[&session[..], &size, &shell].concat());
        Some(terminal)
    }

    /// What a command of tmux answers.
    pub(crate) fn tmux(&self, args: &[&str]) -> String {
        let output = Command::new("tmux")
            .args(["-L", &self.0])
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

    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) -> String {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            if screen.contains(text) {
                return screen;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "no {text:?} on:\n{screen}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}
