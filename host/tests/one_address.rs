//! Fifty people behind one address meet at one board, and no default limit refuses any of them.
//!
//! Store and limiter are the real ones; the people are as quick as `spec/10-rendezvous.md` section
//! 5.3 lets them be, and time is a number.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test"
)]

use std::collections::VecDeque;

use host::board::{Post, Source, Store, What};
use host::http::Settings;
use host::pace::{Pace, Rate};
use kernel::Time;
use rendezvous::board::{Board, Phase};

const PEOPLE: u8 = 50;
const BATCH: usize = 160;
const ALL: Source = Source::new(1);

/// One of them. Her id is her number, 32 times.
struct Person {
    number: u8,
    /// Records that wait to be posted.
    due: VecDeque<(Phase, Vec<u8>)>,
    /// T1 that wait for work, which takes a time each.
    work: VecDeque<u8>,
    worked_at: u64,
    post_at: u64,
    read_at: u64,
    /// Whether a read waits at the server.
    is_waiting: bool,
    cursor: u64,
    others: u64,
    matches: u8,
}

impl Person {
    fn new(number: u8) -> Self {
        Self {
            number,
            due: VecDeque::from([(Phase::One, vec![number; 768])]),
            work: VecDeque::new(),
            worked_at: 0,
            post_at: 0,
            read_at: 0,
            is_waiting: false,
            cursor: 0,
            others: 0,
            matches: 0,
        }
    }

    fn answer(&mut self, phase: Phase, to: u8) {
        let record = [[self.number; 32], [to; 32], [0; 32]].concat();
        self.due.push_back((phase, record));
    }

    fn pace(&self) -> u64 {
        200 * (1 + self.others / 10).min(10)
    }

    /// Takes the entries of an answer.
    fn hear(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((&kind, record)) = rest.split_first() {
            let (record, after) = record.split_at(if kind == 1 { 768 } else { 96 });
            rest = after;
            let from = record[0];
            match kind {
                _ if from == self.number => {}
                1 => {
                    self.others += 1;
                    self.work.push_back(from);
                }
                2 => self.answer(Phase::Three, from),
                _ => self.matches += 1,
            }
        }
    }
}

/// The server, as the routes use it.
struct Server {
    board: Board,
    store: Store,
    pace: Pace,
    requests: u32,
    refused: u32,
    waiting: usize,
}

impl Server {
    fn take(&mut self, now: u64) -> bool {
        self.requests += 1;
        let taken = self.pace.take(Time::from_ms(now), ALL).is_ok();
        self.refused += u32::from(!taken);
        taken
    }

    fn post(&mut self, now: u64, person: &mut Person) {
        if !self.take(now) {
            person.post_at = now + 1_000;
            return;
        }
        let phase = person.due[0].0;
        let mut body = Vec::new();
        for _ in 0..BATCH {
            if person.due.front().is_none_or(|(next, _)| *next != phase) {
                break;
            }
            let (_, record) = person.due.pop_front().unwrap();
            body.extend(record);
        }
        let post = Post {
            board: &self.board,
            phase,
            body: &body,
            source: ALL,
        };
        self.store.post(Time::from_ms(now), &post).unwrap();
        person.post_at = now + person.pace();
    }

    fn read(&mut self, now: u64, person: &mut Person) {
        if !person.is_waiting {
            if !self.take(now) {
                person.read_at = now + 1_000;
                return;
            }
            person.is_waiting = true;
        }
        let what = What::News(Some([person.number; 32]));
        let time = Time::from_ms(now);
        let span = self
            .store
            .span(time, &self.board, &what, person.cursor, 1 << 20);
        person.cursor = span.until;
        if span.bytes > 0 {
            let (bytes, _) = self.store.read(&self.board, &what, span, usize::MAX);
            person.hear(&bytes);
            person.is_waiting = false;
            person.read_at = now + person.pace();
        }
    }
}

/// Lets everyone start at once, each needing `work_ms` for a T1, until all have met all;
/// `None` if they have not after ten minutes.
fn meet(work_ms: u64, rate: Rate) -> Option<Server> {
    let settings = Settings::default();
    let mut server = Server {
        board: Board::Named("one-address".parse().unwrap()),
        store: Store::new(settings.limits),
        pace: Pace::new(rate, 10),
        requests: 0,
        refused: 0,
        waiting: 0,
    };
    let mut people: Vec<Person> = (0..PEOPLE).map(Person::new).collect();
    for now in (0..600_000).step_by(10) {
        for person in &mut people {
            if person.worked_at <= now
                && let Some(from) = person.work.pop_front()
            {
                person.answer(Phase::Two, from);
                person.worked_at = now + work_ms;
            }
            if person.post_at <= now && !person.due.is_empty() {
                server.post(now, person);
            }
            if person.read_at <= now {
                server.read(now, person);
            }
        }
        let waiting = people.iter().filter(|person| person.is_waiting).count();
        server.waiting = server.waiting.max(waiting);
        if people.iter().all(|person| person.matches == PEOPLE - 1) {
            return Some(server);
        }
    }
    None
}

#[test]
fn fifty_people_behind_one_address_meet_and_are_never_refused() {
    let settings = Settings::default();
    for work_ms in [0, 20, 100, 500, 2_000] {
        let server = meet(work_ms, settings.requests).unwrap();
        assert_eq!(
            server.refused, 0,
            "of {} requests at {work_ms} ms for each T1",
            server.requests
        );
        let people = usize::from(PEOPLE);
        let records = people * (1 + 2 * (people - 1));
        assert_eq!(server.store.stats().held.records, records);
        assert!(server.waiting <= settings.waiting.per_source);
        assert!(2 * people <= settings.connections.per_source);
    }
}

#[test]
fn a_third_of_the_rate_would_refuse_some_and_they_meet_all_the_same() {
    let Rate { per_second, burst } = Settings::default().requests;
    let rate = Rate {
        per_second: per_second / 3,
        burst: burst / 3,
    };
    assert!(meet(100, rate).unwrap().refused > 0);
}
