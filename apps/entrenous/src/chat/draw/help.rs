//! All keys and commands, on one page.

use super::super::screen::offered;

/// Keys and commands, and what they do; an empty key begins a part.
pub(super) fn help() -> Vec<(String, &'static str)> {
    let plain = |(keys, what): &(&str, &'static str)| ((*keys).to_owned(), *what);
    let commands = offered("/").into_iter();
    let commands = commands.map(|(name, rest, what)| (format!("/{name} {rest}"), what));
    let mut lines: Vec<_> = KEYS.iter().map(plain).collect();
    lines.push((String::new(), "Commands"));
    lines.extend(commands);
    lines.extend(PLACES.iter().map(plain));
    lines
}

const KEYS: [(&str, &str); 21] = [
    ("", "Everywhere"),
    ("F1, ?", "this help (? where nothing is typed)"),
    ("F2", "who or what waits for you to decide"),
    ("Tab, Shift-Tab", "typing, people, conversation"),
    ("Alt-Up, Alt-Down", "the person above, below"),
    ("PgUp, PgDn", "scroll the conversation"),
    ("Ctrl-End", "the newest"),
    ("Ctrl-F", "look for words; again: further back"),
    ("Ctrl-L", "draw everything again"),
    ("Ctrl-Z", "back to the shell; fg comes here again"),
    ("Esc", "one step back; read a notice"),
    ("Ctrl-C twice", "leave"),
    ("", "Typing"),
    ("Enter", "send"),
    ("Alt-Enter, Ctrl-J", "a new line"),
    ("Up, Down", "line, or what was sent before"),
    ("Ctrl-A, Ctrl-E", "begin and end of the line"),
    ("Ctrl-Left, -Right", "word by word"),
    ("Ctrl-W, -U, -K", "cut word, line before, line behind"),
    ("Ctrl-Y", "put back what was cut"),
    ("/", "a command (Tab completes); // says a /"),
];

const PLACES: [(&str, &str); 20] = [
    ("", "People"),
    ("Up, Down, Enter", "choose, open"),
    ("", "Conversation"),
    ("Up, Down, Home, End", "scroll"),
    ("/", "look for words"),
    ("y", "copy the last message that is seen"),
    ("", "Looking for words"),
    ("Enter, Up", "the one before"),
    ("Down", "the one behind"),
    ("Ctrl-Y", "copy it"),
    ("Esc", "end"),
    ("", "Marks"),
    ("… ✓ ✓✓", "waiting, sent, delivered"),
    (".. + ++", "the same without Unicode"),
    ("?", "behind a name: not verified"),
    ("● ○ ◌", "in a call, connection lost, calling"),
    ("* o ~", "the same without Unicode"),
    ("> =", "chosen, open"),
    ("PQ ratchet", "keys move on, quantum-safe"),
    ("Kamune", "their program acknowledges nothing"),
];
