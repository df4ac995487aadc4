//! Who and what waits: for a decision, or for a connection.

use super::*;

#[test]
fn whoever_waits_is_decided_on_before_a_file() {
    let mut screen = talking(screen());
    let offer = |number| Happened::Entry {
        with: BOB,
        entry: file(number, From::Them, FileState::Offered),
    };
    told(&mut screen, offer(4));
    assert!(drawn(&mut screen, 80, 24).contains("A file for you"));
    // It stays under the fingers of whoever looks at it,
    told(&mut screen, introduction(Who::Unknown));
    assert!(drawn(&mut screen, 80, 24).contains("A file for you"));
    key(&mut screen, Code::Esc);
    // and what comes is behind whoever waits.
    told(&mut screen, offer(5));
    key(&mut screen, Code::F(2));
    assert!(drawn(&mut screen, 80, 24).contains("Is it them?"));
    let accept = Action::Accept {
        call: CALL,
        compared: true,
    };
    key(&mut screen, Code::Tab);
    assert_eq!(key(&mut screen, Code::Enter), [accept]);
}

#[test]
fn a_caller_is_shown_at_once_though_a_file_waits() {
    let mut screen = talking(screen());
    let entry = file(4, From::Them, FileState::Offered);
    told(&mut screen, Happened::Entry { with: BOB, entry });
    key(&mut screen, Code::Esc);
    told(&mut screen, introduction(Who::Unknown));
    assert!(drawn(&mut screen, 80, 24).contains("Is it them?"));
}

#[test]
fn seconds_to_another_attempt_are_counted_down() {
    let mut screen = talking(screen());
    let retry = Retry {
        number: 2,
        of: 10,
        after_s: 4,
    };
    let lost = Happened::Lost {
        call: CALL,
        why: "the connection broke".to_owned(),
        retry: Some(retry),
    };
    told(&mut screen, lost);
    for (after_ms, said) in [
        (0, "again in 4 s (2 of 10)"),
        (2_900, "again in 2 s (2 of 10)"),
        (4_000, "calling again (2 of 10)"),
        (60_000, "calling again (2 of 10)"),
    ] {
        screen.take(Input::Tick(NOW + 60_000 + after_ms));
        assert!(screen.changes_by_time());
        let picture = drawn(&mut screen, 80, 24);
        assert!(picture.contains(&format!("LOST: {said}")), "{picture}");
    }
}

#[test]
fn whoever_calls_sees_that_somebody_is_there() {
    let mut screen = screen();
    let place = "tcp://192.0.2.1:7448".to_owned();
    let with = None;
    let calling = Happened::Calling {
        call: CALL,
        with,
        place,
    };
    told(&mut screen, calling);
    assert!(drawn(&mut screen, 80, 24).contains("calling tcp://192.0.2.1:7448"));
    told(&mut screen, Happened::Reached(CALL));
    assert!(drawn(&mut screen, 80, 24).contains("waiting for them to take the call"));
    // Told late, it changes nothing.
    told(&mut screen, introduction(Who::Unknown));
    told(&mut screen, Happened::Reached(CALL));
    assert!(drawn(&mut screen, 80, 24).contains("waiting for a decision"));
}
