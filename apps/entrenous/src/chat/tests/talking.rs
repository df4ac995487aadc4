//! What keys and events lead to.

use super::*;

#[test]
fn what_is_typed_is_said_to_whoever_is_open() {
    let mut screen = talking(screen());
    assert_eq!(enters(&mut screen, "one\ntwo"), say(BOB, "one\ntwo"));
    assert_eq!(enters(&mut screen, "//etc"), say(BOB, "/etc"));
    assert_eq!(enters(&mut screen, "  "), []);
    assert_eq!(enters(&mut screen, ""), []);
}

#[test]
fn nothing_that_is_typed_to_one_goes_to_another() {
    let mut screen = talking(screen());
    types(&mut screen, "for bob");
    let opened = press(&mut screen, Press::alt(Code::Down));
    assert_eq!(opened, [Action::Open(CAROL)]);
    assert_eq!(key(&mut screen, Code::Enter), []);
    assert_eq!(enters(&mut screen, "for carol"), say(CAROL, "for carol"));
    press(&mut screen, Press::alt(Code::Up));
    assert_eq!(key(&mut screen, Code::Enter), say(BOB, "for bob"));
    key(&mut screen, Code::Up);
    assert_eq!(
        key(&mut screen, Code::Enter),
        say(BOB, "for bob"),
        "what was said to bob"
    );
}

#[test]
fn commands_call_and_hang_up() {
    let mut screen = screen();
    let link = "tcp://192.0.2.1:7448".to_owned();
    assert_eq!(
        enters(&mut screen, "/call tcp://192.0.2.1:7448"),
        [Action::Call(Callee::Link(link.clone()))]
    );
    told(
        &mut screen,
        Happened::Calling {
            call: CALL,
            with: None,
            place: link,
        },
    );
    assert!(drawn(&mut screen, 80, 24).contains("calling tcp://192.0.2.1:7448"));
    assert_eq!(enters(&mut screen, "/hangup"), [Action::HangUp(CALL)]);
    let why = "you hung up".to_owned();
    told(
        &mut screen,
        Happened::Ended {
            call: CALL,
            why,
            advice: None,
            waiting: 0,
        },
    );
    let called = enters(&mut screen, "/call CAR");
    assert_eq!(
        called,
        [Action::Open(CAROL), Action::Call(Callee::Person(CAROL))]
    );
    assert_eq!(enters(&mut screen, "/call nobody"), []);
    assert_eq!(
        key(&mut screen, Code::Enter),
        [],
        "it stays where it is typed"
    );
}

#[test]
fn a_command_is_completed_and_never_said() {
    let mut screen = talking(screen());
    types(&mut screen, "/hang");
    assert_eq!(
        keys(&mut screen, &[Code::Tab, Code::Enter]),
        [Action::HangUp(CALL)]
    );
    types(&mut screen, "/open ca");
    assert_eq!(
        keys(&mut screen, &[Code::Tab, Code::Enter]),
        [Action::Open(CAROL)]
    );
    assert_eq!(enters(&mut screen, "/home/me/x"), []);
    assert_eq!(key(&mut screen, Code::Enter), []);
}

#[test]
fn somebody_unknown_is_taken_or_refused_only_by_a_choice() {
    for (presses, expected) in [
        (&[Code::Enter][..], None),
        (&[Code::Char('s'), Code::Char('y'), Code::Enter], None),
        (
            &[Code::Right, Code::Enter],
            Some(Action::Accept {
                call: CALL,
                compared: true,
            }),
        ),
        (
            &[Code::Right, Code::Tab, Code::Enter],
            Some(Action::Refuse { call: CALL }),
        ),
        (
            &[
                Code::Right,
                Code::Right,
                Code::Right,
                Code::Right,
                Code::Enter,
            ],
            Some(Action::Accept {
                call: CALL,
                compared: false,
            }),
        ),
        (
            &[Code::Esc, Code::F(2), Code::Right, Code::Enter],
            Some(Action::Accept {
                call: CALL,
                compared: true,
            }),
        ),
    ] {
        let mut screen = screen();
        told(&mut screen, introduction(Who::Unknown));
        let actions = keys(&mut screen, presses);
        assert_eq!(actions, Vec::from_iter(expected), "{presses:?}");
    }
}

#[test]
fn another_key_is_not_taken_without_comparing() {
    let mut screen = screen();
    let name = "bob".to_owned();
    told(&mut screen, introduction(Who::Changed { name }));
    let right = [Code::Right; 9];
    keys(&mut screen, &right);
    assert_eq!(
        key(&mut screen, Code::Enter),
        [Action::Refuse { call: CALL }]
    );
}

#[test]
fn a_question_does_not_take_the_keys_of_somebody_who_types() {
    let mut screen = talking(screen());
    types(&mut screen, "hel");
    told(&mut screen, introduction(Who::Unknown));
    assert_eq!(enters(&mut screen, "lo"), say(BOB, "hello"));
    assert!(drawn(&mut screen, 80, 24).contains("[F2: 1 to decide]"));
}

#[test]
fn a_question_goes_when_its_call_is_over() {
    let mut screen = screen();
    told(&mut screen, introduction(Who::Unknown));
    let why = "they hung up".to_owned();
    told(
        &mut screen,
        Happened::Ended {
            call: CALL,
            why,
            advice: None,
            waiting: 0,
        },
    );
    assert!(!drawn(&mut screen, 80, 24).contains("Is it them?"));
    assert_eq!(
        keys(&mut screen, &[Code::F(2), Code::Right, Code::Enter]),
        []
    );
}

#[test]
fn no_more_people_wait_than_the_bound() {
    let mut screen = screen();
    let introduce = |screen: &mut Screen, number| {
        told(
            screen,
            Happened::Introduced(Box::new(Introduction {
                call: CallNumber(number),
                claim: String::new(),
                who: Who::Unknown,
                fingerprint: fingerprint(),
            })),
        )
    };
    for number in 0..16 {
        assert_eq!(introduce(&mut screen, number), []);
    }
    let call = CallNumber(16);
    assert_eq!(introduce(&mut screen, 16), [Action::Refuse { call }]);
}

#[test]
fn comparing_says_what_was_seen() {
    for (presses, expected) in [
        (&[Code::Enter][..], vec![]),
        (
            &[Code::Right, Code::Enter],
            vec![Action::Compared {
                with: BOB,
                same: true,
            }],
        ),
        (
            &[Code::Right, Code::Right, Code::Enter],
            vec![
                Action::Compared {
                    with: BOB,
                    same: false,
                },
                Action::HangUp(CALL),
            ],
        ),
    ] {
        let mut screen = talking(screen());
        assert_eq!(enters(&mut screen, "/verify"), [Action::Verify(BOB)]);
        told(
            &mut screen,
            Happened::Fingerprint {
                with: BOB,
                fingerprint: fingerprint(),
            },
        );
        assert_eq!(keys(&mut screen, presses), expected);
        assert_eq!(
            keys(&mut screen, &[Code::F(2), Code::Enter]),
            [],
            "asked once"
        );
    }
}

#[test]
fn it_rings_only_if_wanted_and_not_all_the_time() {
    let rings = |notify| {
        let mut settings = settings();
        settings.notify = notify;
        let mut screen = with(settings);
        let mut rung = Vec::new();
        for number in 0..10 {
            let entry = text(number, From::Them, "secret");
            rung.extend(told(&mut screen, Happened::Entry { with: BOB, entry }));
            screen.take(Input::Tick(NOW + number * 500));
        }
        rung
    };
    assert_eq!(rings(Notify::No), []);
    let bell = Action::Terminal(ForTerminal::Bell);
    assert_eq!(rings(Notify::Bell), [bell.clone(), bell]);
    let desktop = rings(Notify::Desktop);
    assert_eq!(desktop.len(), 2);
    assert!(!format!("{desktop:?}").contains("secret"));
}

#[test]
fn ctrl_c_leaves_when_it_is_pressed_twice_in_a_row() {
    let mut screen = talking(screen());
    let ctrl_c = Press::ctrl('c');
    assert_eq!(press(&mut screen, ctrl_c), []);
    key(&mut screen, Code::Char('x'));
    assert_eq!(press(&mut screen, ctrl_c), []);
    screen.take(Input::Tick(NOW + 600_000));
    assert_eq!(press(&mut screen, ctrl_c), []);
    assert_eq!(press(&mut screen, ctrl_c), [Action::Quit]);
    key(&mut screen, Code::Back);
    assert_eq!(enters(&mut screen, "/quit"), [Action::Quit]);
    assert_eq!(
        press(&mut screen, Press::ctrl('z')),
        [Action::Terminal(ForTerminal::Suspend)]
    );
}

#[test]
fn a_notice_goes_and_trouble_stays_until_it_is_read() {
    let mut screen = screen();
    told(&mut screen, Happened::Notice("for a while".into()));
    let advice = Some("do this".to_owned());
    told(
        &mut screen,
        Happened::Trouble {
            text: "it broke".into(),
            advice,
        },
    );
    assert!(drawn(&mut screen, 80, 24).contains("it broke. Do this [Esc, 1 more]"));
    screen.take(Input::Tick(NOW + 600_000));
    assert!(drawn(&mut screen, 80, 24).contains("it broke. Do this [Esc]"));
    key(&mut screen, Code::Esc);
    assert!(!drawn(&mut screen, 80, 24).contains("it broke"));
}

#[test]
fn who_is_called_is_opened_once_they_are_there() {
    let mut screen = screen();
    let place = "tcp://x:1".to_owned();
    told(
        &mut screen,
        Happened::Calling {
            call: CALL,
            with: None,
            place,
        },
    );
    let new = PersonKey([9; 32]);
    let opened = told(
        &mut screen,
        established(new, "erin", Standing::NotVerified, Mode::Kamune),
    );
    assert_eq!(opened, [Action::Open(new)]);
    let picture = drawn(&mut screen, 80, 24);
    assert!(
        picture.contains("not verified: erin") && picture.contains("Kamune"),
        "{picture}"
    );
    told(
        &mut screen,
        Happened::Back {
            call: CALL,
            same_session: false,
        },
    );
    assert!(drawn(&mut screen, 80, 24).contains("again, in a new session"));
}

#[test]
fn the_help_has_every_command() {
    let mut screen = screen();
    key(&mut screen, Code::F(1));
    let picture = drawn(&mut screen, 80, 100);
    for (name, _, what) in screen::offered("/") {
        let is_it = |row: &str| row.contains(&format!("/{name} ")) && row.contains(what);
        assert!(picture.lines().any(is_it), "/{name} in {picture}");
    }
}
