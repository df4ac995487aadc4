use alloc::string::ToString;

use super::*;

#[test]
fn a_payload_of_829_bytes_fits_and_one_of_830_is_refused_with_the_reason() {
    let new = |len| {
        let seed = Seed::new([9; 32]);
        Lan::new(Config::default(), passkey(RIGHT), vec![0; len], seed, at(0)).map(drop)
    };
    assert_eq!(new(829), Ok(()));
    let error = new(830).unwrap_err();
    assert_eq!(error, StartError::PayloadTooLong { bytes: 830 });
    assert_eq!(error.kind(), Kind::BadInput);
    assert!(error.to_string().contains("at most 829"));
}

#[test]
fn opens_a_session_first_and_then_announces_it_on_schedule() {
    let mut node = Node::with(Config::default(), RIGHT, b"ours", 1);
    let did = node.drain();
    assert!(matches!(did.jobs.as_slice(), [Job::Open(_)]));
    assert_eq!((did.multicast.len(), did.wait), (0, None));
    node.now = 300;
    let mut did = node.finish_jobs(did.jobs);
    let t1 = node.session_t1();
    let session = Id::of_t1(&t1);
    assert_eq!(did.events, [Event::Announced { session }]);
    let mut times = Vec::new();
    while times.len() < 7 {
        if !did.multicast.is_empty() {
            assert_eq!(did.multicast, [[b"t1e", t1.as_slice()].concat()]);
            times.push(node.now - 300);
        }
        did = node.tick(did.wait.unwrap().as_ms());
    }
    assert_eq!(times, [0, 1000, 2000, 4000, 8000, 15_000, 30_000]);
}

#[test]
fn a_new_t1_is_answered_in_its_senders_dialect_before_the_work() {
    for (tag, answer) in [
        (b'_', Some("t1r")),
        (b'e', Some("t1E")),
        (b'?', Some("t1r")),
    ] {
        let mut node = Node::open(Config::default());
        let did = node.t1(address(7), tag, session(RIGHT, b"theirs", 7).t1());
        assert_eq!(did.kinds().first().copied(), answer);
        assert!(matches!(did.jobs.as_slice(), [Job::Meet(_)]));
        assert_eq!(node.finish_jobs(did.jobs).kinds(), ["t2"]);
    }
    for tag in *b"rE" {
        let mut node = Node::open(Config::default());
        let did = node.t1(address(7), tag, session(RIGHT, b"theirs", 7).t1());
        assert_eq!((did.kinds().len(), did.jobs.len()), (0, 1));
    }
}

#[test]
fn meets_a_peer_and_each_learns_the_others_payload_once() {
    let mut node = Node::open(Config::default());
    let mut peer = Peer::new(&node, RIGHT, 7);
    let did = node.t1(peer.from, b'e', peer.session.t1());
    let t2 = node.finish_jobs(did.jobs).t2();
    let t3s = node.t2(peer.from, peer.t2).t3s();
    let t3 = peer.t3_for(t2);
    assert_eq!(peer.open(t3s[0]).unwrap(), b"ours");
    assert_eq!(node.t3(peer.from, t3).matches(), [b"theirs"]);
    assert!(node.t3(peer.from, t3).matches().is_empty());
    assert_eq!(node.lan.stats().matches, 1);
}

#[test]
fn a_t2_and_a_t3_that_come_before_the_work_is_done_are_used_after_it() {
    let mut node = Node::open(Config::default());
    let mut peer = Peer::new(&node, RIGHT, 7);
    let did = node.t1(peer.from, b'e', peer.session.t1());
    let mut copy = Node::open(Config::default());
    let same = copy.t1(peer.from, b'e', peer.session.t1());
    let t3 = peer.t3_for(copy.finish_jobs(same.jobs).t2());
    assert!(node.t3(peer.from, t3).kinds().is_empty());
    assert!(node.t2(peer.from, peer.t2).kinds().is_empty());
    let did = node.finish_jobs(did.jobs);
    assert_eq!(did.kinds(), ["t2", "t3"]);
    assert_eq!(did.matches(), [b"theirs"]);
}

#[test]
fn a_t3_before_its_t2_is_used_after_it() {
    let mut node = Node::open(Config::default());
    let mut peer = Peer::new(&node, RIGHT, 7);
    let did = node.t1(peer.from, b'e', peer.session.t1());
    let t3 = peer.t3_for(node.finish_jobs(did.jobs).t2());
    // Dummies of other pairs of sessions arrive as well.
    for other in 0..5 {
        let dummy = T3::from_bytes(&[other; 32]).unwrap();
        assert!(node.t3(peer.from, dummy).matches().is_empty());
    }
    assert!(node.t3(peer.from, t3).matches().is_empty());
    let dummy = T3::from_bytes(&[9; 32]).unwrap();
    assert!(node.t3(peer.from, dummy).matches().is_empty());
    assert_eq!(node.t2(peer.from, peer.t2).matches(), [b"theirs"]);
}

#[test]
fn a_t3_is_handed_out_before_the_match_of_an_early_one_is_looked_at() {
    let mut node = Node::open(Config::default());
    let mut peer = Peer::new(&node, RIGHT, 7);
    let did = node.t1(peer.from, b'e', peer.session.t1());
    let t3 = peer.t3_for(node.finish_jobs(did.jobs).t2());
    assert!(node.t3(peer.from, t3).matches().is_empty());
    let input = Input::Datagram {
        link: LINK,
        from: peer.from,
        bytes: &datagram::t2(&peer.t2),
    };
    node.lan.handle(at(node.now), input);
    assert!(matches!(node.lan.poll(), Output::Send { .. }));
    assert_eq!(node.lan.stats().matches, 0);
    assert_eq!(node.drain().matches(), [b"theirs"]);
    assert_eq!(node.lan.stats().matches, 1);
}

#[test]
fn peers_that_share_an_address_are_each_tried() {
    let mut node = Node::open(Config::default());
    let mut peers = [(WRONG, 7), (RIGHT, 8), (WRONG, 9)]
        .map(|(passphrase, seed)| Peer::new(&node, passphrase, seed));
    for peer in &mut peers {
        peer.from = address(7);
        let did = node.t1(peer.from, b'e', peer.session.t1());
        let t2 = node.finish_jobs(did.jobs).t2();
        peer.t3_for(t2);
    }
    let t3s = node.t2(address(7), peers[1].t2).t3s();
    assert_eq!(t3s.len(), 3, "one for each T1 of the address");
    let opened = t3s.iter().filter_map(|t3| peers[1].open(*t3));
    assert_eq!(opened.collect::<Vec<_>>(), [b"ours"]);
}

#[test]
fn a_known_t1_is_answered_again_once_per_second() {
    let mut node = Node::open(Config::default());
    let peer = Peer::new(&node, RIGHT, 7);
    let t1 = peer.session.t1();
    let did = node.t1(peer.from, b'e', t1);
    let first = node.finish_jobs(did.jobs).t2();
    assert!(node.t1(peer.from, b'e', t1).kinds().is_empty());
    node.tick(1000);
    let again = node.t1(peer.from, b'e', t1);
    assert_eq!(again.kinds(), ["t1E", "t2"]);
    assert_eq!(again.t2(), first);
    assert!(again.jobs.is_empty());
    assert!(node.t1(peer.from, b'e', t1).kinds().is_empty());
    node.tick(2000);
    assert_eq!(node.t1(peer.from, b'E', t1).kinds(), ["t2"]);
}

#[test]
fn a_peer_that_sent_a_t2_is_not_sent_the_t1_again() {
    let mut node = Node::open(Config::default());
    let peer = Peer::new(&node, WRONG, 7);
    let did = node.t1(peer.from, b'e', peer.session.t1());
    node.finish_jobs(did.jobs);
    node.t2(peer.from, peer.t2);
    node.tick(1000);
    assert_eq!(node.t1(peer.from, b'e', peer.session.t1()).kinds(), ["t2"]);
}

#[test]
fn a_known_t2_gets_the_same_t3_once_per_second() {
    for passphrase in [RIGHT, WRONG] {
        let mut node = Node::open(Config::default());
        let peer = Peer::new(&node, passphrase, 7);
        let did = node.t1(peer.from, b'e', peer.session.t1());
        node.finish_jobs(did.jobs);
        let first = node.t2(peer.from, peer.t2).t3s();
        assert_eq!(first.len(), 1);
        assert!(node.t2(peer.from, peer.t2).t3s().is_empty());
        node.tick(1000);
        assert_eq!(node.t2(peer.from, peer.t2).t3s(), first);
    }
}

#[test]
fn a_t2_is_sent_again_until_any_t3_answers() {
    let mut node = Node::open(Config::default());
    let peer = Peer::new(&node, RIGHT, 7);
    let did = node.t1(peer.from, b'e', peer.session.t1());
    let first = node.finish_jobs(did.jobs).t2();
    for ms in [500, 1500, 3500, 6000, 8500, 11_000] {
        assert!(node.tick(ms - 1).sent.is_empty(), "before {ms}");
        assert_eq!(node.tick(ms).t2(), first);
    }
    node.t3(peer.from, T3::from_bytes(&[0; 32]).unwrap());
    assert!(node.tick(13_500).sent.is_empty());
}

#[test]
fn a_t2_to_a_reference_node_is_sent_again_three_times() {
    let mut node = Node::open(Config::default());
    let peer = Peer::new(&node, RIGHT, 7);
    let did = node.t1(peer.from, b'_', peer.session.t1());
    node.finish_jobs(did.jobs);
    let sent = (1..100).flat_map(|n| node.tick(n * 500).sent);
    assert_eq!(sent.count(), 3);
}

#[test]
fn the_previous_session_answers_and_the_one_before_does_not() {
    let mut node = Node::open(Config::default());
    let mut peer = Peer::new(&node, RIGHT, 7);
    let did = node.t1(peer.from, b'e', peer.session.t1());
    let t2 = node.finish_jobs(did.jobs).t2();
    let did = node.tick(60_000);
    assert!(matches!(did.jobs.as_slice(), [Job::Open(_)]));
    let did = node.finish_jobs(did.jobs);
    assert_eq!(did.multicast.len(), 1);
    let t3s = node.t2(peer.from, peer.t2).t3s();
    let t3 = peer.t3_for(t2);
    assert_eq!(peer.open(t3s[0]).unwrap(), b"ours");
    assert_eq!(node.t3(peer.from, t3).matches(), [b"theirs"]);

    let did = node.tick(120_000);
    node.finish_jobs(did.jobs);
    assert!(node.t2(peer.from, peer.t2).kinds().is_empty());
    assert_eq!(node.lan.stats().strangers, 1);
}

#[test]
fn a_peer_met_again_in_the_next_session_is_told_once() {
    let mut node = Node::open(Config::default());
    for (now, matches) in [(0, 1), (60_000, 0)] {
        let did = node.tick(now);
        node.finish_jobs(did.jobs);
        let mut peer = Peer::new(&node, RIGHT, 7);
        let did = node.t1(peer.from, b'e', peer.session.t1());
        let t2 = node.finish_jobs(did.jobs).t2();
        node.t2(peer.from, peer.t2);
        let t3 = peer.t3_for(t2);
        assert_eq!(node.t3(peer.from, t3).matches().len(), matches);
    }
    assert_eq!(node.lan.stats().matches, 1);
}

#[test]
fn equal_payloads_of_two_peers_are_two_matches() {
    let mut node = Node::open(Config::default());
    for seed in [7, 8] {
        let mut peer = Peer::new(&node, RIGHT, seed);
        let did = node.t1(peer.from, b'e', peer.session.t1());
        let t2 = node.finish_jobs(did.jobs).t2();
        node.t2(peer.from, peer.t2);
        let t3 = peer.t3_for(t2);
        assert_eq!(node.t3(peer.from, t3).matches(), [b"theirs"]);
    }
}

#[test]
fn when_only_the_first_is_wanted_a_second_peer_gets_a_dummy_even_in_another_session() {
    let config = Config {
        wanted: Wanted::First,
        ..Config::default()
    };
    let mut node = Node::open(config);
    let mut revealed = Vec::new();
    for (seed, now) in [(7, 0), (8, 1000), (9, 60_000)] {
        let did = node.tick(now);
        node.finish_jobs(did.jobs);
        let mut peer = Peer::new(&node, RIGHT, seed);
        let did = node.t1(peer.from, b'e', peer.session.t1());
        peer.t3_for(node.finish_jobs(did.jobs).t2());
        let t3s = node.t2(peer.from, peer.t2).t3s();
        assert_eq!(t3s.len(), 1);
        revealed.push(peer.open(t3s[0]).is_some());
    }
    assert_eq!(revealed, [true, false, false]);
}

#[test]
fn the_first_match_ends_the_meeting_when_only_the_first_is_wanted() {
    let config = Config {
        wanted: Wanted::First,
        ..Config::default()
    };
    let mut node = Node::open(config);
    let mut peer = Peer::new(&node, RIGHT, 7);
    let did = node.t1(peer.from, b'e', peer.session.t1());
    let t2 = node.finish_jobs(did.jobs).t2();
    let t3s = node.t2(peer.from, peer.t2).t3s();
    let t3 = peer.t3_for(t2);
    assert_eq!(node.t3(peer.from, t3).matches(), [b"theirs"]);
    node.tick(1000);
    assert_eq!(
        node.t2(peer.from, peer.t2).t3s(),
        t3s,
        "a lost T3 is repaired"
    );
    let did = node.tick(4000);
    assert_eq!(did.events.last(), Some(&Event::Finished));
}

#[test]
fn after_finish_it_answers_for_a_while_announces_nothing_and_ends() {
    let mut node = Node::open(Config::default());
    let peer = Peer::new(&node, RIGHT, 7);
    let did = node.t1(peer.from, b'e', peer.session.t1());
    node.finish_jobs(did.jobs);
    node.t3(peer.from, T3::from_bytes(&[0; 32]).unwrap());
    node.lan.finish(at(100));
    let did = node.drain();
    assert!(did.multicast.is_empty());
    let lasts = Config::default().linger;
    assert_eq!(did.events, [Event::Leaving { lasts }]);
    node.now = 100;
    let stranger = session(RIGHT, b"late", 8);
    let did = node.t1(address(8), b'e', stranger.t1());
    assert!(did.jobs.is_empty() && did.kinds().is_empty());
    assert_eq!(node.t2(peer.from, peer.t2).kinds(), ["t3"]);
    let did = node.tick(4099);
    assert!(did.events.iter().all(|event| *event != Event::Finished));
    let did = node.tick(4100);
    assert!(did.multicast.is_empty() && did.sent.is_empty());
    assert_eq!(
        (did.events.last(), did.wait),
        (Some(&Event::Finished), None)
    );
    node.now = 5000;
    assert!(node.t2(peer.from, peer.t2).kinds().is_empty());
}

#[test]
fn who_met_nobody_at_all_ends_at_once() {
    let mut node = Node::open(Config::default());
    node.lan.finish(at(0));
    let did = node.drain();
    assert_eq!((&did.events[..], did.wait), (&[Event::Finished][..], None));
}

#[test]
fn work_that_has_begun_is_finished_and_what_waits_for_it_is_dropped() {
    let config = Config {
        parallel: 1,
        ..Config::default()
    };
    let mut node = Node::open(config);
    let [first, second] = [7, 8].map(|seed| Peer::new(&node, RIGHT, seed));
    let did = node.t1(first.from, b'e', first.session.t1());
    assert!(
        node.t1(second.from, b'e', second.session.t1())
            .jobs
            .is_empty()
    );
    node.lan.finish(at(0));
    assert!(matches!(node.drain().events[..], [Event::Leaving { .. }]));
    let did = node.finish_jobs(did.jobs);
    assert_eq!((did.kinds(), did.jobs.len()), (vec!["t2"], 0));
    assert_eq!(node.t2(first.from, first.t2).t3s().len(), 1);
    assert!(node.t2(second.from, second.t2).kinds().is_empty());
}

#[test]
fn its_own_t1_heard_back_is_nobody() {
    let mut node = Node::open(Config::default());
    let t1 = node.session_t1();
    let did = node.t1(address(1), b'e', &t1);
    assert!(did.jobs.is_empty() && did.kinds().is_empty());
    let did = node.tick(60_000);
    node.finish_jobs(did.jobs);
    let did = node.t1(address(1), b'e', &t1);
    assert!(did.jobs.is_empty() && did.kinds().is_empty());
    assert_eq!(node.lan.stats().own, 2);
}

#[test]
fn the_room_counts_others_by_their_newest_t1() {
    let mut node = Node::open(Config::default());
    let mut others = Vec::new();
    for (now, host, seed) in [(0, 7, 7), (1000, 8, 8), (2000, 7, 9), (3000, 9, 8)] {
        let mut did = node.tick(now);
        did.events.extend(
            node.t1(address(host), b'E', session(WRONG, b"", seed).t1())
                .events,
        );
        did.events.extend(node.tick(now + 500).events);
        others.extend(did.events.into_iter().filter_map(|event| match event {
            Event::Room { others } => Some(others),
            _ => None,
        }));
    }
    assert_eq!(
        others,
        [1, 2],
        "a renewed session and a second interface are nobody new"
    );
    let did = node.tick(90_000);
    assert!(
        did.events.contains(&Event::Room { others: 0 }),
        "they have gone silent"
    );
}

#[test]
fn a_new_link_is_announced_on_at_once_and_a_lost_one_forgotten() {
    let mut node = Node::open(Config::default());
    let peer = Peer::new(&node, RIGHT, 7);
    let did = node.t1(peer.from, b'e', peer.session.t1());
    node.finish_jobs(did.jobs);
    node.tick(9000);
    assert_eq!(node.input(Input::LinkUp(Link::new(2))).multicast.len(), 1);
    assert_eq!(node.tick(10_000).multicast.len(), 1);
    node.input(Input::LinkDown(LINK));
    assert!(node.t2(peer.from, peer.t2).kinds().is_empty());
}
