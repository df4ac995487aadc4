//! A stranger between two of our nodes that repeats their messages with a reference tag.

use super::*;

/// What comes before the stranger sends the T2.
#[derive(Clone, Copy, Debug)]
enum Before {
    Honest,
    Stranger,
    /// The stranger takes all places that a T1 may have.
    StrangerEverywhere,
}

/// Time, sender, receiver and size of a datagram.
type Trace = Vec<(u64, usize, SocketAddrV4, usize)>;

fn stranger(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(*address(9).ip(), 9000 + port)
}

fn hear(node: &mut Node, from: SocketAddrV4, tag: u8, t1: &[u8]) -> Did {
    let mut did = node.t1(from, tag, t1);
    let after = node.finish_jobs(core::mem::take(&mut did.jobs));
    did.sent.extend(after.sent);
    did
}

/// All that the two nodes send in 20 s, with `passphrase` at the second one.
fn relayed(passphrase: &[u8], before: Before) -> Trace {
    let mut nodes = [(RIGHT, 1), (passphrase, 2)].map(|(passphrase, seed)| {
        let mut node = Node::with(Config::default(), passphrase, b"payload", seed);
        let jobs = node.drain().jobs;
        node.finish_jobs(jobs);
        node
    });
    let t1s = [nodes[1].session_t1(), nodes[0].session_t1()];
    let ports = match before {
        Before::Honest => 0..0,
        Before::Stranger => 0..1,
        Before::StrangerEverywhere => 0..4,
    };
    let mut trace = Trace::new();
    let mut t2s = Vec::new();
    for (i, node) in nodes.iter_mut().enumerate() {
        let honest = address(if i == 0 { 2 } else { 1 });
        let early = ports.clone().map(|port| (stranger(port), b'_'));
        let all = early.chain([(honest, b'e'), (stranger(0), b'_')]);
        let mut sent = Vec::new();
        for (from, tag) in all {
            sent.extend(hear(node, from, tag, &t1s[i]).sent);
        }
        let find = |(to, bytes): &(_, Vec<u8>)| {
            let t2 = bytes.strip_prefix(b"t2").and_then(T2::from_bytes);
            t2.filter(|_| *to == stranger(0))
        };
        t2s.push(sent.iter().find_map(find).expect("the stranger gets a T2"));
        trace.extend(sent.iter().map(|(to, bytes)| (0, i, *to, bytes.len())));
    }
    for (i, node) in nodes.iter_mut().enumerate() {
        let did = node.t2(stranger(0), t2s[1 - i]);
        assert_eq!(did.kinds(), ["t3"], "{before:?}");
        trace.extend(did.sent.iter().map(|(to, bytes)| (0, i, *to, bytes.len())));
        for now in (100..20_000).step_by(100) {
            let sent = node.tick(now).sent;
            trace.extend(sent.iter().map(|(to, bytes)| (now, i, *to, bytes.len())));
        }
    }
    trace
}

#[test]
fn a_stranger_that_repeats_messages_with_a_reference_tag_learns_nothing() {
    for before in [Before::Honest, Before::Stranger, Before::StrangerEverywhere] {
        let right = relayed(RIGHT, before);
        assert_eq!(right, relayed(WRONG, before), "{before:?}");
    }
}
