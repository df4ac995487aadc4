//! Connections that break.

use channel::End;
use node::call::{Admit, Ending, Mode, Seen, Target, Told};
use node::{Page, Standing};

use crate::people::{
    Person, address, back, delivered, ended, established, incoming, introduced, link, message,
    next, say, talking,
};
use crate::proxy::Proxy;

#[tokio::test(flavor = "multi_thread")]
async fn a_talk_goes_on_over_another_connection_and_nobody_is_asked() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    for admit in [Admit::Nobody, Admit::Known] {
        let mut calls = alice.listen(admit).await;
        let to = address(&calls);
        let proxy = Proxy::start(to).await;
        let (mut here, mut there) = match admit {
            Admit::Nobody => talking(&bob, &mut calls, proxy.address).await,
            Admit::Known => {
                let mut here = bob.call(proxy.address).await;
                let mut there = incoming(&mut calls).await;
                tokio::join!(established(&mut here), established(&mut there));
                (here, there)
            }
        };
        say(&here, "one").await;
        assert_eq!(message(&mut there).await, "one");
        for round in ["two", "three"] {
            proxy.lead(Some(to));
            let (one, other) = tokio::join!(back(&mut here), back(&mut there));
            assert_eq!([one, other], [true, true], "the session goes on");
            say(&here, round).await;
            assert_eq!(message(&mut there).await, round);
            say(&there, round).await;
            assert_eq!(message(&mut here).await, round);
        }
        there.speaker().close().await;
        assert_eq!(ended(&mut there).await.0, End::Left.into());
        assert_eq!(ended(&mut here).await.0, End::Closed.into());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_meanwhile_waits_on_both_sides() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let mut calls = alice.listen(Admit::Known).await;
    let to = address(&calls);
    let proxy = Proxy::start(to).await;
    let (mut here, mut there) = talking(&bob, &mut calls, proxy.address).await;
    proxy.lead(None);
    for talk in [&mut here, &mut there] {
        let lost = next(talk).await;
        assert!(matches!(lost, Told::Lost { .. }), "{lost:?}");
    }
    for number in 0..100 {
        say(&here, &format!("here {number}")).await;
        say(&there, &format!("there {number}")).await;
    }
    proxy.lead(Some(to));
    let (one, other) = tokio::join!(back(&mut here), back(&mut there));
    assert_eq!([one, other], [true, true]);
    for number in 0..100 {
        assert_eq!(message(&mut there).await, format!("here {number}"));
        assert_eq!(message(&mut here).await, format!("there {number}"));
    }
    assert!(proxy.refused() <= 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_lost_the_session_is_called_anew_and_must_have_the_same_key() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let mut calls = alice.listen(Admit::Known).await;
    let proxy = Proxy::start(address(&calls)).await;
    let (mut here, there) = talking(&bob, &mut calls, proxy.address).await;
    // Alice's program is begun anew; her profile is older than the session
    proxy.lead(None);
    assert!(matches!(next(&mut here).await, Told::Lost { .. }));
    drop((there, calls));
    let bobs = bob.node.card().await.unwrap();
    let pin = alice.node.pins().await.unwrap().remove(0);
    alice.node.unpin(&pin).await.unwrap();
    alice.node.add(bobs, node::Origin::Given).await.unwrap();
    let mut calls = alice.listen(Admit::Nobody).await;
    proxy.lead(Some(address(&calls)));
    let mut there = incoming(&mut calls).await;
    // in that mode the owner decides, and only there
    introduced(&mut there).await;
    there.accept(Seen::NotCompared).await;
    assert!(!back(&mut here).await);
    assert!(!established(&mut there).await.1);
    say(&here, "again").await;
    assert_eq!(message(&mut there).await, "again");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_else_at_that_place_is_not_taken_whatever_they_call_themselves() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let impostor = Person::new("Alice").await;
    let mut calls = alice.listen(Admit::Known).await;
    let at = address(&calls);
    let proxy = Proxy::start(at).await;
    let (mut here, there) = talking(&bob, &mut calls, proxy.address).await;
    let mut others = impostor.listen(Admit::Known).await;
    // asked to go on with a session
    proxy.lead(Some(address(&others)));
    assert_eq!(ended(&mut here).await.0, Ending::OtherKey);
    drop(there);

    // called anew, since the session is not to be found any more
    proxy.lead(Some(at));
    let mut here = bob.call(proxy.address).await;
    let mut there = incoming(&mut calls).await;
    tokio::join!(established(&mut here), established(&mut there));
    bob.node.close().await.unwrap();
    proxy.lead(Some(address(&others)));
    let mut there = incoming(&mut others).await;
    introduced(&mut there).await;
    there.accept(Seen::NotCompared).await;
    assert_eq!(ended(&mut here).await.0, Ending::OtherKey);
    assert!(impostor.pinned().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_was_begun_anew_goes_on_with_those_it_knows() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let mut calls = alice.listen(Admit::Known).await;
    let proxy = Proxy::start(address(&calls)).await;
    let (mut here, there) = talking(&bob, &mut calls, proxy.address).await;
    proxy.lead(None);
    // what a process that is killed does not say: no goodbye goes through
    assert!(matches!(next(&mut here).await, Told::Lost { .. }));
    let speaker = there.speaker().clone();
    drop(calls);
    let mut calls = alice.listen(Admit::Known).await;
    proxy.lead(Some(address(&calls)));
    let mut there = incoming(&mut calls).await;
    let (with, resumed) = established(&mut there).await;
    assert_eq!((with.name().as_str(), resumed), ("Bob", true));
    assert!(back(&mut here).await);
    say(&here, "still me").await;
    assert_eq!(message(&mut there).await, "still me");
    drop(speaker);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_talk_that_is_to_end_ends_while_it_has_no_connection() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let mut calls = alice.listen(Admit::Known).await;
    let proxy = Proxy::start(address(&calls)).await;
    let (mut here, mut there) = talking(&bob, &mut calls, proxy.address).await;
    proxy.lead(None);
    for talk in [&mut here, &mut there] {
        assert!(matches!(next(talk).await, Told::Lost { .. }));
    }
    // with something left to be said it waits for a connection; closing does not
    say(&here, "too late").await;
    here.speaker().finish().await;
    here.speaker().close().await;
    assert_eq!(ended(&mut here).await, (End::Left.into(), 1));
    there.speaker().finish().await;
    assert_eq!(ended(&mut there).await, (End::Left.into(), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_introduction_takes_nothing_from_a_talk_before_there_is_a_session() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    // shows Bob's key, and does not know Alice
    let copy = bob.copy().await;
    let mut calls = alice.listen(Admit::Known).await;
    let at = address(&calls);
    let (mut here, mut there) = talking(&bob, &mut calls, at).await;
    let mut target = Target::new(link(at));
    target.mode = Mode::Kamune;
    let mut again = copy.node.call(target).await.unwrap();
    // Alice has taken them
    introduced(&mut again).await;
    say(&here, "still me").await;
    assert_eq!(message(&mut there).await, "still me");
    again.refuse().await;
    assert_eq!(ended(&mut again).await.0, End::Rejected.into());
    say(&here, "and still").await;
    assert_eq!(message(&mut there).await, "and still");

    // with a session it is them
    let mut again = copy.call(at).await;
    introduced(&mut again).await;
    again.accept(Seen::NotCompared).await;
    established(&mut again).await;
    assert!(!back(&mut there).await);
    assert_eq!(ended(&mut here).await.0, End::Closed.into());
    say(&again, "on this one").await;
    assert_eq!(message(&mut there).await, "on this one");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_call_left_behind_the_next_delivers_once() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let mut calls = alice.listen(Admit::Known).await;
    let proxy = Proxy::start(address(&calls)).await;
    let (mut here, mut there) = talking(&bob, &mut calls, proxy.address).await;
    let line = here.speaker().say("one".into()).await.unwrap();
    assert_eq!(message(&mut there).await, "one");
    delivered(&mut here, line).await;
    let cut = bob.node.cut_off().await.unwrap();
    assert_eq!(cut.first().unwrap().name().as_str(), "Alice");
    proxy.lead(None);
    assert!(matches!(next(&mut here).await, Told::Lost { .. }));
    say(&here, "two").await;
    here.speaker().close().await;
    assert_eq!(ended(&mut here).await, (End::Left.into(), 1));
    assert!(bob.node.cut_off().await.unwrap().is_empty());

    // in another process, and with a line that is said before there is a call
    let bob = bob.again().await;
    let alices = bob.node.person("Alice").await.unwrap();
    assert_eq!(bob.node.summary(&alices).await.unwrap().waiting, 1);
    let third = bob.node.say(&alices, b"three").await.unwrap();
    proxy.lead(Some(address(&calls)));
    let mut here = bob.call(proxy.address).await;
    established(&mut here).await;
    assert!(!back(&mut there).await);
    assert_eq!(message(&mut there).await, "two");
    assert_eq!(message(&mut there).await, "three");
    delivered(&mut here, third.unwrap()).await;
    assert_eq!(bob.node.summary(&alices).await.unwrap().waiting, 0);
    let lines = bob.node.lines(&alices, Page::Last(10)).await.unwrap();
    assert!(
        lines
            .iter()
            .all(|line| line.standing == Standing::Delivered)
    );
    assert_eq!(lines.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_was_cut_short_is_so_until_another_ends_as_it_should() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let mut calls = alice.listen(Admit::Known).await;
    let proxy = Proxy::start(address(&calls)).await;
    let (mut here, _there) = talking(&bob, &mut calls, proxy.address).await;
    proxy.lead(None);
    assert!(matches!(next(&mut here).await, Told::Lost { .. }));
    // as if it had been killed
    let bob = bob.again().await;
    drop(here);
    let cut = bob.node.cut_off().await.unwrap();
    let names: Vec<_> = cut.iter().map(|known| known.name().as_str()).collect();
    assert_eq!(names, ["Alice"]);
    proxy.lead(Some(address(&calls)));
    let mut here = bob.call(proxy.address).await;
    established(&mut here).await;
    here.speaker().close().await;
    assert_eq!(ended(&mut here).await.0, End::Left.into());
    assert!(bob.node.cut_off().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_delivered_but_not_acknowledged_is_shown_once() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    // Bob as he was before: what he sends after that, he does not know of any more
    let mut calls = alice.listen(Admit::Known).await;
    let at = address(&calls);
    let (here, mut there) = talking(&bob, &mut calls, at).await;
    here.speaker().close().await;
    drop(here);
    assert_eq!(ended(&mut there).await.0, End::Closed.into());
    let alices = bob.node.person("Alice").await.unwrap();
    bob.node.say(&alices, b"once").await.unwrap();
    let before = bob.copy().await;
    for person in [&bob, &before] {
        let mut here = person.call(at).await;
        let mut there = incoming(&mut calls).await;
        tokio::join!(established(&mut here), established(&mut there));
        if std::ptr::eq(person, &bob) {
            assert_eq!(message(&mut there).await, "once");
        }
        say(&here, "end").await;
        here.speaker().finish().await;
        assert_eq!(message(&mut there).await, "end");
        assert_eq!(ended(&mut here).await, (End::Left.into(), 0));
        assert_eq!(ended(&mut there).await.0, End::Closed.into());
    }
    let bobs = alice.node.person("Bob").await.unwrap();
    let lines = alice.node.lines(&bobs, Page::Last(10)).await.unwrap();
    let texts: Vec<_> = lines.iter().map(|line| &line.text[..]).collect();
    assert_eq!(texts, [&b"once"[..], b"end", b"end"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_calls_decides_without_a_limit_and_nothing_is_shown_before() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    for takes in [true, false] {
        let mut calls = alice.listen(Admit::Known).await;
        let mut here = bob.call(address(&calls)).await;
        let mut there = incoming(&mut calls).await;
        if takes {
            introduced(&mut there).await;
            there.accept(Seen::NotCompared).await;
        }
        // they talk already, while Bob looks at what is asked
        introduced(&mut here).await;
        established(&mut there).await;
        say(&there, "are you there?").await;
        assert!(bob.pinned().await.is_empty());
        if takes {
            here.refuse().await;
            assert_eq!(ended(&mut here).await.0, End::Rejected.into());
            assert_eq!(ended(&mut there).await, (End::Closed.into(), 1));
            assert!(bob.pinned().await.is_empty());
            continue;
        }
        here.accept(Seen::Compared).await;
        assert_eq!(established(&mut here).await.0.name().as_str(), "Alice");
        // what he refused to hear then comes now
        assert_eq!(message(&mut here).await, "are you there?");
        assert_eq!(message(&mut here).await, "are you there?");
    }
}
