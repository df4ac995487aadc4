//! Two machines on a perfect link.

use super::*;

/// Datagrams by time, sender and size, and what each node was told.
#[derive(Debug, Default)]
struct Observed {
    trace: Vec<(u64, usize, usize)>,
    payloads: [Vec<Vec<u8>>; 2],
}

/// Runs two nodes until both leave at `end`, and as long as they stay; every datagram takes 1 ms and
/// every job 100 ms.
fn observe(passphrases: [&[u8]; 2], end: u64) -> Observed {
    let mut nodes = [(0, b"from a"), (1, b"from b")].map(|(i, payload)| {
        let seed = u8::try_from(i).unwrap() + 1;
        Node::with(Config::default(), passphrases[i], payload, seed)
    });
    let mut seen = Observed::default();
    let mut flying: Vec<(u64, usize, Vec<u8>)> = Vec::new();
    let mut working: Vec<(u64, usize, Job)> = Vec::new();
    for now in 0..end + 10_000 {
        for (i, node) in nodes.iter_mut().enumerate() {
            node.now = now;
            if now == end {
                node.lan.finish(at(now));
            }
            let from = address(if i == 0 { 2 } else { 1 });
            node.lan.handle(at(now), Input::Tick);
            for (_, _, bytes) in flying.extract_if(.., |f| f.0 == now && f.1 == i) {
                let (link, bytes) = (LINK, bytes.as_slice());
                node.lan
                    .handle(at(now), Input::Datagram { link, from, bytes });
            }
            for (_, _, job) in working.extract_if(.., |w| w.0 == now && w.1 == i) {
                node.lan.handle(at(now), Input::Done(run(job)));
            }
            let did = node.drain();
            seen.payloads[i].extend(did.matches().into_iter().map(<[u8]>::to_vec));
            working.extend(did.jobs.into_iter().map(|job| (now + 100, i, job)));
            let sent = did.sent.into_iter().map(|(_, bytes)| bytes);
            for bytes in did.multicast.into_iter().chain(sent) {
                seen.trace.push((now, i, bytes.len()));
                flying.push((now + 1, 1 - i, bytes));
            }
        }
    }
    seen
}

#[test]
fn two_with_the_same_passphrase_swap_payloads() {
    let seen = observe([RIGHT, RIGHT], 1000);
    assert_eq!(seen.payloads, [[b"from b"], [b"from a"]]);
}

#[test]
fn an_observer_cannot_tell_a_match_from_none() {
    // Over a renewal, so that both sessions of both sides are at work, and over the end.
    let same = observe([RIGHT, RIGHT], 70_000);
    let other = observe([RIGHT, WRONG], 70_000);
    assert_eq!(same.trace, other.trace);
    assert!(same.trace.len() > 20);
    assert_eq!(other.payloads, [Vec::<Vec<u8>>::new(), Vec::new()]);
}

#[test]
fn two_that_end_in_the_middle_of_an_exchange_complete_it() {
    // The sessions are open at 100, the T1 are there at 101 and 102, their work is done at 201.
    for end in [110, 150, 200, 201, 202, 203, 204] {
        let seen = observe([RIGHT, RIGHT], end);
        assert_eq!(seen.payloads, [[b"from b"], [b"from a"]], "end at {end}");
    }
    let before = observe([RIGHT, RIGHT], 50);
    assert!(before.trace.is_empty());
}

#[test]
fn nor_can_he_tell_it_from_how_they_end() {
    for end in [110, 201, 203, 1000] {
        let same = observe([RIGHT, RIGHT], end);
        let other = observe([RIGHT, WRONG], end);
        assert_eq!(same.trace, other.trace, "end at {end}");
    }
}
