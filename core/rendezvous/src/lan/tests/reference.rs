//! Towards nodes that use the reference's tags.

use super::*;

#[test]
fn a_real_t3_is_sent_to_a_reference_node_at_once() {
    let mut node = Node::open(Config::default());
    let mut peer = Peer::new(&node, RIGHT, 7);
    let did = node.t1(peer.from, b'_', peer.session.t1());
    let t2 = node.finish_jobs(did.jobs).t2();
    let t3s = node.t2(peer.from, peer.t2).t3s();
    peer.t3_for(t2);
    assert_eq!(peer.open(t3s[0]).unwrap(), b"ours");
    let later = (1..6).flat_map(|s| node.tick(s * 1000).t3s());
    assert_eq!(later.count(), 0, "no dummy follows");
}

#[test]
fn a_dummy_for_a_reference_node_is_held_back_three_to_five_seconds() {
    for tag in *b"_r" {
        let mut node = Node::open(Config::default());
        let peer = Peer::new(&node, WRONG, 7);
        let did = node.t1(peer.from, tag, peer.session.t1());
        node.finish_jobs(did.jobs);
        assert!(node.t2(peer.from, peer.t2).t3s().is_empty());
        assert!(node.tick(2999).t3s().is_empty());
        assert_eq!(node.tick(5000).t3s().len(), 1);
        node.now = 6000;
        assert!(
            node.t2(peer.from, peer.t2).t3s().is_empty(),
            "one is enough"
        );
        assert!(node.tick(20_000).t3s().is_empty());
    }
}

#[test]
fn a_real_t3_replaces_a_dummy_that_is_held_back() {
    let mut node = Node::open(Config::default());
    let wrong = Peer::new(&node, WRONG, 7);
    let mut right = Peer::new(&node, RIGHT, 8);
    right.from = wrong.from;
    for peer in [&wrong, &right] {
        let did = node.t1(peer.from, b'_', peer.session.t1());
        node.finish_jobs(did.jobs);
    }
    let t3s = node.t2(right.from, right.t2).t3s();
    assert_eq!(t3s.len(), 1, "the dummy of the other T1 is not sent");
    assert!(node.tick(20_000).t3s().is_empty());
}

#[test]
fn a_dummy_waits_for_work_that_may_still_prove_the_t2() {
    let mut node = Node::open(Config::default());
    let wrong = Peer::new(&node, WRONG, 7);
    let mut right = Peer::new(&node, RIGHT, 8);
    right.from = wrong.from;
    let did = node.t1(wrong.from, b'_', wrong.session.t1());
    node.finish_jobs(did.jobs);
    let slow = node.t1(right.from, b'_', right.session.t1());
    assert!(node.t2(right.from, right.t2).t3s().is_empty());
    assert!(node.tick(8000).t3s().is_empty());
    let did = node.finish_jobs(slow.jobs);
    right.t3_for(did.t2());
    let opened = did.t3s().into_iter().filter_map(|t3| right.open(t3));
    assert_eq!(opened.collect::<Vec<_>>(), [b"ours"]);
    assert!(node.tick(20_000).t3s().is_empty());
}

#[test]
fn a_t1_that_ever_came_with_a_tag_of_ours_gets_its_dummy_at_once() {
    let mut node = Node::open(Config::default());
    let peer = Peer::new(&node, WRONG, 7);
    let did = node.t1(peer.from, b'r', peer.session.t1());
    node.finish_jobs(did.jobs);
    node.t1(peer.from, b'e', peer.session.t1());
    assert_eq!(node.t2(peer.from, peer.t2).t3s().len(), 1);
}

#[test]
fn a_failed_t3_changes_nothing() {
    let mut node = Node::open(Config::default());
    let mut peer = Peer::new(&node, RIGHT, 7);
    let did = node.t1(peer.from, b'_', peer.session.t1());
    let t2 = node.finish_jobs(did.jobs).t2();
    node.t2(peer.from, peer.t2);
    assert!(
        node.t3(peer.from, T3::from_bytes(&[7; 32]).unwrap())
            .matches()
            .is_empty()
    );
    let t3 = peer.t3_for(t2);
    assert_eq!(node.t3(peer.from, t3).matches(), [b"theirs"]);
}

#[test]
fn a_t1_in_work_while_the_session_is_renewed_still_meets() {
    let mut node = Node::open(Config::default());
    let mut peer = Peer::new(&node, RIGHT, 7);
    node.now = 59_000;
    let slow = node.t1(peer.from, b'_', peer.session.t1());
    let renewal = node.tick(60_000);
    assert!(matches!(renewal.jobs.as_slice(), [Job::Open(_)]));
    node.finish_jobs(renewal.jobs);
    let did = node.finish_jobs(slow.jobs);
    assert_eq!(did.kinds(), ["t2"]);
    let t3 = peer.t3_for(did.t2());
    let t3s = node.t2(peer.from, peer.t2).t3s();
    assert_eq!(peer.open(t3s[0]).unwrap(), b"ours");
    assert_eq!(node.t3(peer.from, t3).matches(), [b"theirs"]);
}

#[test]
fn a_bad_t1_in_work_while_the_session_is_renewed_is_forgotten() {
    let mut node = Node::open(Config::default());
    let mut bad = session(RIGHT, b"", 7).t1().to_vec();
    bad[32..160].fill(0xff);
    node.now = 59_000;
    let slow = node.t1(address(7), b'_', &bad);
    let renewal = node.tick(60_000);
    node.finish_jobs(renewal.jobs);
    assert!(node.finish_jobs(slow.jobs).kinds().is_empty());
    assert!(node.lan.room.places_of(&Id::of_t1(&bad)).is_empty());
}
