//! Two processes on one store do what a naive list does, for any history of posts, reads, restarts
//! and time.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a test"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use host::board::{Boards, Limits, Post, Quota, Source, Stats, What, Which};
use journal::{ManualClock, Memory, Sqlite, Store};
use kernel::Time;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use rendezvous::board::{Board, Phase};

#[derive(Clone, Debug)]
enum Step {
    Post {
        process: usize,
        board: u8,
        phase: usize,
        ids: Vec<u8>,
        source: u64,
    },
    Read {
        process: usize,
        board: u8,
        skip: usize,
    },
    Pass {
        ms: u64,
    },
    Restart {
        process: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let ids = proptest::collection::vec(0..12_u8, 0..5);
    prop_oneof![
        8 => (0..2_usize, 0..4_u8, 0..3_usize, ids, 0..3_u64).prop_map(
            |(process, board, phase, ids, source)| Step::Post { process, board, phase, ids, source }),
        4 => (0..2_usize, 0..4_u8, 0..9_usize)
            .prop_map(|(process, board, skip)| Step::Read { process, board, skip }),
        2 => (0..700_u64).prop_map(|ms| Step::Pass { ms }),
        1 => (0..2_usize).prop_map(|process| Step::Restart { process }),
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

/// A process and a source there; nobody, once the process was started again.
type Poster = Option<(usize, u64)>;

/// Born, where, what, bytes, source.
type Kept = (u64, Board, Phase, Vec<u8>, Poster);

/// A list of everything; every question is answered by walking it.
#[derive(Default)]
struct Model {
    now: u64,
    records: Vec<Kept>,
    openers: Vec<(Board, Poster)>,
}

impl Model {
    fn live(&mut self) {
        let now = self.now;
        self.records.retain(|(born, ..)| born + 1_000 > now);
        let records = &self.records;
        self.openers
            .retain(|(board, _)| records.iter().any(|r| r.1 == *board));
    }

    fn post(&mut self, board: &Board, phase: Phase, ids: &[u8], source: Poster) -> Option<usize> {
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

    /// A process begins anew: it knows the records, and nobody who posted them.
    fn restart(&mut self, process: usize) {
        let forget = |poster: &mut Poster| {
            if poster.is_some_and(|(of, _)| of == process) {
                *poster = None;
            }
        };
        self.records.iter_mut().for_each(|kept| forget(&mut kept.4));
        self.openers.iter_mut().for_each(|open| forget(&mut open.1));
    }

    fn entries(&mut self, board: &Board) -> Vec<Vec<u8>> {
        self.live();
        let here = self.records.iter().filter(|r| r.1 == *board);
        here.map(|r| [&[r.2.byte()], r.3.as_slice()].concat())
            .collect()
    }
}

/// Two processes on a store, told the time.
struct World {
    clock: Arc<ManualClock>,
    store: Arc<dyn Store>,
    processes: [Arc<Boards>; 2],
    model: Model,
}

impl World {
    fn new(store: Arc<dyn Store>, clock: Arc<ManualClock>) -> Self {
        let process = || Arc::new(Boards::new(Arc::clone(&store), limits()));
        Self {
            clock,
            processes: [process(), process()],
            store,
            model: Model::default(),
        }
    }

    /// A process, after it has looked at what the other one did.
    async fn process(&self, number: usize) -> Arc<Boards> {
        let process = self.processes.get(number).unwrap();
        let now = Time::from_ms(self.model.now);
        process.learn(now, Which::All).await.unwrap();
        Arc::clone(process)
    }

    async fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Pass { ms } => {
                self.model.now += ms;
                self.clock.set(Time::from_ms(self.model.now));
            }
            Step::Post {
                process,
                board: number,
                phase,
                ids,
                source,
            } => {
                let (board, phase) = (board(number), *Phase::ALL.get(phase).unwrap());
                let body: Vec<u8> = ids
                    .iter()
                    .flat_map(|id| record(&board, phase, *id))
                    .collect();
                let post = Post {
                    board: &board,
                    phase,
                    body: &body,
                    source: Source::new(source),
                };
                let poster = Some((process, source));
                let expected = self.model.post(&board, phase, &ids, poster);
                let now = Time::from_ms(self.model.now);
                let posted = self.process(process).await.post(now, &post).await;
                prop_assert_eq!(posted.ok(), expected);
            }
            Step::Read {
                process,
                board: number,
                skip,
            } => self.read(process, &board(number), skip).await?,
            Step::Restart { process } => {
                let new = Boards::new(Arc::clone(&self.store), limits());
                *self.processes.get_mut(process).unwrap() = Arc::new(new);
                self.model.restart(process);
            }
        }
        self.model.live();
        let records = self.model.records.len();
        for number in 0..2 {
            let stats = self.process(number).await.stats();
            prop_assert_eq!(stats.held.records, records);
            prop_assert_eq!(stats.boards, self.model.openers.len());
            prop_assert!(records <= limits().server.records);
            prop_assert!(stats.boards <= limits().boards);
        }
        Ok(())
    }

    /// Every cursor on the way yields the rest of the list.
    async fn read(
        &mut self,
        process: usize,
        board: &Board,
        skip: usize,
    ) -> Result<(), TestCaseError> {
        let (now, all) = (Time::from_ms(self.model.now), (board, &What::News(None)));
        let expected = self.model.entries(board);
        let process = self.process(process).await;
        let mut after = 0;
        let (first, others) = expected.split_at(skip.min(expected.len()));
        for entry in first {
            let span = process.span(now, all, after, 1).await.unwrap();
            let (bytes, _) = process.read(all, span, usize::MAX).await.unwrap();
            prop_assert_eq!(&bytes, entry);
            prop_assert!(span.until > after);
            after = span.until;
        }
        let rest = process.span(now, all, after, usize::MAX).await.unwrap();
        let (bytes, _) = process.read(all, rest, 150).await.unwrap();
        let whole = others.concat();
        prop_assert!(whole.starts_with(&bytes) && bytes.is_empty() == whole.is_empty());
        prop_assert_eq!(rest.bytes, whole.len());
        Ok(())
    }

    /// All steps, and then time for everything to be over.
    async fn run(mut self, steps: Vec<Step>) -> Result<(), TestCaseError> {
        for step in steps {
            self.step(step).await?;
        }
        for process in &self.processes {
            process.expire(Time::from_ms(self.model.now + 2_000));
            prop_assert_eq!(process.stats(), Stats::default());
        }
        Ok(())
    }
}

fn run(
    store: Arc<dyn Store>,
    clock: Arc<ManualClock>,
    steps: Vec<Step>,
) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime
        .unwrap()
        .block_on(World::new(store, clock).run(steps))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_boards_agree_with_a_list_of_everything(steps in proptest::collection::vec(step(), 1..60)) {
        let clock = Arc::new(ManualClock::default());
        let store = Memory::new(journal::Limits::default(), clock.clone());
        run(Arc::new(store), clock, steps)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_boards_on_disk_agree_with_a_list_of_everything(steps in proptest::collection::vec(step(), 1..60)) {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("boards-model-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&place));
        let clock = Arc::new(ManualClock::default());
        let store = Sqlite::open(&place, journal::Limits::default(), clock.clone()).unwrap();
        run(Arc::new(store), clock, steps)?;
        std::fs::remove_dir_all(&place).unwrap();
    }
}
