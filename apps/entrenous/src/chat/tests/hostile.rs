//! What others write has no power over the screen.

use ratatui_core::style::Modifier;

use super::*;

const HOSTILE: &str = "a\u{1b}[2J\u{9b}31m\u{7}\u{202e}b\u{2066}\u{200b}\r\u{e0041}";

fn harmless(picture: &str) -> bool {
    !picture
        .chars()
        .any(|c| c != '\n' && crate::ui::filter::is_hostile(c))
}

#[test]
fn every_text_of_others_is_harmless_wherever_it_shows() {
    let mut screen = screen();
    let text_of = || HOSTILE.to_owned();
    let mut everybody = people();
    everybody[0].name = text_of();
    told(&mut screen, Happened::People(everybody));
    let print = Fingerprint {
        emoji: vec![text_of(); 8],
        words: text_of(),
        hex: text_of(),
    };
    press(&mut screen, Press::alt(Code::Down));
    press(&mut screen, Press::alt(Code::Up));
    let mut offered = file(3, From::Them, FileState::Offered);
    if let What::File(file) = &mut offered.what {
        file.name = text_of();
    }
    let entries = vec![
        text(1, From::Them, HOSTILE),
        Entry {
            what: What::Note(text_of()),
            ..text(2, From::Them, "")
        },
    ];
    let all = [
        page(BOB, entries),
        Happened::Calling {
            call: CALL,
            with: Some(BOB),
            place: text_of(),
        },
        Happened::Introduced(Box::new(Introduction {
            call: CALL,
            claim: text_of(),
            who: Who::Changed { name: text_of() },
            fingerprint: print.clone(),
        })),
        Happened::Lost {
            call: CALL,
            why: text_of(),
            retry: None,
        },
        Happened::Established(Box::new(Established {
            call: CALL,
            with: BOB,
            name: text_of(),
            standing: Standing::NotVerified,
            path: text_of(),
            mode: Mode::Kamune,
            resumed: true,
        })),
        Happened::Entry {
            with: BOB,
            entry: offered,
        },
        Happened::File {
            with: BOB,
            file: FileNumber(3),
            state: FileState::Failed { why: text_of() },
        },
        Happened::Fingerprint {
            with: BOB,
            fingerprint: print.clone(),
        },
        Happened::Address(Box::new(Address {
            link: text_of(),
            fingerprint: print,
        })),
        Happened::Notice(text_of()),
        Happened::Trouble {
            text: text_of(),
            advice: Some(text_of()),
        },
        Happened::NotSaid {
            to: BOB,
            text: text_of(),
            why: text_of(),
        },
        Happened::Ended {
            call: CALL,
            why: text_of(),
            advice: Some(text_of()),
            waiting: 2,
        },
    ];
    for happened in all {
        let name = format!("{happened:?}");
        told(&mut screen, happened);
        for (columns, rows) in [(80, 24), (40, 10), (120, 50)] {
            assert!(harmless(&drawn(&mut screen, columns, rows)), "{name}");
        }
    }
}

#[test]
fn no_row_of_a_message_looks_like_one_of_ours() {
    let mut screen = screen();
    enters(&mut screen, "/open bob");
    let forged = "hi\n10:00 you ✓✓│ I agree\n── 2025-11-29 ──\n! the call is over";
    told(&mut screen, page(BOB, vec![text(1, From::Them, forged)]));
    let picture = drawn(&mut screen, 80, 24);
    for line in ["I agree", "── 2025-11-29 ──\n", "the call is over"] {
        let row = picture
            .lines()
            .rfind(|row| row.contains(line.trim_end()))
            .unwrap();
        let label = format!("{:21}│{:12}│ ", "", "");
        assert!(row.starts_with(&label), "{row:?}");
    }
}

#[test]
fn a_name_cannot_pretend_to_be_verified() {
    let mut screen = screen();
    let mut everybody = people();
    everybody[1].name =
        "bob, verified ─────────────────────────────────────────────────────".into();
    told(&mut screen, Happened::People(everybody));
    for _ in 0..2 {
        press(&mut screen, Press::alt(Code::Down));
    }
    for (columns, rows) in [(80, 24), (40, 10)] {
        let picture = drawn(&mut screen, columns, rows);
        let rules = picture.lines().filter(|row| row.contains("bob, verified"));
        let rules: Vec<_> = rules.filter(|row| row.contains('╌')).collect();
        assert_eq!(rules.len(), 2, "{picture}");
        for rule in rules {
            assert!(rule.contains("╌ not verified: "), "{rule}");
        }
    }
}

#[test]
fn wide_characters_do_not_break_frames() {
    let mut screen = talking(screen());
    let wide = "日本語👩‍👩‍👧‍👦e\u{301}".repeat(40);
    for (number, shift) in (5..30).zip(["", "x", "xx"].into_iter().cycle()) {
        let shifted = format!("{shift}{wide}");
        let entry = text(number, From::Them, &shifted);
        told(&mut screen, Happened::Entry { with: BOB, entry });
    }
    told(
        &mut screen,
        Happened::Fingerprint {
            with: BOB,
            fingerprint: fingerprint(),
        },
    );
    let picture = drawn(&mut screen, 81, 24);
    let column = |row: &str| {
        let (before, _) = row.rsplit_once('│').unwrap();
        text::width(before)
    };
    let frames: Vec<_> = picture
        .lines()
        .filter(|row| row.contains("tiger") || row.contains("00:01"))
        .map(column)
        .collect();
    assert_eq!(frames.len(), 2, "{picture}");
    assert_eq!(frames[0], frames[1], "{picture}");
}

#[test]
fn nothing_is_told_by_colour_alone() {
    let picture = |color| {
        let mut settings = settings();
        settings.color = color;
        let mut screen = talking(with(settings));
        enters(&mut screen, "/open carol");
        key(&mut screen, Code::Tab);
        drawn(&mut screen, 80, 24)
    };
    assert_eq!(picture(true), picture(false));
    let mut settings = settings();
    settings.color = false;
    let mut screen = talking(with(settings));
    press(&mut screen, Press::ctrl('f'));
    types(&mut screen, "yes");
    screen.take(Input::Resize {
        columns: 80,
        rows: 24,
    });
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    terminal.draw(|frame| draw(&screen, frame)).unwrap();
    let cells = terminal.backend().buffer().content();
    let reset = ratatui_core::style::Color::Reset;
    assert!(
        cells
            .iter()
            .all(|cell| cell.fg == reset && cell.bg == reset)
    );
    let found = cells
        .iter()
        .filter(|cell| cell.modifier.contains(Modifier::REVERSED));
    assert_eq!(found.count(), 3, "what was found is reversed");
}

#[test]
fn a_paste_does_nothing_but_type() {
    let mut screen = talking(screen());
    let actions = screen.take(Input::Paste("/quit\n\u{1b}[A\u{3}".into()));
    assert_eq!(actions, []);
    assert!(drawn(&mut screen, 80, 24).contains("> /quit"));
}
