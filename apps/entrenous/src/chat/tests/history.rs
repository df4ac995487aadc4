//! What was said, what is seen of it, and files.

use super::*;

#[test]
fn what_is_seen_is_told_and_what_is_not_is_counted() {
    let mut screen = talking(screen());
    let came = |screen: &mut Screen, with, number| {
        let entry = text(number, From::Them, "x");
        told(screen, Happened::Entry { with, entry })
    };
    let number = EntryNumber(5);
    assert_eq!(
        came(&mut screen, BOB, 5),
        [Action::Seen { with: BOB, number }]
    );
    assert_eq!(came(&mut screen, CAROL, 5), []);
    assert!(drawn(&mut screen, 80, 24).contains("3 new"));
    key(&mut screen, Code::Tab);
    for number in 6..60 {
        came(&mut screen, BOB, number);
    }
    press(&mut screen, Press::plain(Code::PageUp));
    assert_eq!(came(&mut screen, BOB, 60), [], "it is below what is seen");
    let number = EntryNumber(60);
    assert_eq!(
        press(
            &mut screen,
            Press {
                ctrl: true,
                ..Press::plain(Code::End)
            }
        ),
        [Action::Seen { with: BOB, number }]
    );
}

#[test]
fn older_ones_are_asked_for_when_somebody_scrolls() {
    let mut screen = screen();
    assert_eq!(enters(&mut screen, "/open bob"), [Action::Open(BOB)]);
    let entries =
        |numbers: std::ops::Range<u64>| numbers.map(|number| text(number, From::Them, "x"));
    let happened = Page {
        with: BOB,
        place: Place::Latest,
        entries: entries(100..200).collect(),
        is_start: false,
        is_end: true,
    };
    told(&mut screen, Happened::Page(happened.clone()));
    let mut asked = Vec::new();
    for _ in 0..20 {
        asked.extend(key(&mut screen, Code::PageUp));
    }
    let place = Place::Before(EntryNumber(100));
    assert_eq!(asked, [Action::Load { with: BOB, place }]);
    let older = Page {
        place,
        entries: entries(0..100).collect(),
        is_start: true,
        ..happened
    };
    told(&mut screen, Happened::Page(older));
    let mut again = Vec::new();
    for _ in 0..20 {
        again.extend(key(&mut screen, Code::PageUp));
    }
    assert_eq!(again, []);
    assert!(drawn(&mut screen, 80, 24).contains("2025-11-29"));
}

#[test]
fn words_are_looked_for_here_and_then_further_back() {
    let mut screen = screen();
    enters(&mut screen, "/open bob");
    let entries: Vec<_> = (100..140)
        .map(|number| {
            text(
                number,
                From::Them,
                if number % 10 == 0 { "Needle" } else { "hay" },
            )
        })
        .collect();
    let latest = Page {
        with: BOB,
        place: Place::Latest,
        entries,
        is_start: false,
        is_end: true,
    };
    told(&mut screen, Happened::Page(latest));
    press(&mut screen, Press::ctrl('f'));
    types(&mut screen, "needle");
    for place in ["1 of 4", "2 of 4", "3 of 4", "4 of 4"].iter().rev() {
        assert!(
            !key(&mut screen, Code::Enter)
                .iter()
                .any(|action| matches!(action, Action::Search { .. }))
        );
        assert!(drawn(&mut screen, 80, 24).contains(place), "{place}");
    }
    let asked = key(&mut screen, Code::Enter);
    let before = EntryNumber(100);
    let words = "needle".to_owned();
    assert_eq!(
        asked,
        [Action::Search {
            with: BOB,
            words: words.clone(),
            before
        }]
    );
    assert_eq!(key(&mut screen, Code::Enter), [], "it is under way");
    let found = Page {
        with: BOB,
        place: Place::Around(EntryNumber(7)),
        entries: (0..40)
            .map(|number| {
                text(
                    number,
                    From::Them,
                    if number == 7 { "a needle" } else { "hay" },
                )
            })
            .collect(),
        is_start: true,
        is_end: false,
    };
    told(&mut screen, Happened::Page(found));
    assert!(drawn(&mut screen, 80, 24).contains("a needle"));
    key(&mut screen, Code::Enter);
    assert!(drawn(&mut screen, 80, 24).contains("no older"));
    assert_eq!(
        keys(&mut screen, &[Code::Esc, Code::Esc]),
        [Action::Open(BOB)],
        "back to the newest"
    );
    told(&mut screen, Happened::NotFound { with: BOB, words });
}

#[test]
fn a_message_changes_its_mark() {
    let mut screen = talking(screen());
    let number = EntryNumber(4);
    for (state, mark) in [(State::Sent, "✓ │ or"), (State::Delivered, "✓✓│ or")] {
        told(
            &mut screen,
            Happened::State {
                with: BOB,
                number,
                state,
            },
        );
        assert!(drawn(&mut screen, 80, 24).contains(mark), "{mark}");
    }
}

#[test]
fn files_are_offered_accepted_declined_and_cancelled() {
    let number = FileNumber(5);
    let offered = |screen: &mut Screen| {
        let entry = file(5, From::Them, FileState::Offered);
        told(screen, Happened::Entry { with: BOB, entry });
    };
    let mut screen = talking(screen());
    let path = "~/a b.txt".to_owned();
    assert_eq!(
        enters(&mut screen, "/send ~/a b.txt"),
        [Action::OfferFile { to: BOB, path }]
    );
    offered(&mut screen);
    let path = "~/Downloads/holiday.jpg2".to_owned();
    let accepted = keys(&mut screen, &[Code::Char('2'), Code::Tab, Code::Enter]);
    assert_eq!(accepted, [Action::AcceptFile { file: number, path }]);
    let state = FileState::Going { done: 1, per_s: 1 };
    told(
        &mut screen,
        Happened::File {
            with: BOB,
            file: number,
            state,
        },
    );
    assert_eq!(enters(&mut screen, "/cancel"), [Action::CancelFile(number)]);
    told(
        &mut screen,
        Happened::File {
            with: BOB,
            file: number,
            state: FileState::Cancelled,
        },
    );
    assert_eq!(enters(&mut screen, "/cancel"), []);

    let mut screen = talking(super::screen());
    offered(&mut screen);
    key(&mut screen, Code::Esc);
    assert_eq!(
        enters(&mut screen, "/decline"),
        [Action::DeclineFile(number)]
    );

    let mut screen = talking(super::screen());
    offered(&mut screen);
    key(&mut screen, Code::Esc);
    assert_eq!(enters(&mut screen, "/accept"), []);
    assert_eq!(keys(&mut screen, &[Code::Up, Code::Enter]), [], "later");
    let path = "/tmp/x".to_owned();
    assert_eq!(
        enters(&mut screen, "/accept /tmp/x"),
        [Action::AcceptFile { file: number, path }]
    );
}

#[test]
fn what_was_not_kept_is_back() {
    let mut screen = talking(screen());
    enters(&mut screen, "precious");
    types(&mut screen, "next");
    let back = |to, text: &str| Happened::NotSaid {
        to,
        text: text.to_owned(),
        why: "the disk is full".to_owned(),
    };
    told(&mut screen, back(BOB, "precious"));
    assert_eq!(key(&mut screen, Code::Enter), say(BOB, "precious\nnext"));
    told(&mut screen, back(CAROL, "/x"));
    enters(&mut screen, "/open carol");
    assert_eq!(key(&mut screen, Code::Enter), say(CAROL, "/x"));
}
