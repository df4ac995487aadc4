//! Limits, floods and nonsense.

use super::*;

/// A T1 that only work can tell from a real one.
fn forged(n: u16) -> Vec<u8> {
    let valid = session(WRONG, b"", 99);
    let mut t1 = valid.t1().to_vec();
    t1.extend_from_slice(&n.to_le_bytes());
    t1
}

fn host(n: u16) -> SocketAddrV4 {
    let [high, low] = n.to_be_bytes();
    SocketAddrV4::new(Ipv4Addr::new(10, 9, high, low), 1234)
}

/// Another program on the first host.
fn port(n: u16) -> SocketAddrV4 {
    SocketAddrV4::new(*host(1).ip(), 2000 + n)
}

fn overloads(events: &[Event]) -> Vec<u64> {
    let dropped = |event: &_| match event {
        Event::Overloaded { dropped } => Some(*dropped),
        _ => None,
    };
    events.iter().filter_map(dropped).collect()
}

#[test]
fn one_address_queues_its_limit_and_not_one_more() {
    let config = Config {
        parallel: 1,
        ..Config::default()
    };
    let mut node = Node::open(config);
    for n in 0..17 {
        assert_eq!(node.t1(port(n), b'e', &forged(n)).kinds(), ["t1E"], "{n}");
    }
    let did = node.t1(port(17), b'e', &forged(17));
    assert!(did.kinds().is_empty() && did.jobs.is_empty());
    assert_eq!(overloads(&did.events), [1]);
    assert_eq!(node.t1(host(2), b'e', &forged(18)).kinds(), ["t1E"]);
}

#[test]
fn all_addresses_queue_the_limit_and_not_one_more() {
    let config = Config {
        parallel: 1,
        ..Config::default()
    };
    let mut node = Node::open(config);
    for n in 0..257 {
        assert_eq!(node.t1(host(n), b'e', &forged(n)).kinds(), ["t1E"], "{n}");
    }
    assert!(node.t1(host(300), b'e', &forged(300)).kinds().is_empty());
    assert_eq!(node.lan.stats().dropped, 1);
}

#[test]
fn a_session_takes_its_limit_of_peers_and_not_one_more() {
    let config = Config {
        peers: 3,
        ..Config::default()
    };
    let mut node = Node::open(config);
    for n in 0..3 {
        assert_eq!(node.t1(host(n), b'e', &forged(n)).kinds(), ["t1E"]);
    }
    let did = node.t1(host(3), b'e', &forged(3));
    assert!(did.kinds().is_empty());
    assert_eq!(overloads(&did.events), [1]);
}

#[test]
fn places_are_bounded() {
    let config = Config {
        places: 2,
        ..Config::default()
    };
    let mut node = Node::open(config);
    for n in 0..2 {
        assert_eq!(node.t1(host(n), b'e', &forged(n)).kinds(), ["t1E"]);
    }
    assert!(node.t1(host(2), b'e', &forged(2)).kinds().is_empty());
}

#[test]
fn one_place_has_sixteen_t1_and_not_one_more() {
    let mut node = Node::open(Config::default());
    for n in 0..16 {
        let did = node.t1(host(1), b'E', &forged(n));
        node.finish_jobs(did.jobs);
    }
    assert_eq!(node.lan.stats().dropped, 0);
    node.t1(host(1), b'E', &forged(16));
    assert_eq!(node.lan.stats().dropped, 1);
}

#[test]
fn work_of_one_address_keeps_to_its_budget_and_others_go_on() {
    let mut node = Node::open(Config::default());
    let mut jobs = 0;
    for n in 0..40 {
        let did = node.t1(port(n), b'E', &forged(n));
        jobs += did.jobs.len();
        jobs += node.finish_jobs(did.jobs).jobs.len();
    }
    assert_eq!(jobs, 16, "the burst");
    let did = node.t1(host(2), b'E', &forged(100));
    assert_eq!(did.jobs.len(), 1);
    node.finish_jobs(did.jobs);
    let did = node.tick(1000);
    assert_eq!(did.jobs.len(), 1, "then one per second");
}

#[test]
fn a_t2_and_a_t3_are_answered_in_the_middle_of_a_flood() {
    let mut node = Node::open(Config::default());
    let mut peer = Peer::new(&node, RIGHT, 7);
    let did = node.t1(peer.from, b'e', peer.session.t1());
    let t2 = node.finish_jobs(did.jobs).t2();
    for n in 0..2000 {
        node.t1(host(n), b'e', &forged(n));
    }
    assert_eq!(node.t2(peer.from, peer.t2).kinds(), ["t3"]);
    let t3 = peer.t3_for(t2);
    assert_eq!(node.t3(peer.from, t3).matches(), [b"theirs"]);
    assert!(node.lan.stats().dropped > 1000);
}

#[test]
fn overload_is_told_at_most_every_ten_seconds() {
    let config = Config {
        waiting: 0,
        ..Config::default()
    };
    let mut node = Node::open(config);
    let mut told = Vec::new();
    for n in 0..30 {
        node.now = u64::from(n) * 1000;
        told.extend(overloads(&node.t1(host(n), b'e', &forged(n)).events));
    }
    assert_eq!(told, [1, 10, 10]);
}

#[test]
fn a_bad_t1_costs_work_once() {
    let mut node = Node::open(Config::default());
    let mut bad = session(RIGHT, b"", 7).t1().to_vec();
    bad[32..160].fill(0xff);
    let did = node.t1(address(7), b'E', &bad);
    assert_eq!(did.jobs.len(), 1);
    assert!(node.finish_jobs(did.jobs).kinds().is_empty());
    let did = node.t1(address(7), b'e', &bad);
    assert!(did.jobs.is_empty() && did.kinds().is_empty());
    assert_eq!(node.lan.stats().refused, 2);
}

#[test]
fn nonsense_is_counted_and_nothing_else() {
    let mut node = Node::open(Config::default());
    let t1 = session(RIGHT, b"", 7).t1().to_vec();
    let long = [b"t1e", t1.as_slice(), &[0; 900]].concat();
    for bytes in [&b""[..], b"t1", b"t2short", b"t3", b"hello", &long] {
        let did = node.datagram(address(7), bytes);
        assert!(did.jobs.is_empty() && did.sent.is_empty(), "{bytes:?}");
    }
    assert_eq!(node.lan.stats().malformed, 6);
    let did = node.t1(address(7), b'e', &t1[..191]);
    assert!(did.jobs.is_empty() && did.sent.is_empty());
    assert_eq!(node.lan.stats().refused, 1);
    for (ip, port) in [
        ([0; 4], 5),
        ([224, 3, 29, 71], 5),
        ([255; 4], 5),
        ([10, 0, 0, 7], 0),
    ] {
        let from = SocketAddrV4::new(ip.into(), port);
        let did = node.t1(from, b'e', &t1);
        assert!(did.jobs.is_empty() && did.sent.is_empty(), "{from}");
    }
}

#[test]
fn t2_and_t3_of_strangers_are_not_answered() {
    let mut node = Node::open(Config::default());
    assert!(
        node.t2(address(7), T2::from_bytes(&[1; 32]).unwrap())
            .sent
            .is_empty()
    );
    assert!(
        node.t3(address(7), T3::from_bytes(&[1; 32]).unwrap())
            .sent
            .is_empty()
    );
    assert_eq!(node.lan.stats().strangers, 2);
}

#[test]
fn t1_that_come_before_the_first_session_is_open_are_worked_on_after() {
    let mut node = Node::with(Config::default(), RIGHT, b"ours", 1);
    let opening = node.drain().jobs;
    let did = node.t1(address(7), b'e', session(RIGHT, b"", 7).t1());
    assert!(did.jobs.is_empty() && did.sent.is_empty());
    let did = node.finish_jobs(opening);
    assert_eq!(did.multicast.len(), 1);
    assert!(matches!(did.jobs.as_slice(), [Job::Meet(_)]));
}

#[test]
fn a_place_gets_eight_new_t2_answered_per_second_and_not_one_more() {
    let mut node = Node::open(Config::default());
    let peer = Peer::new(&node, WRONG, 7);
    let did = node.t1(peer.from, b'e', peer.session.t1());
    node.finish_jobs(did.jobs);
    let mut answers = |ms| {
        node.now = ms;
        let new = |n: u8| T2::from_bytes(&[n; 32]).unwrap();
        let t3s = (0..=255).flat_map(|n| node.t2(peer.from, new(n)).t3s());
        t3s.count()
    };
    assert_eq!([answers(0), answers(999), answers(1000)], [8, 0, 8]);
}

#[test]
fn a_place_gets_sixty_four_new_t3_tried_per_second_and_not_one_more() {
    let mut node = Node::open(Config::default());
    let mut peer = Peer::new(&node, RIGHT, 7);
    let did = node.t1(peer.from, b'e', peer.session.t1());
    let t3 = peer.t3_for(node.finish_jobs(did.jobs).t2());
    node.t2(peer.from, peer.t2);
    for n in 0..64 {
        node.t3(peer.from, T3::from_bytes(&[n; 32]).unwrap());
    }
    assert!(node.t3(peer.from, t3).matches().is_empty());
    node.now = 1000;
    assert_eq!(node.t3(peer.from, t3).matches(), [b"theirs"]);
}

#[test]
fn a_t1_has_four_places_and_not_one_more() {
    for (places, answered) in [(4, 4), (5, 4)] {
        let mut node = Node::open(Config::default());
        let peer = Peer::new(&node, RIGHT, 7);
        let mut jobs = Vec::new();
        for place in 0..places {
            jobs.extend(node.t1(port(place), b'E', peer.session.t1()).jobs);
        }
        let did = node.finish_jobs(jobs);
        assert_eq!(did.kinds(), vec!["t2"; answered], "{places} places");
    }
}

#[test]
fn a_place_keeps_its_last_four_t2_for_a_t1_in_work_and_not_one_more() {
    for (others, is_answered) in [(3, true), (4, false)] {
        let mut node = Node::open(Config::default());
        let mut peer = Peer::new(&node, RIGHT, 7);
        let did = node.t1(peer.from, b'e', peer.session.t1());
        node.t2(peer.from, peer.t2);
        for n in 0..others {
            node.t2(peer.from, T2::from_bytes(&[n; 32]).unwrap());
        }
        let did = node.finish_jobs(did.jobs);
        assert_eq!(did.t3s().len(), 4);
        peer.t3_for(did.t2());
        let opened = did.t3s().into_iter().any(|t3| peer.open(t3).is_some());
        assert_eq!(opened, is_answered, "{others} others");
    }
}

#[test]
fn a_place_keeps_its_last_eight_t3_for_a_later_t2_and_not_one_more() {
    for (others, is_match) in [(7, true), (8, false)] {
        let mut node = Node::open(Config::default());
        let mut peer = Peer::new(&node, RIGHT, 7);
        let did = node.t1(peer.from, b'e', peer.session.t1());
        let t3 = peer.t3_for(node.finish_jobs(did.jobs).t2());
        node.t3(peer.from, t3);
        for n in 0..others {
            node.t3(peer.from, T3::from_bytes(&[n; 32]).unwrap());
        }
        let did = node.t2(peer.from, peer.t2);
        assert_eq!(!did.matches().is_empty(), is_match, "{others} others");
    }
}
