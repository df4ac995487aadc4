//! Two to twenty people on a link where everything goes wrong that can, a thousand times.
//!
//! A failing seed is printed; `SIM_SEED=n` runs it alone, `SIM_SEEDS=n` runs more of them.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test from end to end"
)]

use kernel::Time;
use rendezvous::Salt;
use rendezvous::lan::Config;
use sim::{
    Cache, Faults, Network, Partition, Person, Rng, failing_seeds, group, passkeys, seconds, wrong,
};

/// The people of every run: the first of them take part.
fn people() -> Vec<Person> {
    let keys = passkeys(Salt::ZERO).unwrap();
    let person = |n: u8| Person {
        passkey: keys[group(usize::from(n))].clone(),
        payload: format!("person {n}").into_bytes(),
        seed: [n; 31],
        config: Config::default(),
    };
    (0..20).map(person).collect()
}

/// One run, all from its seed.
#[derive(Debug)]
struct Scenario {
    people: usize,
    starts: Vec<Time>,
    restart: Option<(usize, Time)>,
    faults: Faults,
    end: Time,
}

impl Scenario {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x5ce7_a210);
        let people = match seed % 100 {
            0..=1 => 20,
            2..=5 => 8 + usize::try_from(rng.below(5)).unwrap(),
            6..=30 => 4 + usize::try_from(rng.below(2)).unwrap(),
            31..=60 => 3,
            _ => 2,
        };
        // Few people take part in more: long partitions, several sessions, a restart.
        let is_long = people <= 3 && rng.chance(50);
        let mut faults = Faults {
            loss_percent: rng.within((0, 35)),
            duplicate_percent: rng.within((0, 30)),
            delay_ms: (rng.within((0, 5)), rng.within((5, 400))),
            job_ms: (rng.within((20, 100)), rng.within((100, 500))),
            partitions: Vec::new(),
        };
        let mut restart = None;
        let end = if is_long { 200 } else { 55 };
        if rng.chance(50) {
            let (from, lasts) = if is_long { (60, 80) } else { (5, 10) };
            let from = rng.below(from);
            faults.partitions.push(Partition {
                from: seconds(from),
                to: seconds(from + 1 + rng.below(lasts)),
                split: 1 + usize::try_from(rng.below(people as u64 - 1)).unwrap(),
            });
        } else if is_long {
            restart = Some((people - 1, seconds(rng.within((10, 120)))));
        }
        let starts = (0..people)
            .map(|_| Time::from_ms(rng.below(8000)))
            .collect();
        Self {
            people,
            starts,
            restart,
            faults,
            end: seconds(end),
        }
    }

    /// What went wrong.
    fn run(&self, seed: u64, people: &[Person], cache: &Cache) -> Vec<String> {
        let mut network = Network::new(cache, self.faults.clone(), seed);
        for (person, start) in people.iter().zip(&self.starts) {
            network.join(person.clone(), *start);
        }
        if let Some((node, at)) = self.restart {
            network.restart(node, at);
        }
        network.run(self.end).unwrap();
        let most = if self.restart.is_some() { 2 } else { 1 };
        wrong(self.people, most, |a, b| {
            let payload = people[b].payload.as_slice();
            network.matches(a).filter(|(_, p)| *p == payload).count()
        })
    }
}

#[test]
fn all_who_share_a_passphrase_meet_and_nobody_else_whatever_the_link_does() {
    let (people, cache) = (people(), Cache::default());
    let failures = failing_seeds(1000, |seed| {
        let scenario = Scenario::new(seed);
        let wrong = scenario.run(seed, &people, &cache);
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

#[test]
fn a_run_can_be_repeated() {
    let (people, cache) = (people(), Cache::default());
    let trace = |seed| {
        let scenario = Scenario::new(99);
        let mut network = Network::new(&cache, scenario.faults.clone(), seed);
        for (person, start) in people.iter().take(2).zip(&scenario.starts) {
            network.join(person.clone(), *start);
        }
        network.run(seconds(30)).expect("a short payload");
        (network.sent(), format!("{:?}", network.told(0)))
    };
    assert_eq!(trace(1), trace(1));
    assert_ne!(trace(1), trace(2));
}

#[test]
fn two_whose_time_is_up_in_the_middle_both_meet_or_neither_does() {
    let (people, cache) = (people(), Cache::default());
    let met = |end| {
        let faults = Faults {
            delay_ms: (1, 5),
            ..Faults::none()
        };
        let mut network = Network::new(&cache, faults, end);
        for (node, person) in people.iter().take(2).enumerate() {
            network.join(person.clone(), Time::ZERO);
            network.finish(node, Time::from_ms(end));
        }
        network.run(seconds(20)).expect("a short payload");
        [0, 1].map(|node| network.matches(node).count())
    };
    let mut met_when_ended = Vec::new();
    for end in (0..300).step_by(5) {
        let met = met(end);
        assert_eq!(met[0], met[1], "end at {end} ms");
        met_when_ended.push(met[0]);
    }
    assert!(met_when_ended.is_sorted(), "{met_when_ended:?}");
    // 100 ms for the session, 5 for the T1: from then on, though the exchange takes 200 and more.
    assert_eq!(met_when_ended[22], 1, "{met_when_ended:?}");
}
