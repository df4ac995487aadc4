//! Two devices that talk while everything goes wrong that can.
//!
//! A failing seed is printed; `SIM_SEED=n` runs it alone, `SIM_SEEDS=n` runs more of them.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test from end to end"
)]

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use channel::Mode;
use sim::{Crash, Dies, Talk, TalkPlan, Talked, Way, failing_seeds};

const WAYS: [Way; 3] = [Way::Pipe, Way::Datagrams, Way::Relay];

/// What a number of runs came to.
#[derive(Debug, Default)]
struct Sum {
    ends: BTreeMap<String, u64>,
    dialled: u64,
    resumed: usize,
    shown: usize,
    held: usize,
}

impl Sum {
    fn add(&mut self, talked: &Talked) {
        for (end, count) in &talked.ends {
            *self.ends.entry(end.clone()).or_default() += count;
        }
        self.dialled += talked.dialled;
        self.resumed += talked.resumed;
        self.held = self.held.max(talked.held);
        self.shown += talked.shown.iter().map(Vec::len).sum::<usize>();
    }
}

/// A thousand wild runs; what they came to.
fn wild(way: impl Fn(u64) -> Way + Sync, mode: Mode) -> Sum {
    let sum = Mutex::new(Sum::default());
    let failures = failing_seeds(1000, |seed| {
        let plan = TalkPlan::wild(way(seed), mode, seed);
        let talked = Talk::new(plan.clone(), seed).run();
        let talked = talked.map_err(|wrong| format!("{wrong}\nin {plan:?}"))?;
        sum.lock().unwrap().add(&talked);
        Ok(())
    });
    assert!(
        failures.is_empty(),
        "{} failed:\n{}",
        failures.len(),
        failures.iter().take(3).cloned().collect::<String>()
    );
    let sum = sum.into_inner().unwrap();
    // however long a frame says to be
    assert!(sum.held <= 65_536, "{sum:?}");
    println!("{mode:?}: {sum:?}");
    sum
}

#[test]
fn over_a_pipe_two_of_ours_lose_nothing_and_hear_nothing_twice() {
    let sum = wild(|_| Way::Pipe, Mode::Ours);
    assert!(sum.resumed > 500, "{sum:?}");
}

#[test]
fn over_datagrams_two_of_ours_lose_nothing_and_hear_nothing_twice() {
    let sum = wild(|_| Way::Datagrams, Mode::Ours);
    assert!(sum.resumed > 500, "{sum:?}");
}

#[test]
fn over_a_relay_two_of_ours_lose_nothing_and_hear_nothing_twice() {
    let sum = wild(|_| Way::Relay, Mode::Ours);
    assert!(sum.resumed > 500, "{sum:?}");
}

#[test]
fn what_comes_after_it_was_given_up_does_no_harm() {
    let doubt = AtomicUsize::new(0);
    let failures = failing_seeds(500, |seed| {
        let mut plan = TalkPlan::wild(Way::Pipe, Mode::Ours, seed);
        plan.late_percent = 80;
        let talked = Talk::new(plan.clone(), seed).run();
        let talked = talked.map_err(|wrong| format!("{wrong}\nin {plan:?}"))?;
        let in_doubt: usize = talked.doubt.iter().map(Vec::len).sum();
        doubt.fetch_add(in_doubt, Ordering::Relaxed);
        Ok(())
    });
    let first = failures.first();
    assert_eq!(first, None, "{} failed", failures.len());
    println!("{} messages in doubt", doubt.into_inner());
}

#[test]
fn in_kamune_nothing_is_heard_twice_or_out_of_order() {
    let sum = wild(
        |seed| WAYS[usize::try_from(seed % 3).unwrap()],
        Mode::Kamune,
    );
    assert!(sum.resumed > 200 && sum.shown > 1000, "{sum:?}");
}

#[test]
fn without_faults_one_connection_is_enough() {
    for way in WAYS {
        for mode in [Mode::Ours, Mode::Kamune] {
            let talked = Talk::new(TalkPlan::calm(way, mode), 1).run().unwrap();
            assert_eq!(talked.dialled, 1, "{way:?}");
            assert_eq!(talked.shown[1], talked.said[0]);
            assert_eq!(talked.shown[0], talked.said[1]);
            assert!(talked.ends.is_empty());
        }
    }
}

/// Every record of a talk of several connections, with every way to die at it, on either side, alone and
/// twice in a row.
#[test]
fn a_process_may_die_at_every_record() {
    let mut runs = 0;
    for side in [0, 1] {
        for record in 0..6 {
            for how in [Dies::Before, Dies::After, Dies::NotKept] {
                for more in 0..3 {
                    let mut plan = TalkPlan::calm(Way::Pipe, Mode::Ours);
                    plan.cuts = vec![20; 5];
                    plan.messages = [30, 30];
                    let crash = |record| Crash { record, how };
                    plan.crashes[side] = (record..=record + more).map(crash).collect();
                    let talked = Talk::new(plan, record).run().unwrap();
                    assert!(talked.saved[side] > record + more, "{record}");
                    runs += 1;
                }
            }
        }
    }
    assert_eq!(runs, 2 * 6 * 3 * 3);
}

/// Every packet of two connections in a row is the last one of the first, and of the second.
#[test]
fn a_connection_may_be_cut_at_every_packet() {
    for (way, most) in [(Way::Pipe, 24), (Way::Relay, 46)] {
        for first in [most, 18] {
            for second in 0..most {
                let mut plan = TalkPlan::calm(way, Mode::Ours);
                plan.cuts = vec![first, second];
                Talk::new(plan, second).run().unwrap();
            }
        }
    }
}

#[test]
fn a_run_can_be_repeated() {
    let run = |seed| {
        let plan = TalkPlan::wild(Way::Datagrams, Mode::Ours, 7);
        Talk::new(plan, seed).run().unwrap()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1).took, run(2).took);
}
