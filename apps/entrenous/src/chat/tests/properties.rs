//! Whatever comes, in whatever order: no panic, nothing drawn outside, nothing without a bound.

use proptest::prelude::*;
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

use super::*;

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z ]{0,30}",
        any::<String>(),
        "[日本👩\u{200d}🚀e\u{301}\u{202e}\u{1b}\n\t ﾞ]{0,40}",
        Just("x y ".repeat(3000)),
        Just("/call bob".to_owned()),
        Just("/verify".to_owned()),
        Just("/accept".to_owned()),
    ]
}

fn any_key() -> impl Strategy<Value = PersonKey> {
    (0..4_u8).prop_map(|key| PersonKey([key; 32]))
}

fn any_call() -> impl Strategy<Value = CallNumber> {
    (0..3_u64).prop_map(CallNumber)
}

fn any_state() -> impl Strategy<Value = State> {
    prop_oneof![
        Just(State::Waiting),
        Just(State::Sent),
        Just(State::Delivered)
    ]
}

fn any_standing() -> impl Strategy<Value = Standing> {
    prop_oneof![Just(Standing::Verified), Just(Standing::NotVerified)]
}

fn any_file_state() -> impl Strategy<Value = FileState> {
    prop_oneof![
        Just(FileState::Offered),
        (any::<u64>(), any::<u64>()).prop_map(|(done, per_s)| FileState::Going { done, per_s }),
        any_text().prop_map(|at| FileState::Done { at: Some(at) }),
        any_text().prop_map(|why| FileState::Failed { why }),
        Just(FileState::Declined),
        Just(FileState::Cancelled),
    ]
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let from = prop_oneof![Just(From::Them), any_state().prop_map(From::Me)];
    let file = (0..3_u64, any_text(), any::<u64>(), any_file_state());
    let what = prop_oneof![
        any_text().prop_map(What::Text),
        any_text().prop_map(What::Note),
        file.prop_map(|(number, name, bytes, state)| What::File(File {
            number: FileNumber(number),
            name,
            bytes,
            state,
        })),
    ];
    (0..60_u64, any::<u64>(), from, what).prop_map(|(number, at_ms, from, what)| Entry {
        number: EntryNumber(number),
        at_ms,
        from,
        what,
    })
}

fn any_print() -> impl Strategy<Value = Fingerprint> {
    (
        prop::collection::vec(any_text(), 0..10),
        any_text(),
        any_text(),
    )
        .prop_map(|(emoji, words, hex)| Fingerprint { emoji, words, hex })
}

fn any_page() -> impl Strategy<Value = Page> {
    let number = (0..60_u64).prop_map(EntryNumber);
    let place = (0..4, number).prop_map(|(kind, number)| match kind {
        0 => Place::Latest,
        1 => Place::Before(number),
        2 => Place::After(number),
        _ => Place::Around(number),
    });
    let entries = prop::collection::vec(any_entry(), 0..40);
    (any_key(), place, entries, any::<bool>(), any::<bool>()).prop_map(
        |(with, place, mut entries, is_start, is_end)| {
            entries.sort_by_key(|entry| entry.number);
            Page {
                with,
                place,
                entries,
                is_start,
                is_end,
            }
        },
    )
}

fn any_people() -> impl Strategy<Value = Happened> {
    let person = (any_key(), any_text(), any_standing(), any::<u32>());
    let person = person.prop_map(|(key, name, standing, unread)| Person {
        key,
        name,
        standing,
        unread,
    });
    prop::collection::vec(person, 0..30).prop_map(Happened::People)
}

fn any_happened() -> impl Strategy<Value = Happened> {
    let who = prop_oneof![
        any_text().prop_map(|name| Who::Known { name }),
        Just(Who::Unknown),
        any_text().prop_map(|name| Who::Changed { name }),
    ];
    let introduced =
        (any_call(), any_text(), who, any_print()).prop_map(|(call, claim, who, fingerprint)| {
            Happened::Introduced(Box::new(Introduction {
                call,
                claim,
                who,
                fingerprint,
            }))
        });
    let established = (
        any_call(),
        any_key(),
        any_text(),
        any_standing(),
        any_text(),
        any::<bool>(),
    )
        .prop_map(|(call, with, name, standing, path, resumed)| {
            Happened::Established(Box::new(Established {
                call,
                with,
                name,
                standing,
                path,
                mode: if resumed {
                    Mode::Kamune
                } else {
                    Mode::Ours {
                        is_post_quantum: true,
                    }
                },
                resumed,
            }))
        });
    let retry = any::<Option<(u32, u32, u64)>>().prop_map(|retry| {
        retry.map(|(number, of, after_s)| Retry {
            number,
            of,
            after_s,
        })
    });
    let number = (0..60_u64).prop_map(EntryNumber);
    prop_oneof![
        any_people(),
        any_page().prop_map(Happened::Page),
        any_page().prop_map(Happened::Page),
        (any_key(), any_text()).prop_map(|(with, words)| Happened::NotFound { with, words }),
        (any_call(), any::<bool>(), any_key(), any_text()).prop_map(
            |(call, is_known, key, place)| {
                let with = is_known.then_some(key);
                Happened::Calling { call, with, place }
            }
        ),
        any_call().prop_map(Happened::Reached),
        introduced,
        established,
        (any_key(), any_entry()).prop_map(|(with, entry)| Happened::Entry { with, entry }),
        (any_key(), number, any_state()).prop_map(|(with, number, state)| Happened::State {
            with,
            number,
            state
        }),
        (any_key(), 0..3_u64, any_file_state()).prop_map(|(with, file, state)| Happened::File {
            with,
            file: FileNumber(file),
            state,
        }),
        (any_key(), any_text(), any_text()).prop_map(|(to, text, why)| Happened::NotSaid {
            to,
            text,
            why
        }),
        (any_call(), any_text(), retry).prop_map(|(call, why, retry)| Happened::Lost {
            call,
            why,
            retry
        }),
        (any_call(), any::<bool>())
            .prop_map(|(call, same_session)| Happened::Back { call, same_session }),
        (
            any_call(),
            any_text(),
            any::<Option<String>>(),
            any::<usize>()
        )
            .prop_map(|(call, why, advice, waiting)| Happened::Ended {
                call,
                why,
                advice,
                waiting
            }),
        (any_text(), any_print()).prop_map(|(link, fingerprint)| {
            Happened::Address(Box::new(Address { link, fingerprint }))
        }),
        (any_key(), any_print())
            .prop_map(|(with, fingerprint)| Happened::Fingerprint { with, fingerprint }),
        any_text().prop_map(Happened::Notice),
        any_text().prop_map(|text| Happened::Trouble { text, advice: None }),
    ]
}

fn any_press() -> impl Strategy<Value = Press> {
    let code = prop_oneof![
        any::<char>().prop_map(Code::Char),
        prop::sample::select("abcdefhijkluwyGgnz/?".chars().collect::<Vec<_>>())
            .prop_map(Code::Char),
        prop::sample::select(vec![
            Code::Enter,
            Code::Esc,
            Code::Tab,
            Code::BackTab,
            Code::Back,
            Code::Delete,
            Code::Left,
            Code::Right,
            Code::Up,
            Code::Down,
            Code::Home,
            Code::End,
            Code::PageUp,
            Code::PageDown,
            Code::F(1),
            Code::F(2),
        ]),
    ];
    (code, any::<bool>(), any::<bool>()).prop_map(|(code, ctrl, alt)| Press { code, ctrl, alt })
}

fn any_input() -> impl Strategy<Value = Input> {
    prop_oneof![
        4 => any_press().prop_map(Input::Key),
        4 => any_press().prop_map(|press| Input::Key(Press::plain(press.code))),
        1 => any_text().prop_map(Input::Paste),
        1 => (0..130_u16, 0..60_u16).prop_map(|(columns, rows)| Input::Resize { columns, rows }),
        1 => any::<u64>().prop_map(Input::Tick),
        5 => any_happened().prop_map(Input::Happened),
    ]
}

/// Draws on a part of a larger paper, all of whose other cells are marked.
fn draw_within(screen: &Screen) {
    let (columns, rows) = (screen.columns, screen.rows);
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| draw(screen, frame)).unwrap();
    let buffer: &Buffer = terminal.backend().buffer();
    assert_eq!(buffer.area, Rect::new(0, 0, columns, rows));
    for (at, cell) in buffer.content().iter().enumerate() {
        let symbol = cell.symbol();
        let x = at.checked_rem(columns.into()).unwrap();
        assert!(
            x.saturating_add(text::width(symbol)) <= usize::from(columns),
            "{symbol:?} at {x}"
        );
        assert!(
            !symbol.chars().any(crate::ui::filter::is_hostile),
            "{symbol:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_breaks_the_screen(
        inputs in prop::collection::vec(any_input(), 1..60),
        ascii in any::<bool>(),
        color in any::<bool>(),
    ) {
        let mut settings = settings();
        (settings.ascii, settings.color, settings.notify) = (ascii, color, Notify::Bell);
        let mut screen = with(settings);
        enters(&mut screen, "/open bob");
        for input in inputs {
            let actions = screen.take(input);
            prop_assert!(actions.len() <= 8, "{actions:?}");
            draw_within(&screen);
        }
    }

    #[test]
    fn a_screen_of_another_size_than_it_was_told_is_drawn_on_in_part(
        columns in 0..100_u16,
        rows in 0..40_u16,
        inputs in prop::collection::vec(any_input(), 0..20),
    ) {
        let mut screen = talking(screen());
        for input in inputs {
            screen.take(input);
        }
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| draw(&screen, frame)).unwrap();
    }
}
