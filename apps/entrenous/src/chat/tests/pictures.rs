//! Every state of the screen, at 80x24 and 40x10, as text in `pictures/`. After a change that is meant,
//! `ENTRENOUS_TEST_PICTURES=overwrite` writes them again; read what changed.

use super::*;

#[track_caller]
fn same(name: &str, screen: &mut Screen) {
    for (columns, rows) in [(80, 24), (40, 10)] {
        let file = format!("{name}-{columns}x{rows}.txt");
        let drawn = drawn(screen, columns, rows);
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/chat/tests/pictures/");
        let path = format!("{path}{file}");
        if std::env::var_os("ENTRENOUS_TEST_PICTURES").is_some() {
            std::fs::write(&path, &drawn).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == drawn, "{file} was:\n{kept}\nand is:\n{drawn}");
    }
}

#[test]
fn nobody_is_open() {
    same("empty", &mut Screen::new(settings()));
    same("people", &mut screen());
}

#[test]
fn a_conversation() {
    let mut screen = talking(screen());
    same("talking", &mut screen);
    types(&mut screen, "first line\nsecond line");
    same("typing", &mut screen);
}

#[test]
fn without_unicode_and_colour() {
    let mut settings = settings();
    settings.ascii = true;
    settings.color = false;
    let mut screen = talking(with(settings));
    told(
        &mut screen,
        Happened::Entry {
            with: BOB,
            entry: going(),
        },
    );
    same("ascii", &mut screen);
    assert!(drawn(&mut screen, 80, 24).is_ascii());
    key(&mut screen, Code::F(1));
    assert!(drawn(&mut screen, 80, 60).is_ascii());
    key(&mut screen, Code::Esc);
    told(
        &mut screen,
        Happened::Fingerprint {
            with: BOB,
            fingerprint: fingerprint(),
        },
    );
    assert!(drawn(&mut screen, 80, 24).is_ascii());
}

fn going() -> Entry {
    let going = FileState::Going {
        done: 1_600_000,
        per_s: 420_000,
    };
    file(5, From::Me(State::Sent), going)
}

#[test]
fn somebody_who_is_not_verified() {
    let mut screen = screen();
    enters(&mut screen, "/open carol");
    told(&mut screen, page(CAROL, vec![text(1, From::Them, "hi")]));
    same("not-verified", &mut screen);
}

#[test]
fn files() {
    let mut screen = talking(screen());
    for (number, state) in [
        (
            5,
            FileState::Done {
                at: Some("/home/me/Downloads/holiday.jpg".into()),
            },
        ),
        (
            6,
            FileState::Failed {
                why: "the call is over".into(),
            },
        ),
        (7, FileState::Declined),
    ] {
        let entry = file(number, From::Them, state);
        told(&mut screen, Happened::Entry { with: BOB, entry });
    }
    let entry = Entry {
        number: EntryNumber(8),
        ..going()
    };
    told(&mut screen, Happened::Entry { with: BOB, entry });
    same("files", &mut screen);
    let entry = file(9, From::Them, FileState::Offered);
    told(&mut screen, Happened::Entry { with: BOB, entry });
    same("file-offered", &mut screen);
}

#[test]
fn decisions() {
    let mut unknown = screen();
    told(&mut unknown, introduction(Who::Unknown));
    same("unknown", &mut unknown);
    let mut changed = screen();
    let name = "bob".to_owned();
    told(&mut changed, introduction(Who::Changed { name }));
    same("another-key", &mut changed);
    key(&mut changed, Code::Esc);
    same("another-key-later", &mut changed);
    let mut compare = talking(screen());
    told(
        &mut compare,
        Happened::Fingerprint {
            with: BOB,
            fingerprint: fingerprint(),
        },
    );
    same("compare", &mut compare);
}

#[test]
fn my_address() {
    let mut screen = screen();
    let link = "tcp://192.0.2.1:7448?fp=_RENMB0vB33hQUuPmfRBsUA_qyB7IFL70sBl5O6OfcI".to_owned();
    let fingerprint = fingerprint();
    told(
        &mut screen,
        Happened::Address(Box::new(Address { link, fingerprint })),
    );
    same("address", &mut screen);
    assert!(
        drawn(&mut screen, 80, 40).contains('▀'),
        "with room, there is a QR code"
    );
    let copied = key(&mut screen, Code::Char('y'));
    assert!(
        matches!(&copied[..], [Action::Terminal(ForTerminal::Copy(link))] if link.starts_with("tcp://"))
    );
}

#[test]
fn help_and_commands() {
    let mut screen = talking(screen());
    key(&mut screen, Code::Char('?'));
    same("help", &mut screen);
    keys(
        &mut screen,
        &[Code::PageDown, Code::PageDown, Code::PageDown],
    );
    same("help-below", &mut screen);
    key(&mut screen, Code::Esc);
    types(&mut screen, "/");
    same("commands", &mut screen);
    types(&mut screen, "ca");
    same("commands-begun", &mut screen);
}

#[test]
fn looking_for_words() {
    let mut screen = talking(screen());
    press(&mut screen, Press::ctrl('f'));
    types(&mut screen, "YOU");
    key(&mut screen, Code::Enter);
    same("find", &mut screen);
}

#[test]
fn a_connection_that_is_lost() {
    let mut screen = talking(screen());
    let retry = Some(Retry {
        number: 2,
        of: 10,
        after_s: 4,
    });
    let why = "nothing comes any more".to_owned();
    told(
        &mut screen,
        Happened::Lost {
            call: CALL,
            why,
            retry,
        },
    );
    same("lost", &mut screen);
    let (why, advice) = (
        "no other came about".to_owned(),
        Some("Call again: /call".to_owned()),
    );
    told(
        &mut screen,
        Happened::Ended {
            call: CALL,
            why,
            advice,
            waiting: 1,
        },
    );
    same("ended", &mut screen);
}

#[test]
fn people_on_a_narrow_screen() {
    let mut screen = talking(screen());
    key(&mut screen, Code::Tab);
    same("people-chosen", &mut screen);
}

#[test]
fn a_message_that_is_too_long() {
    let mut screen = talking(screen());
    screen.take(Input::Paste("x".repeat(MOST + 1)));
    same("too-long", &mut screen);
    assert_eq!(key(&mut screen, Code::Enter), []);
    key(&mut screen, Code::Back);
    assert!(
        matches!(&key(&mut screen, Code::Enter)[..], [Action::Say { text, .. }] if text.len() == MOST)
    );
}

#[test]
fn a_screen_that_is_too_small_says_so() {
    let mut screen = talking(screen());
    assert_eq!(
        drawn(&mut screen, 20, 4),
        "too small\n40x10 is needed,\nthis is 20x4\n\n"
    );
    assert!(drawn(&mut screen, 39, 10).starts_with("too small"));
    assert!(drawn(&mut screen, 40, 9).starts_with("too small"));
    drawn(&mut screen, 0, 0);
}
