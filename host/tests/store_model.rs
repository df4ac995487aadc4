//! The store does what a naive one does, for any history of posts, reads and time.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a test"
)]

use std::time::Duration;

use host::board::{Limits, Post, Quota, Source, Store, What};
use kernel::Time;
use proptest::prelude::*;
use rendezvous::board::{Board, Phase};

#[derive(Clone, Debug)]
enum Step {
    Post {
        board: u8,
        phase: usize,
        ids: Vec<u8>,
        source: u64,
    },
    Read {
        board: u8,
        skip: usize,
    },
    Pass {
        ms: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let ids = proptest::collection::vec(0..12_u8, 0..5);
    prop_oneof![
        4 => (0..4_u8, 0..3_usize, ids, 0..3_u64)
            .prop_map(|(board, phase, ids, source)| Step::Post { board, phase, ids, source }),
        2 => (0..4_u8, 0..9_usize).prop_map(|(board, skip)| Step::Read { board, skip }),
        1 => (0..700_u64).prop_map(|ms| Step::Pass { ms }),
    ]
}

fn board(number: u8) -> Board {
    match number {
        0 => Board::Plain,
        _ => Board::Named(format!("board-{number}").parse().unwrap()),
    }
}

fn record(board: &Board, phase: Phase, id: u8) -> Vec<u8> {
    vec![id; board.record_len(phase)]
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.lifetime = Duration::from_secs(1);
    limits.board = Quota {
        records: 9,
        bytes: 5_000,
    };
    limits.source = Quota {
        records: 12,
        bytes: 8_000,
    };
    limits.server = Quota {
        records: 16,
        bytes: 12_000,
    };
    limits.board_shares = 3;
    limits.server_shares = 4;
    limits.boards = 3;
    limits.boards_of_source = 2;
    limits
}

/// Born, where, what, bytes, source.
type Kept = (u64, Board, Phase, Vec<u8>, u64);

/// A list of everything; every question is answered by walking it.
#[derive(Default)]
struct Model {
    now: u64,
    records: Vec<Kept>,
    openers: Vec<(Board, u64)>,
}

impl Model {
    fn live(&mut self) {
        let now = self.now;
        self.records.retain(|(born, ..)| born + 1_000 > now);
        let records = &self.records;
        self.openers
            .retain(|(board, _)| records.iter().any(|r| r.1 == *board));
    }

    fn post(&mut self, board: &Board, phase: Phase, ids: &[u8], source: u64) -> Option<usize> {
        self.live();
        let mut news: Vec<Vec<u8>> = Vec::new();
        for id in ids {
            let bytes = record(board, phase, *id);
            let is_known = |r: &Kept| r.1 == *board && r.2 == phase && r.3 == bytes;
            if !self.records.iter().any(is_known) && !news.contains(&bytes) {
                news.push(bytes);
            }
        }
        if news.is_empty() {
            return Some(0);
        }
        let limits = limits();
        let sizes = |keep: &dyn Fn(&Kept) -> bool| {
            let kept: Vec<usize> = self
                .records
                .iter()
                .filter(|r| keep(r))
                .map(|r| r.3.len())
                .collect();
            (
                kept.len() + news.len(),
                kept.iter().sum::<usize>() + news.concat().len(),
            )
        };
        let fits = |(records, bytes): (usize, usize), quota: Quota| {
            records <= quota.records && bytes <= quota.bytes
        };
        // The second half of `bound` is for who holds at most a share of it.
        let share = |quota: Quota, shares: usize| Quota {
            records: (quota.records / shares).max(1),
            bytes: (quota.bytes / shares).max(768),
        };
        let may_grow = |all, mine, bound: Quota, shares| {
            let half = Quota {
                records: bound.records / 2,
                bytes: bound.bytes / 2,
            };
            fits(all, half) || fits(mine, share(bound, shares))
        };
        let on_board = sizes(&|r| r.1 == *board);
        let mine_on_board = sizes(&|r| r.1 == *board && r.4 == source);
        let (all, mine) = (sizes(&|_| true), sizes(&|r| r.4 == source));
        let is_open = self.openers.iter().any(|(open, _)| open == board);
        let opened = self.openers.iter().filter(|(_, by)| *by == source).count();
        let boards = self.openers.len() + 1;
        let may_open = opened < limits.boards_of_source
            && boards <= limits.boards
            && (boards <= limits.boards / 2
                || opened < (limits.boards / limits.server_shares).max(1));
        let may = fits(on_board, limits.board)
            && fits(mine, limits.source)
            && fits(all, limits.server)
            && may_grow(on_board, mine_on_board, limits.board, limits.board_shares)
            && may_grow(all, mine, limits.server, limits.server_shares)
            && (is_open || may_open);
        if !may {
            return None;
        }
        if !is_open {
            self.openers.push((board.clone(), source));
        }
        let count = news.len();
        for bytes in news {
            self.records
                .push((self.now, board.clone(), phase, bytes, source));
        }
        Some(count)
    }

    fn entries(&mut self, board: &Board) -> Vec<Vec<u8>> {
        self.live();
        let here = self.records.iter().filter(|r| r.1 == *board);
        here.map(|r| [&[r.2.byte()], r.3.as_slice()].concat())
            .collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_store_agrees_with_a_list_of_everything(steps in proptest::collection::vec(step(), 1..60)) {
        let mut store = Store::new(limits());
        let mut model = Model::default();
        for step in steps {
            let now = Time::from_ms(model.now);
            match step {
                Step::Pass { ms } => model.now += ms,
                Step::Post { board: number, phase, ids, source } => {
                    let (board, phase) = (board(number), Phase::ALL[phase]);
                    let body: Vec<u8> = ids.iter().flat_map(|id| record(&board, phase, *id)).collect();
                    let post = Post { board: &board, phase, body: &body, source: Source::new(source) };
                    let expected = model.post(&board, phase, &ids, source);
                    prop_assert_eq!(store.post(now, &post).ok(), expected);
                }
                Step::Read { board: number, skip } => {
                    let board = board(number);
                    let expected = model.entries(&board);
                    // Every cursor on the way yields the rest of the list.
                    let mut after = 0;
                    let (first, others) = expected.split_at(skip.min(expected.len()));
                    for entry in first {
                        let span = store.span(now, &board, &What::News(None), after, 1);
                        let (bytes, _) = store.read(&board, &What::News(None), span, usize::MAX);
                        prop_assert_eq!(&bytes, entry);
                        prop_assert!(span.until > after);
                        after = span.until;
                    }
                    let rest = store.span(now, &board, &What::News(None), after, usize::MAX);
                    let (bytes, _) = store.read(&board, &What::News(None), rest, 150);
                    let whole = others.concat();
                    prop_assert!(whole.starts_with(&bytes));
                    prop_assert_eq!(rest.bytes, whole.len());
                }
            }
            let stats = store.stats();
            prop_assert!(stats.held.records <= limits().server.records);
            prop_assert!(stats.boards <= limits().boards);
        }
        store.expire(Time::from_ms(model.now + 2_000));
        prop_assert_eq!(store.stats(), host::board::Stats::default());
    }
}
