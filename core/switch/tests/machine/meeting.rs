//! Places: created, joined, refused, ended.

use std::time::Duration;

use switch::client::{End, Event, SendError};
use switch::server::{Cause, Framing, Id, Input};
use switch::{Token, Wish};

use crate::world::{World, config, own, password};

#[test]
fn two_meet_under_a_random_token_and_talk() {
    for framings in [
        [Framing::Message, Framing::Message],
        [Framing::Length, Framing::Length],
        [Framing::Message, Framing::Length],
        [Framing::Length, Framing::Message],
    ] {
        let mut world = World::new();
        let [creator, joiner] = world.pair(framings);
        for length in [1, 1000, 32_744] {
            for id in [creator, joiner] {
                world.say(id, &vec![9; length]).unwrap();
            }
        }
        world.settle();
        for id in [creator, joiner] {
            let frames = world.side(id).frames();
            let lengths: Vec<_> = frames.iter().rev().take(3).map(|f| f.len()).collect();
            assert_eq!(lengths, [32_744, 1000, 1]);
        }
        let (load, stats) = (world.switch.load(), world.switch.stats());
        assert_eq!((load.opening, load.waiting, load.paired), (0, 0, 2));
        assert_eq!((stats.messages, stats.bytes), (7, 5 + 2 * 33_745));
    }
}

#[test]
fn what_is_told_of_a_place_is_what_the_relay_has() {
    let mut world = World::new();
    let [creator, joiner] = world.pair([Framing::Message; 2]);
    let hour = Some(Duration::from_secs(3600));
    let token = world.side(creator).token().unwrap();
    assert_eq!(token.as_bytes().len(), 16);
    let place = |waits| Event::Registered {
        token: token.clone(),
        waits,
        lasts: hour,
    };
    assert_eq!(
        world.sides[&creator].events[0],
        place(Some(Duration::from_secs(600)))
    );
    assert_eq!(world.sides[&joiner].events[0], place(None));
}

#[test]
fn two_meet_under_a_token_of_their_own() {
    let mut world = World::new();
    let creator = world.client(Wish::Create(Some(own(1))), None);
    assert_eq!(world.side(creator).token(), Some(own(1)));
    let joiner = world.client(Wish::Join(own(1)), None);
    assert_eq!(world.side(joiner).token(), Some(own(1)));
}

#[test]
fn a_token_is_taken_as_long_as_its_pair_lasts() {
    let mut world = World::new();
    let creator = world.client(Wish::Create(Some(own(1))), None);
    let second = world.client(Wish::Create(Some(own(1))), None);
    assert_eq!(world.end_of(second), Some(End::Refused));
    world.client(Wish::Join(own(1)), None);
    for wish in [Wish::Join(own(1)), Wish::Create(Some(own(1)))] {
        let late = world.client(wish, None);
        assert_eq!(world.end_of(late), Some(End::Refused));
        assert_eq!(world.ends[&late], Cause::Refused);
    }
    world.side(creator).client.close();
    world.side(creator).drain();
    world.settle();
    let again = world.client(Wish::Create(Some(own(1))), None);
    assert_eq!(world.end_of(again), None);
}

#[test]
fn unknown_tokens_are_refused_in_silence() {
    let mut world = World::new();
    world.client(Wish::Create(None), None);
    for token in [own(1), Token::from_bytes(&[1; 16]).unwrap()] {
        let lost = world.client(Wish::Join(token), None);
        assert_eq!(world.end_of(lost), Some(End::Refused));
    }
    assert_eq!(world.switch.stats().ended(Cause::Refused), 2);
    assert_eq!(world.switch.load().waiting, 1);
}

#[test]
fn a_regular_token_of_ones_own_is_not_even_sent() {
    let mut world = World::new();
    // exactly 3 bits a byte, and a short one
    let regular: [u8; 32] = std::array::from_fn(|n| u8::try_from(n % 8).unwrap());
    for token in [&regular[..], &[1; 16]] {
        let token = Token::from_bytes(token).unwrap();
        let id = world.client(Wish::Create(Some(token)), None);
        assert_eq!(world.end_of(id), Some(End::Token));
        assert_eq!(world.side(id).client.stats().sent, 0);
    }
}

#[test]
fn a_token_expires() {
    let mut world = World::new();
    let creator = world.client(Wish::Create(Some(own(1))), None);
    world.wait(Duration::from_millis(599_999));
    assert_eq!(world.end_of(creator), None);
    world.wait(Duration::from_millis(1));
    assert_eq!(world.end_of(creator), Some(End::Lost));
    assert_eq!(world.ends[&creator], Cause::Expired);
    let joiner = world.client(Wish::Join(own(1)), None);
    assert_eq!(world.end_of(joiner), Some(End::Refused));
}

#[test]
fn a_token_that_is_due_is_not_joined_by_whoever_comes_first() {
    let mut world = World::new();
    world.client(Wish::Create(Some(own(1))), None);
    let joiner = world.client(Wish::Create(None), None);
    world.now = world.now.after(Duration::from_secs(600));
    let late = world.client(Wish::Join(own(1)), None);
    assert_eq!(world.ends[&late], Cause::Refused);
    assert_eq!(world.ends[&joiner], Cause::Expired);
}

#[test]
fn a_pair_expires_on_both_sides() {
    let mut world = World::new();
    let pair = world.pair([Framing::Message; 2]);
    for _ in 0..359 {
        world.wait(Duration::from_secs(10));
    }
    assert!(pair.iter().all(|id| world.end_of(*id).is_none()));
    world.wait(Duration::from_secs(10));
    for id in pair {
        assert_eq!(world.end_of(id), Some(End::Lost));
        assert_eq!(world.ends[&id], Cause::Expired);
    }
    assert_eq!(world.switch.load(), Default::default());
    assert_eq!(world.until, None);
}

#[test]
fn a_pair_lasts_if_the_relay_says_so() {
    let mut endless = config();
    endless.session_lasts = None;
    let mut world = World::with(endless);
    let [creator, _] = world.pair([Framing::Message; 2]);
    let lasts = |event: &Event| matches!(event, Event::Registered { lasts: None, .. });
    assert!(world.side(creator).events.iter().any(lasts));
    assert_eq!(world.until, None);
}

#[test]
fn when_one_leaves_the_other_is_closed_behind_its_last_words() {
    for leaves in [0, 1] {
        let mut world = World::new();
        let pair = world.pair([Framing::Message; 2]);
        let (leaver, left) = (pair[leaves], pair[1 - leaves]);
        world.say(leaver, b"last words").unwrap();
        world.side(leaver).client.close();
        world.side(leaver).drain();
        world.settle();
        assert_eq!(world.end_of(leaver), Some(End::Left));
        assert_eq!(world.side(left).frames().last(), Some(&&b"last words"[..]));
        assert_eq!(world.end_of(left), Some(End::Lost));
        assert_eq!(world.switch.load(), Default::default());
    }
}

#[test]
fn whoever_waits_speaks_second() {
    let mut world = World::new();
    let creator = world.client(Wish::Create(Some(own(1))), None);
    assert_eq!(world.say(creator, b"hello?"), Err(SendError::Alone));
    let joiner = world.client(Wish::Join(own(1)), None);
    assert_eq!(world.say(creator, b"hello?"), Err(SendError::Alone));
    world.say(joiner, b"hello").unwrap();
    world.settle();
    world.say(creator, b"hello!").unwrap();
    world.settle();
    assert_eq!(world.side(joiner).frames(), [b"hello!"]);
}

#[test]
fn a_password_is_asked_for_and_only_the_right_one_helps() {
    let mut locked = config();
    locked.password = Some(password("open sesame"));
    let mut world = World::with(locked);
    let right = world.client(Wish::Create(Some(own(1))), Some(password("open sesame")));
    assert!(world.side(right).token().is_some());
    let wrong = world.client(Wish::Join(own(1)), Some(password("open sesam")));
    assert_eq!(world.end_of(wrong), Some(End::Password));
    let missing = world.client(Wish::Join(own(1)), None);
    assert_eq!(world.end_of(missing), Some(End::Refused));
    let right = world.client(Wish::Join(own(1)), Some(password("open sesame")));
    assert!(world.side(right).token().is_some());
    assert_eq!(world.switch.stats().ended(Cause::Password), 2);
}

#[test]
fn a_superfluous_password_ends_the_connection() {
    let mut world = World::new();
    let id = world.client(Wish::Create(None), Some(password("word")));
    assert_eq!(world.end_of(id), Some(End::Password));
    assert_eq!(world.ends[&id], Cause::Password);
}

#[test]
fn a_relay_that_is_silent_is_asked_and_given_up() {
    let mut world = World::new();
    let id = world.client(Wish::Create(None), None);
    world.wait(Duration::from_secs(30));
    // asked and answered
    assert_eq!(world.side(id).client.stats().sent, 4);
    let now = world.now;
    assert_eq!(
        world.side(id).until,
        Some(now.after(Duration::from_secs(30)))
    );
    // nothing gets through from here on
    for seconds in [30, 10, 10, 9] {
        world.now = world.now.after(Duration::from_secs(seconds));
        let now = world.now;
        world
            .side(id)
            .client
            .handle(now, switch::client::Input::Tick);
        world.side(id).drain();
        assert_eq!(world.end_of(id), None);
    }
    assert_eq!(world.side(id).out.len(), 3);
    let now = world.now.after(Duration::from_secs(1));
    world
        .side(id)
        .client
        .handle(now, switch::client::Input::Tick);
    world.side(id).drain();
    assert_eq!(world.end_of(id), Some(End::Silent));
}

#[test]
fn a_relay_that_says_nothing_gives_no_place() {
    let mut world = World::new();
    let id = world.client(Wish::Create(None), None);
    let client = &mut world.side(id).client;
    assert_eq!(client.send(b""), Err(SendError::Alone));
    let config = switch::client::Config::default();
    let seed = primitives::Secret::new([1; 32]);
    let start = crate::world::START;
    let mut client = switch::Client::new(start, config, Wish::Create(None), None, seed);
    assert_eq!(client.send(b"x"), Err(SendError::NotPlaced));
    client.handle(
        start.after(Duration::from_millis(29_999)),
        switch::client::Input::Tick,
    );
    let mut ends = Vec::new();
    for ms in [29_999, 30_000] {
        client.handle(
            start.after(Duration::from_millis(ms)),
            switch::client::Input::Tick,
        );
        loop {
            match client.poll() {
                switch::client::Output::Tell(event) => ends.push((ms, event)),
                switch::client::Output::Wait(_) => break,
                _ => {}
            }
        }
    }
    assert_eq!(ends, [(30_000, Event::Ended(End::Late))]);
}

#[test]
fn an_id_given_out_twice_ends_what_it_named() {
    let mut world = World::new();
    let [creator, joiner] = world.pair([Framing::Message; 2]);
    world.tell(Input::Connected {
        id: creator,
        from: crate::world::address(1),
        framing: Framing::Message,
    });
    assert_eq!(world.ends[&joiner], Cause::Left);
    assert_eq!(world.switch.load().opening, 1);
    world.tell(Input::Disconnected(Id::new(77)));
}

#[test]
fn when_the_server_stops_all_connections_end_and_nobody_comes_in() {
    let mut world = World::new();
    let [creator, joiner] = world.pair([Framing::Message, Framing::Length]);
    let waiting = world.client(Wish::Create(None), None);
    let opening = world.connect(crate::world::address(3), Framing::Message);
    world.say(creator, b"last words").unwrap();
    world.read(creator);
    world.tell(Input::Stop);
    let late = world.connect(crate::world::address(4), Framing::Message);
    for id in [creator, joiner, waiting, opening, late] {
        assert_eq!(world.ends[&id], Cause::Stopping);
    }
    assert_eq!(Cause::Stopping.code(), 1001);
    assert_eq!(world.switch.stats().ended(Cause::Stopping), 5);
    assert_eq!((world.switch.load(), world.until), Default::default());
    // what was sealed before is still there to be written
    world.settle();
    assert_eq!(
        world.side(joiner).frames().last(),
        Some(&&b"last words"[..])
    );
    assert_eq!(world.end_of(waiting), Some(End::Lost));
}
