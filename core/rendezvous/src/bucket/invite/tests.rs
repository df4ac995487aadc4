use alloc::vec::Vec;

use super::*;
use crate::bucket::server::Secret;
use crate::bucket::{Circuit, Entry, Hash, Id, LinkId, LinkKey};

const START: u64 = 1_795_219_200;

fn at(seconds: u64) -> Time {
    Id::new(START, 0)
        .opened()
        .after(Duration::from_secs(seconds))
}

fn host(name: &str) -> Host {
    Host::typed(name).unwrap()
}

/// An inviter at work, and what it was asked to do last.
struct Run {
    invite: Invite,
    circuits: Vec<Circuit>,
    entry: Option<Entry>,
}

impl Run {
    fn new(config: Config, servers: &[&str]) -> Self {
        let link = Link::new(
            host("msg.example:443"),
            LinkId::new([1; 24]),
            LinkKey::new([2; 32]),
        );
        let passphrase = Passphrase::new("words").unwrap();
        let servers = servers.iter().map(|name| host(name)).collect();
        let seed = Seed::new([7; 32]);
        Self {
            invite: Invite::new(config, (link, passphrase), servers, seed, at(0)).unwrap(),
            circuits: Vec::new(),
            entry: None,
        }
    }

    /// Stretches, and takes the entry that is to be left at `server`.
    fn leaves(&mut self, server: &str) -> Entry {
        let Output::Stretch(stretching) = self.invite.poll() else {
            panic!("nothing to stretch");
        };
        self.invite
            .handle(at(0), Input::Stretched(stretching.run()));
        self.leave(server)
    }

    fn leave(&mut self, server: &str) -> Entry {
        match self.invite.poll() {
            Output::Leave { at, entry, circuit } => {
                assert_eq!(at, host(server));
                self.circuits.push(circuit);
                self.entry = Some(*entry);
                *entry
            }
            other => panic!("{other:?}"),
        }
    }

    fn left(&mut self, now: Time, id: Id) {
        self.invite.handle(now, Input::Left(Ok(&id.to_bytes())));
    }

    fn fetches(&mut self) -> Hash {
        match self.invite.poll() {
            Output::Fetch { hash, circuit, .. } => {
                self.circuits.push(circuit);
                hash
            }
            other => panic!("{other:?}"),
        }
    }

    /// The bucket of `id` with the own entry and `others`.
    fn fetched(&mut self, now: Time, id: Id, others: u8) {
        let others = (0..others).map(|n| Entry::from_bytes(&[n; 256]).unwrap());
        let entries: Vec<Entry> = self.entry.into_iter().chain(others).collect();
        let answer = Secret::new([5; 32]).answer(&id.hash(), &entries);
        self.invite
            .handle(now, Input::Fetched(Ok(answer.as_bytes())));
    }

    fn told(&mut self) -> Event {
        match self.invite.poll() {
            Output::Tell(event) => event,
            other => panic!("{other:?}"),
        }
    }

    fn refused(&mut self, server: &str) -> &'static str {
        match self.told() {
            Event::Refused { at, why } => {
                assert_eq!(at, host(server));
                why.name()
            }
            other => panic!("{other:?}"),
        }
    }

    /// The one server was refused, and so all is over.
    fn failed(&mut self) -> &'static str {
        let name = self.refused("one");
        assert_eq!(self.told(), Event::Failed(Failed::NoServer));
        assert!(matches!(self.invite.poll(), Output::Wait(None)));
        self.invite.handle(at(0), Input::Tick);
        assert!(matches!(self.invite.poll(), Output::Wait(None)));
        name
    }

    /// Up to the first fetch from the server `one`.
    fn until_fetch(config: Config, id: Id) -> Self {
        let mut run = Self::new(config, &["one"]);
        let _ = run.leaves("one");
        run.left(at(0), id);
        assert_eq!(run.told(), Event::Left { at: host("one") });
        assert_eq!(run.fetches(), id.hash());
        run
    }
}

fn with_cohort(cohort: u32) -> Config {
    Config {
        cohort,
        ..Config::default()
    }
}

#[test]
fn leaves_checks_fetches_back_over_a_fresh_connection_and_shows() {
    let id = Id::new(START, 0);
    let mut run = Run::until_fetch(Config::default(), id);
    run.fetched(at(1), id, 0);
    assert_eq!(run.told(), Event::Ready(Line::new(host("one"), id.hash())));
    assert!(matches!(run.invite.poll(), Output::Wait(None)));
    assert_ne!(run.circuits[0], run.circuits[1]);
}

#[test]
fn an_id_of_another_time_is_refused() {
    // opened at 0; the window is 600 s and 120 s wide
    for (now, is_good) in [(0, true), (720, true), (721, false)] {
        let mut run = Run::new(Config::default(), &["one"]);
        let _ = run.leaves("one");
        run.left(at(now), Id::new(START, 0));
        match is_good {
            true => assert!(matches!(run.told(), Event::Left { .. })),
            false => assert_eq!(run.failed(), "id_time"),
        }
    }
    for (ahead, is_good) in [(120, true), (121, false), (u64::MAX - START, false)] {
        let mut run = Run::new(Config::default(), &["one"]);
        let _ = run.leaves("one");
        run.left(at(0), Id::new(START + ahead, 0));
        match is_good {
            true => assert!(matches!(run.told(), Event::Left { .. })),
            false => assert_eq!(run.failed(), "id_time"),
        }
    }
}

#[test]
fn a_large_number_is_refused() {
    for (number, is_good) in [(16, true), (17, false), (u32::MAX, false)] {
        let mut run = Run::new(Config::default(), &["one"]);
        let _ = run.leaves("one");
        run.left(at(0), Id::new(START, number));
        match is_good {
            true => assert!(matches!(run.told(), Event::Left { .. })),
            false => assert_eq!(run.failed(), "id_number"),
        }
    }
}

#[test]
fn a_bucket_without_the_entry_is_refused() {
    let id = Id::new(START, 0);
    let mut run = Run::until_fetch(Config::default(), id);
    run.entry = None;
    run.fetched(at(1), id, 5);
    assert_eq!(run.failed(), "entry_missing");

    // present, but with one bit changed
    let mut run = Run::until_fetch(Config::default(), id);
    let mut bytes = *run.entry.unwrap().as_bytes();
    bytes[255] ^= 1;
    run.entry = Entry::from_bytes(&bytes);
    run.fetched(at(1), id, 5);
    assert_eq!(run.failed(), "entry_missing");
}

#[test]
fn answers_that_make_no_sense_are_refused() {
    let id = Id::new(START, 0);
    for bytes in [&[][..], &[0; 11], &[0; 13]] {
        let mut run = Run::new(Config::default(), &["one"]);
        let _ = run.leaves("one");
        run.invite.handle(at(0), Input::Left(Ok(bytes)));
        assert_eq!(run.failed(), "id_malformed");
    }
    for bytes in [&[][..], &[1; 16_384], &[0; 16_385]] {
        let mut run = Run::until_fetch(Config::default(), id);
        run.invite.handle(at(0), Input::Fetched(Ok(bytes)));
        assert_eq!(run.failed(), "bucket_malformed");
    }
    let mut run = Run::until_fetch(Config::default(), id);
    run.invite.handle(at(0), Input::Fetched(Ok(&[2; 16_385])));
    assert_eq!(run.failed(), "no_such_bucket");
}

#[test]
fn a_cohort_is_waited_for() {
    let id = Id::new(START, 0);
    let mut run = Run::until_fetch(with_cohort(3), id);
    let mut now = at(1);
    // two others were there before: nobody can tell them from filler
    for (others, came) in [(2, 0), (2, 0), (4, 2)] {
        run.fetched(now, id, others);
        assert_eq!(run.told(), Event::Waiting { came, wanted: 3 });
        let Output::Wait(Some(until)) = run.invite.poll() else {
            panic!("no time to come back");
        };
        let pause = until.since(now);
        assert!((30..=45).contains(&pause.as_secs()), "{pause:?}");
        now = until;
        run.invite.handle(now, Input::Tick);
        assert_eq!(run.fetches(), id.hash());
    }
    run.fetched(now, id, 5);
    assert!(matches!(run.told(), Event::Ready(_)));
    run.circuits.sort();
    run.circuits.dedup();
    assert_eq!(
        run.circuits.len(),
        5,
        "every request has its own connection"
    );
}

#[test]
fn a_short_cohort_is_told_when_the_bucket_has_closed() {
    let id = Id::new(START, 0);
    let mut run = Run::until_fetch(with_cohort(1), id);
    let closes = at(720);
    run.fetched(at(700), id, 3);
    assert!(matches!(run.told(), Event::Waiting { came: 0, .. }));
    assert!(matches!(run.invite.poll(), Output::Wait(Some(until)) if until == closes));
    run.invite.handle(closes, Input::Tick);
    let _ = run.fetches();
    run.fetched(closes, id, 3);
    assert_eq!(run.failed(), "cohort_short");
}

#[test]
fn a_slot_that_changes_twice_is_refused() {
    let id = Id::new(START, 0);
    let mut run = Run::until_fetch(with_cohort(2), id);
    for (seconds, others) in [(1, 0), (101, 1)] {
        run.fetched(at(seconds), id, others);
        assert!(matches!(run.told(), Event::Waiting { .. }));
        run.invite.handle(at(seconds + 100), Input::Tick);
        let _ = run.fetches();
    }
    // the one that came is filler again
    run.fetched(at(201), id, 0);
    assert_eq!(run.failed(), "slot_rewritten");
}

#[test]
fn the_next_server_gets_an_entry_of_its_own() {
    let mut run = Run::new(Config::default(), &["one", "two"]);
    let first = run.leaves("one");
    run.invite
        .handle(at(0), Input::Left(Err(Trouble::Declined)));
    assert_eq!(run.refused("one"), "declined");
    let second = run.leaves("two");
    assert_ne!(first, second);
    let id = Id::new(START, 1);
    run.left(at(0), id);
    let _ = run.told();
    let _ = run.fetches();
    run.fetched(at(0), id, 0);
    assert_eq!(run.told(), Event::Ready(Line::new(host("two"), id.hash())));
}

#[test]
fn a_request_is_made_again_with_the_same_entry() {
    let mut run = Run::new(Config::default(), &["one"]);
    let entry = run.leaves("one");
    for pause in [1, 3, 7] {
        run.invite
            .handle(at(pause / 2), Input::Left(Err(Trouble::Away)));
        assert_eq!(run.told(), Event::Again(at(pause)));
        run.invite.handle(at(pause), Input::Tick);
        assert_eq!(run.leave("one"), entry);
    }
    run.invite.handle(at(7), Input::Left(Err(Trouble::Away)));
    assert_eq!(run.failed(), "away");

    let id = Id::new(START, 0);
    let mut run = Run::until_fetch(Config::default(), id);
    let retry = Some(Duration::from_secs(3600));
    run.invite
        .handle(at(0), Input::Fetched(Err(Trouble::Busy { retry })));
    assert_eq!(run.failed(), "busy");
}

#[test]
fn a_run_is_repeated_from_its_seed() {
    let entry = || Run::new(Config::default(), &["one"]).leaves("one");
    assert_eq!(entry(), entry());
}

#[test]
fn what_cannot_be_is_refused_at_the_start() {
    let start = |servers: usize, cohort| {
        let link = Link::new(host("a"), LinkId::new([1; 24]), LinkKey::new([2; 32]));
        let words = Passphrase::new("words").unwrap();
        let servers = (0..servers).map(|_| host("one")).collect();
        let seed = Seed::new([7; 32]);
        let invite = Invite::new(with_cohort(cohort), (link, words), servers, seed, at(0));
        invite.map(|_| ())
    };
    assert_eq!(start(1, 63), Ok(()));
    assert_eq!(start(8, 0), Ok(()));
    assert_eq!(start(0, 0), Err(StartError::Servers { got: 0 }));
    assert_eq!(start(9, 0), Err(StartError::Servers { got: 9 }));
    assert_eq!(start(1, 64), Err(StartError::Cohort { got: 64 }));
}

#[test]
fn no_memory_for_the_key_ends_it() {
    let mut run = Run::new(Config::default(), &["one", "two"]);
    let _ = run.invite.poll();
    run.invite
        .handle(at(0), Input::Stretched(Err(KeyError::Memory)));
    assert_eq!(run.told(), Event::Failed(Failed::Key(KeyError::Memory)));
    assert!(matches!(run.invite.poll(), Output::Wait(None)));
}
