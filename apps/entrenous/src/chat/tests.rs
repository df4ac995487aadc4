//! The screen as a whole: inputs in, actions and drawn cells out.

mod history;
mod hostile;
mod pictures;
mod properties;
mod talking;
#[cfg(unix)]
mod terminal;
mod waiting;

use ratatui_core::backend::TestBackend;
use ratatui_core::terminal::Terminal;

use super::action::{Code, ForTerminal, Input, Press};
use super::*;

const NOW: u64 = 1_764_410_523_000;
const MOST: usize = 1000;
const BOB: PersonKey = PersonKey([1; 32]);
const CAROL: PersonKey = PersonKey([2; 32]);
const DAN: PersonKey = PersonKey([3; 32]);
const CALL: CallNumber = CallNumber(1);

fn settings() -> Settings {
    Settings::new(MOST)
}

/// A screen at a time, with three people.
fn screen() -> Screen {
    with(settings())
}

fn with(settings: Settings) -> Screen {
    let mut screen = Screen::new(settings);
    screen.take(Input::Tick(NOW));
    told(&mut screen, Happened::People(people()));
    screen
}

fn people() -> Vec<Person> {
    let person = |key, name: &str, standing, unread| Person {
        key,
        name: name.to_owned(),
        standing,
        unread,
    };
    vec![
        person(BOB, "bob", Standing::Verified, 0),
        person(CAROL, "carol", Standing::NotVerified, 2),
        person(DAN, "dan", Standing::NotVerified, 0),
    ]
}

fn told(screen: &mut Screen, happened: Happened) -> Vec<Action> {
    screen.take(Input::Happened(happened))
}

fn press(screen: &mut Screen, press: Press) -> Vec<Action> {
    screen.take(Input::Key(press))
}

fn key(screen: &mut Screen, code: Code) -> Vec<Action> {
    press(screen, Press::plain(code))
}

fn keys(screen: &mut Screen, codes: &[Code]) -> Vec<Action> {
    codes.iter().flat_map(|code| key(screen, *code)).collect()
}

/// Types a line, without Enter.
fn types(screen: &mut Screen, text: &str) {
    for c in text.chars() {
        let code = if c == '\n' {
            return_key(screen)
        } else {
            Code::Char(c)
        };
        key(screen, code);
    }
}

fn return_key(screen: &mut Screen) -> Code {
    press(screen, Press::alt(Code::Enter));
    Code::F(12)
}

/// Types a line and Enter.
fn enters(screen: &mut Screen, text: &str) -> Vec<Action> {
    types(screen, text);
    key(screen, Code::Enter)
}

fn text(number: u64, from: From, text: &str) -> Entry {
    Entry {
        number: EntryNumber(number),
        at_ms: (NOW - 3_600_000).saturating_add(number.saturating_mul(60_000)),
        from,
        what: What::Text(text.to_owned()),
    }
}

fn page(with: PersonKey, entries: Vec<Entry>) -> Happened {
    Happened::Page(Page {
        with,
        place: Place::Latest,
        entries,
        is_start: true,
        is_end: true,
    })
}

fn fingerprint() -> Fingerprint {
    let emoji = ["🐙", "🌵", "🚀", "🍋", "🎲", "🐢", "🔑", "🌙"];
    let hex: Vec<_> = (0..44).map(|byte| format!("{byte:02X}")).collect();
    Fingerprint {
        emoji: emoji.map(str::to_owned).to_vec(),
        words: "tiger lemon orbit velvet canyon ladder pigeon window".to_owned(),
        hex: hex.join(":"),
    }
}

fn introduction(who: Who) -> Happened {
    Happened::Introduced(Box::new(Introduction {
        call: CALL,
        claim: "Robert".to_owned(),
        who,
        fingerprint: fingerprint(),
    }))
}

fn established(with: PersonKey, name: &str, standing: Standing, mode: Mode) -> Happened {
    Happened::Established(Box::new(Established {
        call: CALL,
        with,
        name: name.to_owned(),
        standing,
        path: "direct 192.0.2.1:7448".to_owned(),
        mode,
        resumed: false,
    }))
}

fn file(number: u64, from: From, state: FileState) -> Entry {
    Entry {
        what: What::File(File {
            number: FileNumber(number),
            name: "holiday.jpg".to_owned(),
            bytes: 3_500_000,
            state,
        }),
        ..text(number, from, "")
    }
}

/// With bob, to whom something was said, and who is in a call.
fn talking(mut screen: Screen) -> Screen {
    enters(&mut screen, "/open bob");
    let entries = vec![
        text(1, From::Them, "hello, are you there?"),
        text(2, From::Me(State::Delivered), "yes"),
        text(
            3,
            From::Me(State::Sent),
            "see you at six, where we met the last time, at the old bridge by the mill",
        ),
        text(4, From::Me(State::Waiting), "or seven"),
    ];
    told(&mut screen, page(BOB, entries));
    let mode = Mode::Ours {
        is_post_quantum: true,
    };
    told(
        &mut screen,
        established(BOB, "bob", Standing::Verified, mode),
    );
    screen.take(Input::Tick(NOW + 60_000));
    screen
}

/// What is drawn at a size, without the spaces at the ends of rows.
fn drawn(screen: &mut Screen, columns: u16, rows: u16) -> String {
    screen.take(Input::Resize { columns, rows });
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| draw(screen, frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let mut text = String::new();
    for y in 0..rows {
        let mut row = String::new();
        let mut x = 0;
        while x < columns {
            let symbol = buffer[(x, y)].symbol();
            row.push_str(symbol);
            let cells = u16::try_from(text::width(symbol).max(1)).unwrap();
            x = x.saturating_add(cells);
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

fn say(to: PersonKey, text: &str) -> [Action; 1] {
    let text = text.to_owned();
    [Action::Say { to, text }]
}
