//! The program on a terminal, where it may ask and where the screen counts.

use crate::lan::Room;
use crate::person::Person;
use crate::tmux::Terminal;

/// Runs `entrenous meet` there.
fn meet(terminal: &Terminal, room: &Room) {
    let program = env!("CARGO_BIN_EXE_entrenous");
    terminal.enter(&format!(
        "clear; {program} {}; echo \"code $?.\"",
        room.args(&[]).join(" ")
    ));
}

#[test]
fn a_person_is_asked_and_the_passphrase_never_shows() {
    let Some(terminal) = Terminal::open("asks") else {
        return;
    };
    let room = Room::new();
    meet(&terminal, &room);
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
        meet(&terminal, &Room::new());
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
