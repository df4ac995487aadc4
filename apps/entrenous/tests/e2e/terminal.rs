//! The program on a terminal, where it may ask and where the screen counts.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::lan::Room;
use crate::needs;
use crate::person::Person;

/// A terminal of 80x24 with a shell in it; closed when dropped.
struct Terminal(String);

impl Terminal {
    /// `None` where there is no tmux, which has then been said.
    fn open(name: &str) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            needs::skipped(name, "tmux is not installed");
            return None;
        }
        let terminal = Self(format!("entrenous-test-{}-{name}", std::process::id()));
        let size = ["-x", "80", "-y", "24"];
        terminal.tmux(
            &[
                &["-f", "/dev/null", "new-session", "-d"],
                &size[..],
                &["env", "PS1=> ", "sh"],
            ]
            .concat(),
        );
        Some(terminal)
    }

    fn tmux(&self, args: &[&str]) -> String {
        let output = Command::new("tmux")
            .args(["-L", &self.0])
            .args(args)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    fn enter(&self, line: &str) {
        self.tmux(&["send-keys", "-l", line]);
        self.tmux(&["send-keys", "Enter"]);
    }

    fn press(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    #[track_caller]
    fn wait_for(&self, text: &str) -> String {
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

    fn meet(&self, room: &Room) {
        let program = env!("CARGO_BIN_EXE_entrenous");
        self.enter(&format!(
            "clear; {program} {}; echo \"code $?.\"",
            room.args(&[]).join(" ")
        ));
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

#[test]
fn a_person_is_asked_and_the_passphrase_never_shows() {
    let Some(terminal) = Terminal::open("asks") else {
        return;
    };
    let room = Room::new();
    terminal.meet(&room);
    terminal.wait_for("Passphrase:");
    terminal.enter("tulip anchor");
    terminal.wait_for("Message:");
    terminal.enter("from the terminal");
    terminal.wait_for("0 others in the room, 0 met; ");
    let other = ["--passphrase", "tulip anchor", "--message", "well\nmet"];
    let other = Person::run(&room.args(&other), "");
    assert_eq!(other.line(), "from the terminal");
    let screen = terminal.wait_for("    | met");
    assert!(screen.contains("  1 | well\n    | met\n"), "{screen}");
    terminal.wait_for("1 other in the room, 1 met; ");
    terminal.press("C-c");
    let screen = terminal.wait_for("code 0.");
    assert!(
        screen.contains("entrenous: stopped: met one person\n"),
        "{screen}"
    );
    assert!(
        !screen.contains("left, Ctrl-C"),
        "the waiting line is gone: {screen}"
    );
    assert!(!screen.contains("tulip"), "{screen}");
}

#[test]
fn ctrl_c_at_a_prompt_leaves_a_terminal_that_echoes() {
    let Some(terminal) = Terminal::open("prompt") else {
        return;
    };
    for (prompt, answers) in [("Passphrase:", &[][..]), ("Message:", &["p"])] {
        terminal.meet(&Room::new());
        terminal.wait_for("Passphrase:");
        for answer in answers {
            terminal.enter(answer);
        }
        terminal.wait_for(prompt);
        terminal.press("C-c");
        terminal.wait_for("code 130.");
        terminal.enter("true that you see this");
        terminal.wait_for("true that you see this");
    }
}
