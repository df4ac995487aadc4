//! A room of a thousand: what one node there needs of memory.
//!
//! Alone in its process, so that its memory is the process's.
#![expect(clippy::print_stdout, reason = "for who measures")]

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use kernel::Time;
use rendezvous::lan::{Config, Event, Input, Lan, Link, MAX_PAYLOAD, Output};
use rendezvous::{Done, Job, Opening, Passkey, Salt, Seed, Wanted};
use sim::resident_mib;

const OTHERS: u16 = 1000;
/// How many of them are really worked on: enough to see what a peer costs.
const WORKED: usize = 100;

#[test]
fn a_node_in_a_room_of_a_thousand_stays_below_64_mib() {
    let passkey = Passkey::derive(b"door", Salt::ZERO).unwrap();
    // The others announce the longest payload. They differ in their last bytes, which is as good
    // as different keys to somebody with another passphrase.
    let seeds = Seed::new([9; 32]).next_session();
    let opening = Opening::new(passkey.clone(), vec![0; MAX_PAYLOAD], seeds, Wanted::Every);
    let Done::Opened(other) = Job::Open(opening).run() else {
        panic!("an opening opens");
    };
    let mut config = Config::default();
    config.interval = Duration::from_secs(110);
    config.parallel = usize::from(OTHERS);
    let mut lan = Lan::new(
        config,
        passkey,
        vec![7; MAX_PAYLOAD],
        Seed::new([1; 32]),
        Time::ZERO,
    )
    .unwrap();
    let before = resident_mib();

    let (mut jobs, mut most, mut n) = (Vec::new(), 0, 0);
    // As many come per second as may be worked on; every session of the node meets all of them.
    for now in (0..120_000).step_by(100).map(Time::from_ms) {
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
                Output::Work(job) if matches!(job, Job::Open(_)) || jobs.len() < WORKED => {
                    let is_meeting = matches!(job, Job::Meet(_));
                    let done = job.run();
                    if is_meeting {
                        jobs.push(None);
                    }
                    lan.handle(now, Input::Done(done));
                }
                Output::Work(job) => jobs.push(Some(job)),
                Output::Tell(Event::Room { others, .. }) => most = most.max(others),
                Output::Wait(_) => break,
                _ => {}
            }
        }
    }
    let stats = lan.stats();
    assert!(stats.worked >= u64::from(OTHERS), "{stats:?}");
    assert!(
        most > 700,
        "all who announced themselves within the last 75 s: {most}"
    );
    if let (Some(before), Some(after)) = (before, resident_mib()) {
        println!(
            "{before} MiB before, {after} MiB after, {} jobs",
            jobs.len()
        );
        assert!(after < 64, "{before} MiB before, {after} MiB after");
    }
}
