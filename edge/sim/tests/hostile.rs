//! A million random and mutated datagrams into one machine: no panic, bounded memory.
//!
//! Alone in its process, so that its memory is the process's.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test from end to end"
)]

use std::net::{Ipv4Addr, SocketAddrV4};

use kernel::Time;
use rendezvous::lan::{Config, Input, Lan, Link, Output};
use rendezvous::{Done, Job, Passkey, Salt, Seed};
use sim::{Rng, resident_bytes};

const DATAGRAMS: u64 = 1_000_000;

/// A datagram that may be anything, most often almost right.
fn hostile(rng: &mut Rng, seen: &[Vec<u8>]) -> Vec<u8> {
    let length = usize::try_from(rng.below(1100)).unwrap();
    let mut bytes = match rng.below(8) {
        0 => rng.bytes(length),
        1 => [b"t1".as_slice(), &rng.bytes(length)].concat(),
        2 => [b"t1e".as_slice(), &rng.bytes(192 + length)].concat(),
        3 => [b"t2".as_slice(), &rng.bytes(32)].concat(),
        4 => [b"t3".as_slice(), &rng.bytes(32)].concat(),
        _ => seen[usize::try_from(rng.below(seen.len() as u64)).unwrap()].clone(),
    };
    for _ in 0..rng.below(3) {
        if bytes.is_empty() {
            break;
        }
        let at = usize::try_from(rng.below(bytes.len() as u64)).unwrap();
        match rng.below(4) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, 0),
            _ => bytes[at] ^= 1 << rng.below(8),
        }
    }
    bytes
}

/// From few places, or from anywhere.
fn source(rng: &mut Rng) -> SocketAddrV4 {
    let (hosts, ports) = if rng.chance(50) {
        (4, 2)
    } else {
        (1 << 32, 1 << 16)
    };
    let host = u32::try_from(rng.below(hosts)).unwrap();
    let port = u16::try_from(rng.below(ports)).unwrap();
    SocketAddrV4::new(Ipv4Addr::from_bits(0x0a00_0000 ^ host), port)
}

#[test]
fn a_million_hostile_datagrams_neither_stop_the_machine_nor_fill_its_memory() {
    let passkey = Passkey::derive(b"door", Salt::ZERO).unwrap();
    let (config, seed) = (Config::default(), Seed::new([1; 32]));
    let parallel = config.parallel;
    let mut lan = Lan::new(config, passkey.clone(), vec![7; 829], seed, Time::ZERO).unwrap();
    // Work is really done for the first session and a few T1; later sessions never open and later
    // T1 are never worked on, so that queues are full most of the time.
    let (mut real, mut handed_out) = (40, 0_usize);
    let mut rng = Rng::new(2);
    let mut seen = vec![b"t1_".to_vec()];
    let (mut outputs, mut early) = (0, None);
    for n in 0..DATAGRAMS {
        let now = Time::from_ms(n / 10);
        let (link, from) = (Link::new(1), source(&mut rng));
        let bytes = &hostile(&mut rng, &seen);
        lan.handle(now, Input::Datagram { link, from, bytes });
        loop {
            match lan.poll() {
                Output::Work(job) if real > 0 => {
                    real -= 1;
                    let done = job.run();
                    if let Done::Opened(session) = &done {
                        seen.push([b"t1_", session.t1()].concat());
                    }
                    lan.handle(now, Input::Done(done));
                }
                Output::Work(Job::Meet(_)) => handed_out += 1,
                Output::Work(Job::Open(_)) | Output::Tell(_) => {}
                Output::Multicast(bytes) | Output::Send { bytes, .. } => {
                    outputs += 1;
                    if seen.len() < 64 {
                        seen.push(bytes);
                    }
                }
                Output::Wait(until) => {
                    assert!(until.is_none_or(|until| until > now));
                    break;
                }
            }
        }
        if n == DATAGRAMS / 10 {
            early = resident_bytes().unwrap();
        }
    }
    assert_eq!(lan.stats().received, DATAGRAMS);
    assert_eq!(handed_out, parallel, "no more jobs than may run at once");
    assert!(
        outputs < DATAGRAMS * 2,
        "no amplification: {outputs} datagrams sent"
    );
    if let (Some(early), Some(late)) = (early, resident_bytes().unwrap()) {
        assert!(
            late < 64_000_000 && late <= early + 8_000_000,
            "{early} bytes, then {late}"
        );
    }
}
