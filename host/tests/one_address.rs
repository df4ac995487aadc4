//! Fifty people behind one address meet at one board, and no default limit refuses any of them.
//!
//! Visits, store and limiter are the real ones, requests take no time, and time is a number. All
//! have one CTIDH key, so that the expensive half of the work is done once for each of them.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test"
)]

use std::collections::VecDeque;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ctidh::Backend;
use host::board::{Boards, Post, Source, What};
use host::http::Settings;
use host::pace::{Pace, Rate};
use journal::{ManualClock, Memory};
use kernel::Time;
use rendezvous::board::{Board, Config, Input, Output, Phase, Reply, Trouble, Visit};
use rendezvous::{
    Agreed, Done, Encounter, Id, Job, Opening, Passkey, Seed, Session, SessionSeeds, Wanted,
};

const PEOPLE: u8 = 50;
const ALL: Source = Source::new(1);

static TOWN: LazyLock<Town> = LazyLock::new(Town::new);

/// What is the same in all meetings.
struct Town {
    board: Board,
    passkey: Passkey,
    /// The session of each, and what it and the one CTIDH key come to.
    people: Vec<(Session, Agreed)>,
}

impl Town {
    fn new() -> Self {
        let board = Board::Named("one-address".parse().unwrap());
        let passkey = Passkey::derive(b"door", board.salt()).unwrap();
        let open = |number: u8| {
            let seeds = [1, 2, 3, 4].map(|seed| [[number; 16], [seed; 16]].concat());
            let [dh, gamma, delta, dummy] = seeds.map(|seed| seed.try_into().unwrap());
            let seeds = SessionSeeds::new([dh, [200; 32], gamma, delta, dummy]).unwrap();
            let payload = vec![0; 576];
            Opening::new(passkey.clone(), payload, seeds, Wanted::Every).run()
        };
        let stranger = open(PEOPLE);
        let people = (0..PEOPLE).map(|number| {
            let session = open(number);
            let encounter = session.encounter(stranger.t1()).unwrap();
            let agreed = encounter.agree_with(Backend::best());
            (session, agreed)
        });
        Self {
            people: people.collect(),
            passkey,
            board,
        }
    }
}

/// One of them, and one pair of hands for the work.
struct Person {
    number: usize,
    visit: Visit,
    work: VecDeque<(u64, Encounter)>,
    wake: Option<Time>,
    reading: Option<Reading>,
}

/// A read that waits at the server.
struct Reading {
    after: u64,
    until: Time,
    to: Id,
    /// How many posts it has seen.
    posts: u32,
}

/// The server, as the routes use it.
struct Server {
    boards: Arc<Boards>,
    pace: Pace,
    requests: u32,
    refused: u32,
    posts: u32,
    waiting: usize,
}

impl Server {
    fn take(&mut self, now: Time) -> Result<(), Trouble> {
        self.requests += 1;
        self.pace.take(now, ALL).map_err(|retry| {
            self.refused += 1;
            let seconds = retry.as_millis().div_ceil(1000).max(1);
            let retry = Some(Duration::from_secs(seconds.try_into().unwrap()));
            Trouble::Busy { retry }
        })
    }

    async fn post(
        &mut self,
        now: Time,
        phase: Phase,
        body: &[u8],
    ) -> Result<Reply<'static>, Trouble> {
        self.take(now)?;
        let post = Post {
            board: &TOWN.board,
            phase,
            body,
            source: ALL,
        };
        self.boards.post(now, &post).await.unwrap();
        self.posts += 1;
        Ok(Reply::Taken)
    }

    /// The answer to a read, unless it still has to wait.
    async fn news(&mut self, now: Time, reading: &mut Reading) -> Option<(Vec<u8>, u64)> {
        let is_over = reading.until <= now;
        if reading.posts == self.posts && !is_over {
            return None;
        }
        reading.posts = self.posts;
        let what = What::News(Some(*reading.to.as_bytes()));
        let which = (&TOWN.board, &what);
        let span = self.boards.span(now, which, reading.after, 1 << 20);
        let span = span.await.unwrap();
        if span.bytes == 0 && !is_over {
            return None;
        }
        let read = self.boards.read(which, span, usize::MAX).await;
        let (bytes, _) = read.unwrap();
        Some((bytes, span.until))
    }
}

impl Person {
    fn new(number: u8) -> Self {
        let place = (TOWN.board.clone(), TOWN.passkey.clone());
        let seed = Seed::new([number; 32]);
        let mut config = Config::default();
        config.parallel = 1;
        Self {
            number: number.into(),
            visit: Visit::new(config, place, b"", seed, Time::ZERO).unwrap(),
            work: VecDeque::new(),
            wake: Some(Time::ZERO),
            reading: None,
        }
    }

    /// Everything that is due.
    async fn live(&mut self, now: Time, server: &mut Server, work_ms: u64) {
        while self.work.front().is_some_and(|work| work.0 <= now.as_ms()) {
            let (_, encounter) = self.work.pop_front().unwrap();
            let met = encounter.finish(&TOWN.people[self.number].1);
            self.visit.handle(now, Input::Done(Done::Met(met)));
            self.obey(now, server, work_ms).await;
        }
        if let Some(reading) = &mut self.reading
            && let Some((bytes, cursor)) = server.news(now, reading).await
        {
            self.reading = None;
            self.visit.handle(now, Input::News(Ok((&bytes, cursor))));
            self.obey(now, server, work_ms).await;
        }
        if self.wake.is_some_and(|wake| wake <= now) {
            self.visit.handle(now, Input::Tick);
            self.obey(now, server, work_ms).await;
        }
    }

    /// Does what the visit wants until it waits.
    async fn obey(&mut self, now: Time, server: &mut Server, work_ms: u64) {
        loop {
            match self.visit.poll() {
                Output::Work(Job::Open(_)) => {
                    let session = Box::new(TOWN.people[self.number].0.clone());
                    self.visit.handle(now, Input::Done(Done::Opened(session)));
                }
                Output::Work(Job::Meet(encounter)) => {
                    self.work.push_back((now.as_ms() + work_ms, encounter));
                }
                Output::Post { phase, body } => {
                    let reply = server.post(now, phase, &body).await;
                    self.visit.handle(now, Input::Posted(reply));
                }
                Output::Read { after, wait, to } => match server.take(now) {
                    Ok(()) => {
                        self.reading = Some(Reading {
                            after,
                            until: now.after(wait),
                            to: to.unwrap(),
                            posts: u32::MAX,
                        });
                    }
                    Err(trouble) => self.visit.handle(now, Input::News(Err(trouble))),
                },
                Output::Tell(_) => {}
                Output::Wait(until) => {
                    self.wake = until;
                    return;
                }
            }
        }
    }
}

/// Lets everyone start at once, each needing `work_ms` for a T1, until all have met all; fails if
/// they have not after ten minutes.
async fn meet(work_ms: u64, rate: Rate) -> Server {
    let store = Memory::new(journal::Limits::default(), Arc::new(ManualClock::default()));
    let mut server = Server {
        boards: Arc::new(Boards::new(Arc::new(store), Settings::default().limits)),
        pace: Pace::new(rate, 10),
        requests: 0,
        refused: 0,
        posts: 0,
        waiting: 0,
    };
    let mut people: Vec<Person> = (0..PEOPLE).map(Person::new).collect();
    for now in (0..600_000).step_by(10) {
        for person in &mut people {
            let now = Time::from_ms(now);
            person.live(now, &mut server, work_ms).await;
        }
        let waiting = people.iter().filter(|person| person.reading.is_some());
        server.waiting = server.waiting.max(waiting.count());
        let all = u64::from(PEOPLE) - 1;
        if people
            .iter()
            .all(|person| person.visit.stats().matches == all)
        {
            return server;
        }
    }
    panic!("some have not met all others");
}

#[tokio::test]
async fn fifty_people_behind_one_address_meet_and_are_never_refused() {
    let settings = Settings::default();
    for work_ms in [0, 20, 100, 500, 2_000] {
        let server = meet(work_ms, settings.requests).await;
        assert_eq!(
            server.refused, 0,
            "of {} requests at {work_ms} ms for each T1",
            server.requests
        );
        let people = usize::from(PEOPLE);
        let records = people * (1 + 2 * (people - 1));
        assert_eq!(server.boards.stats().held.records, records);
        assert!(server.waiting <= settings.waiting.per_source);
        assert!(2 * people <= settings.connections.per_source);
    }
}

#[tokio::test]
async fn a_third_of_the_rate_would_refuse_some_and_they_meet_all_the_same() {
    let Rate { per_second, burst } = Settings::default().requests;
    let rate = Rate {
        per_second: per_second / 3,
        burst: burst / 3,
    };
    assert!(meet(100, rate).await.refused > 0);
}
