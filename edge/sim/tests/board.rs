//! Two to eight people at one board, with requests lost, answers lost, and a server that is busy
//! or starts anew.
//!
//! A failing seed is printed; `SIM_SEED=n` runs it alone, `SIM_SEEDS=n` runs more of them.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test from end to end"
)]

use kernel::Time;
use rendezvous::board::{Board, Config};
use sim::{
    Cache, Hall, Rng, ServerKind, Visitor, Weather, failing_seeds, group, passkeys, seconds, wrong,
};

fn boards() -> [Board; 2] {
    [Board::Plain, Board::Named("town-hall".parse().unwrap())]
}

/// The visitors of every run of a board.
fn visitors(board: &Board) -> Vec<Visitor> {
    let keys = passkeys(board.salt()).unwrap();
    let visitor = |n: u8| Visitor {
        passkey: keys[group(usize::from(n))].clone(),
        message: format!("visitor {n}").into_bytes(),
        seed: [n; 32],
        config: Config::default(),
    };
    (0..8).map(visitor).collect()
}

#[derive(Debug)]
struct Scenario {
    board: usize,
    kind: ServerKind,
    people: usize,
    starts: Vec<Time>,
    outage: Option<(Time, Time)>,
    weather: Weather,
}

impl Scenario {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0xb0a2_d5ee);
        let board = usize::try_from(rng.below(2)).unwrap();
        let kind = if board == 0 && rng.chance(40) {
            ServerKind::Reference
        } else {
            ServerKind::Ours
        };
        let people = 2 + usize::try_from(rng.below(7)).unwrap();
        let weather = Weather {
            lost_percent: rng.within((0, 20)),
            unanswered_percent: rng.within((0, 20)),
            busy_percent: rng.within((0, 20)),
            delay_ms: (rng.within((0, 20)), rng.within((20, 800))),
            job_ms: (rng.within((20, 100)), rng.within((100, 500))),
        };
        let outage = rng.chance(30).then(|| {
            let from = rng.below(60);
            (seconds(from), seconds(from + 1 + rng.below(30)))
        });
        Self {
            board,
            kind,
            people,
            starts: (0..people)
                .map(|_| Time::from_ms(rng.below(20_000)))
                .collect(),
            outage,
            weather,
        }
    }

    /// What went wrong.
    fn run(&self, seed: u64, visitors: &[Vec<Visitor>; 2], cache: &Cache) -> Vec<String> {
        let board = boards()[self.board].clone();
        let visitors = &visitors[self.board];
        let mut hall = Hall::new(cache, board, self.kind, self.weather.clone(), seed);
        for (visitor, start) in visitors.iter().zip(&self.starts) {
            hall.visit(visitor.clone(), *start);
        }
        if let Some((from, to)) = self.outage {
            hall.outage(from, to);
        }
        hall.run(seconds(400)).unwrap();
        wrong(self.people, 1, |a, b| {
            let message = &visitors[b].message;
            hall.matches(a).filter(|m| *m == message).count()
        })
    }
}

#[test]
fn all_who_share_a_passphrase_meet_at_a_board_and_nobody_else_whatever_the_server_does() {
    let visitors = boards().map(|board| visitors(&board));
    let cache = Cache::default();
    let failures = failing_seeds(1000, |seed| {
        let scenario = Scenario::new(seed);
        let wrong = scenario.run(seed, &visitors, &cache);
        if wrong.is_empty() {
            return Ok(());
        }
        Err(format!("{wrong:?} in {scenario:?}"))
    });
    assert!(
        failures.is_empty(),
        "{} failed:\n{}",
        failures.len(),
        failures.join("\n")
    );
    println!("{} real jobs", cache.len());
}
