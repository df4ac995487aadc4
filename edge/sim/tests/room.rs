//! A room of a thousand: what one node there needs of memory.
//!
//! Alone in its process, so that its memory is the process's. `cargo xtask bench` reads what it
//! prints.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "a test that measures"
)]

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use ctidh::Backend;
use kernel::Time;
use rendezvous::lan::{Config, Event, Input, Lan, Link, MAX_PAYLOAD, Output};
use rendezvous::{Agreed, Done, Id, Job, Opening, Passkey, Salt, Seed, Wanted};
use sim::resident_bytes;

const OTHERS: u16 = 1000;

#[test]
fn a_node_in_a_room_of_a_thousand_stays_below_64_mb() {
    let passkey = Passkey::derive(b"door", Salt::ZERO).unwrap();
    // The others announce the longest payload. They differ in their last bytes, which is as good
    // as different keys to somebody with another passphrase.
    let seeds = Seed::new([9; 32]).next_session();
    let opening = Opening::new(passkey.clone(), vec![0; MAX_PAYLOAD], seeds, Wanted::Every);
    let other = opening.run();
    let mut config = Config::default();
    config.interval = Duration::from_secs(110);
    let mut lan = Lan::new(
        config,
        passkey,
        vec![7; MAX_PAYLOAD],
        Seed::new([1; 32]),
        Time::ZERO,
    )
    .unwrap();
    // The 98 MiB of stretching the passphrase are free again.
    let before = resident_bytes().unwrap();

    let (mut work, mut most, mut n) = (Work::default(), 0, 0);
    // As many come per second as may be worked on. Everyone is met by two sessions of the node,
    // the current one and the one before.
    for now in (0..220_000).step_by(100).map(Time::from_ms) {
        let host = n % OTHERS;
        n += 1;
        let [high, low] = host.to_be_bytes();
        let mut bytes = [b"t1e", other.t1()].concat();
        let at = bytes.len() - 2;
        bytes.truncate(at);
        bytes.extend([high, low]);
        let from = SocketAddrV4::new(Ipv4Addr::new(10, 0, high, low), 40_000);
        let (link, bytes) = (Link::new(1), bytes.as_slice());
        lan.handle(now, Input::Datagram { link, from, bytes });
        loop {
            match lan.poll() {
                Output::Work(job) => lan.handle(now, Input::Done(work.run(job))),
                Output::Tell(Event::Room { others, .. }) => most = most.max(others),
                Output::Wait(_) => break,
                _ => {}
            }
        }
    }
    let met: Vec<usize> = work.met.into_values().collect();
    assert_eq!(
        met,
        [usize::from(OTHERS); 2],
        "T1 worked on by each session"
    );
    assert_eq!(lan.stats().refused, 0);
    assert!(
        most > 700,
        "all who announced themselves within the last 75 s: {most}"
    );
    if let (Some(before), Some(after)) = (before, resident_bytes().unwrap()) {
        println!("\n{{\"resident_bytes\":{after}}}");
        assert!(after < 64_000_000, "{before} bytes before, {after} after");
    }
}

/// Runs jobs; T1 with the same CTIDH key share its work.
#[derive(Default)]
struct Work {
    agreed: BTreeMap<Id, Agreed>,
    met: BTreeMap<Id, usize>,
}

impl Work {
    fn run(&mut self, job: Job) -> Done {
        match job {
            Job::Open(opening) => Done::Opened(Box::new(opening.run())),
            Job::Meet(encounter) => {
                let session = encounter.session();
                *self.met.entry(session).or_default() += 1;
                let agree = || encounter.agree_with(Backend::best());
                let agreed = self.agreed.entry(session).or_insert_with(agree);
                Done::Met(encounter.finish(agreed))
            }
        }
    }
}
