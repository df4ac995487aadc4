//! People who invite and join: the machines of `rendezvous` against a real store.

use rendezvous::Seed;
use rendezvous::bucket::invite::{self, Invite, Refusal};
use rendezvous::bucket::join::{self, Join};
use rendezvous::bucket::{EntryKey, Host, Line, Link, LinkId, LinkKey, Passphrase, Trouble};

use host::board::Source;

use crate::world::{Server, World, start};

fn at() -> Host {
    Host::typed("meet.example").unwrap()
}

fn link() -> Link {
    let host = Host::typed("msg.example").unwrap();
    Link::new(host, LinkId::new([1; 24]), LinkKey::new([2; 32]))
}

fn words(text: &str) -> Passphrase {
    Passphrase::new(text).unwrap()
}

fn machine(config: invite::Config) -> Invite {
    let seed = Seed::new([7; 32]);
    let what = (link(), words("right"));
    Invite::new(config, what, vec![at()], seed, Default::default()).unwrap()
}

/// Drives an inviter until it says something final, or waits.
async fn drive(
    invite: &mut Invite,
    world: &World,
    server: &Server,
) -> (Vec<invite::Event>, Option<kernel::Time>) {
    let mut told = Vec::new();
    loop {
        match invite.poll() {
            invite::Output::Stretch(stretching) => {
                invite.handle(world.now(), invite::Input::Stretched(stretching.run()));
            }
            invite::Output::Leave { entry, .. } => {
                let left = server.buckets.leave(world.now(), Source::new(1), &entry);
                let left = left.await.map(rendezvous::bucket::Id::to_bytes);
                let left = left.as_ref().map(<[u8; 12]>::as_slice);
                let left = left.map_err(|_| Trouble::Away);
                invite.handle(world.now(), invite::Input::Left(left));
            }
            invite::Output::Fetch { hash, .. } => {
                let answer = server.fetch(&hash).await;
                invite.handle(world.now(), invite::Input::Fetched(Ok(&answer)));
            }
            invite::Output::Tell(event) => told.push(event),
            invite::Output::Wait(until) => return (told, until),
        }
    }
}

async fn invited(world: &World, server: &Server) -> Line {
    let mut invite = machine(invite::Config::default());
    let (told, _) = drive(&mut invite, world, server).await;
    match told.last() {
        Some(invite::Event::Ready(line)) => line.clone(),
        other => panic!("{other:?}"),
    }
}

async fn joined(line: &Line, text: &str, world: &World, server: &Server) -> join::Event {
    let config = join::Config::default();
    let mut join = Join::new(config, line.clone(), words(text), world.now());
    loop {
        match join.poll() {
            join::Output::Stretch(stretching) => {
                join.handle(world.now(), join::Input::Stretched(stretching.run()));
            }
            join::Output::Fetch { hash, .. } => {
                let answer = server.fetch(&hash).await;
                join.handle(world.now(), join::Input::Fetched(Ok(&answer)));
            }
            join::Output::Tell(event) => return event,
            join::Output::Wait(_) => panic!("it waits for nothing"),
        }
    }
}

#[tokio::test]
async fn what_one_leaves_the_other_finds_among_others_and_after_a_restart() {
    for world in World::all() {
        let server = world.server().await;
        let _ = server.leave_all(0..20).await;
        let line = invited(&world, &server).await;
        let _ = server.leave_all(20..90).await;
        drop(server);
        let world = world.restart();
        let server = world.server().await;
        world.wait(47 * 3600);
        let (read, _) = Line::read(&line.to_string()).unwrap();
        let found = joined(&read, "right", &world, &server).await;
        assert_eq!(found, join::Event::Found(link()));
    }
}

#[tokio::test]
async fn wrong_words_and_an_expired_bucket_are_told_apart() {
    for world in World::all() {
        let server = world.server().await;
        let line = invited(&world, &server).await;
        let name = async |text| match joined(&line, text, &world, &server).await {
            join::Event::Failed(failure) => failure.name(),
            other => panic!("{other:?}"),
        };
        assert_eq!(name("wrong").await, "no_invitation");
        world.wait(48 * 3600);
        assert_eq!(name("right").await, "no_such_bucket");
    }
}

#[tokio::test]
async fn a_cohort_comes_or_comes_short() {
    for world in World::all() {
        let server = world.server().await;
        let mut config = invite::Config::default();
        config.cohort = 2;
        for come in [2, 1] {
            let mut invite = machine(config);
            let (told, until) = drive(&mut invite, &world, &server).await;
            assert!(matches!(told.last(), Some(invite::Event::Waiting { .. })));
            let _ = server.leave_all(come * 10..come * 11).await;
            world.clock.set(until.unwrap());
            invite.handle(world.now(), invite::Input::Tick);
            let (told, until) = drive(&mut invite, &world, &server).await;
            match (come, told.last()) {
                (2, Some(invite::Event::Ready(_))) => assert_eq!(until, None),
                (1, Some(invite::Event::Waiting { came: 1, .. })) => {
                    world.wait(720);
                    invite.handle(world.now(), invite::Input::Tick);
                    let (told, _) = drive(&mut invite, &world, &server).await;
                    let short = Refusal::CohortShort { came: 1 };
                    let is_short = |event: &invite::Event| matches!(event, invite::Event::Refused { why, .. } if *why == short);
                    assert!(told.iter().any(is_short), "{told:?}");
                }
                (_, other) => panic!("{other:?}"),
            }
            world.wait(600);
        }
    }
}

#[tokio::test]
async fn a_server_that_shows_strangers_something_else_is_refused() {
    let (honest, liar) = (World::memory(start()), World::memory(start()));
    let (shown, left) = (honest.server().await, liar.server().await);
    let _ = shown.leave_all(0..1).await;
    let mut invite = machine(invite::Config::default());
    let name = loop {
        match invite.poll() {
            invite::Output::Stretch(stretching) => {
                invite.handle(liar.now(), invite::Input::Stretched(stretching.run()));
            }
            invite::Output::Leave { entry, .. } => {
                let id = left.buckets.leave(liar.now(), Source::new(1), &entry);
                let id = id.await.unwrap().to_bytes();
                invite.handle(liar.now(), invite::Input::Left(Ok(&id)));
            }
            invite::Output::Fetch { hash, .. } => {
                let answer = shown.fetch(&hash).await;
                invite.handle(liar.now(), invite::Input::Fetched(Ok(&answer)));
            }
            invite::Output::Tell(invite::Event::Refused { why, .. }) => break why.name(),
            invite::Output::Tell(_) => {}
            invite::Output::Wait(_) => panic!("it waits for nothing"),
        }
    };
    assert_eq!(name, "entry_missing");
}

#[tokio::test]
async fn a_line_and_its_words_in_one_text_open_the_same() {
    let world = World::memory(start());
    let server = world.server().await;
    let line = invited(&world, &server).await;
    let joined_line = line.joined(&words("right"));
    let (line, passphrase) = Line::read(&joined_line).unwrap();
    let key = EntryKey::derive(&passphrase.unwrap(), line.host()).unwrap();
    let answer = server.fetch(line.hash()).await;
    let slots = rendezvous::bucket::Slots::from_bytes(&answer[1..]).unwrap();
    assert_eq!(slots.find(&key), Ok(link()));
}
