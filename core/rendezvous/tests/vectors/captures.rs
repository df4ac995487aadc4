//! Real and constructed runs of the two transports: every message in them is one of ours.

use rendezvous::{Answer, Session};

use crate::file::{Event, FILE, Hex, Seeded};
use crate::room::{all_meet, open, open_seeded};

/// What one of two says to the other, and hears from it.
struct Said {
    name: String,
    id: Vec<u8>,
    t1: Vec<u8>,
    t2: Vec<u8>,
    t3: Vec<u8>,
    heard: Vec<u8>,
}

#[test]
fn the_constructed_multicast_run_is_session_s01() {
    let run = &FILE.multicast_constructed;
    assert!(run.description.contains("s01"));
    assert_eq!((run.group.as_str(), run.port), ("224.3.29.71", 9005));
    let sessions = FILE.sessions[0].parties.iter().map(open).collect();
    let [a, b] = talk(["A", "B"], sessions);
    let expected = [
        ("A unicast socket", "group:9005", tagged(b"t1_", &a.t1)),
        (
            "B unicast socket",
            "A unicast socket",
            tagged(b"t1r", &b.t1),
        ),
        ("B unicast socket", "A unicast socket", tagged(b"t2", &b.t2)),
        ("A unicast socket", "B unicast socket", tagged(b"t2", &a.t2)),
        ("A unicast socket", "B unicast socket", tagged(b"t3", &a.t3)),
        ("B unicast socket", "A unicast socket", tagged(b"t3", &b.t3)),
    ];
    assert_eq!(run.packets.len(), expected.len());
    for ((number, packet), (from, to, payload)) in (1..).zip(&run.packets).zip(expected) {
        assert_eq!(packet.n, number);
        assert_eq!((packet.from.as_str(), packet.to.as_str()), (from, to));
        assert_eq!(packet.udp_payload.0, payload, "packet {number}");
    }
}

#[test]
fn the_captured_multicast_run_holds_our_messages() {
    let run = &FILE.multicast_captured;
    assert!(!run.description.is_empty());
    let said = talk_seeded(&run.passphrase, &run.salt, &run.parties);
    let (mut sent, mut last, mut results) = (Vec::new(), 0.0, Vec::new());
    for event in &run.events {
        match event {
            Event::Send {
                t,
                node,
                to,
                from,
                udp_payload,
            } => {
                assert_eq!(from, &format!("{node} unicast socket"));
                let me = said.iter().find(|one| &one.name == node).unwrap();
                let to_group = to == "group:9005";
                let tag = if to_group { b"t1_" } else { b"t1r" };
                let possible = [
                    tagged(tag, &me.t1),
                    tagged(b"t2", &me.t2),
                    tagged(b"t3", &me.t3),
                ];
                let kind = possible.iter().position(|one| one == &udp_payload.0);
                assert!(kind.is_some(), "{node} at {t} s sent something else");
                assert!(!to_group || kind == Some(0), "{node} at {t} s");
                sent.push((from, udp_payload));
                last = in_order(last, *t);
            }
            Event::Recv {
                t,
                node,
                from,
                udp_payload,
            } => {
                assert!(said.iter().any(|one| &one.name == node));
                assert!(sent.contains(&(from, udp_payload)), "at {t} s");
                last = in_order(last, *t);
            }
            Event::Result {
                t,
                node,
                result_text,
            } => {
                let me = said.iter().find(|one| &one.name == node).unwrap();
                assert_eq!(result_text.0, me.heard, "{node}");
                last = in_order(last, *t);
                results.push(node.as_str());
            }
        }
    }
    // one announcement each, one t1r, and T2 and T3 both ways
    assert_eq!((sent.len(), results), (7, vec!["B", "A"]));
}

#[test]
fn the_captured_http_run_holds_our_messages() {
    let run = &FILE.http_captured;
    assert!(!run.description.is_empty());
    let said = talk_seeded(&run.passphrase, &run.salt, &run.parties);
    let mut stored = [Vec::new(), Vec::new(), Vec::new()];
    let mut last = 0.0;
    for event in &run.events {
        last = in_order(last, event.t);
        let me = said.iter().find(|one| one.name == event.client).unwrap();
        let (kind, size, record) = match event.request.as_str() {
            "POST /t1" => (0, 288, me.t1.clone()),
            "POST /t2" => (1, 64, tagged(&me.id, &me.t2)),
            "POST /t3" => (2, 64, tagged(&me.id, &me.t3)),
            other => panic!("{other}"),
        };
        assert_eq!(event.status, 200);
        for posted in event.body.0.chunks(size) {
            assert_eq!(posted, record, "{} by {}", event.request, me.name);
            if !stored[kind].contains(&posted) {
                stored[kind].push(posted);
            }
        }
        let mut listed: Vec<&[u8]> = event.response.0.chunks(size).collect();
        listed.sort_unstable();
        stored[kind].sort_unstable();
        assert_eq!(
            listed, stored[kind],
            "answer to {} of {}",
            event.request, me.name
        );
    }
    assert_eq!(stored.map(|kind| kind.len()), [2, 2, 2]);
    for line in &run.stdout {
        let (encoding, text): (String, String) = serde_json::from_str(line).unwrap();
        assert_eq!(encoding, "utf8");
        assert!(
            said.iter().any(|one| one.heard == text.as_bytes()),
            "{text}"
        );
    }
    assert_eq!(run.stdout.len(), 2);
}

fn talk_seeded(passphrase: &Hex, salt: &Hex, parties: &[Seeded]) -> [Said; 2] {
    let names = [parties[0].name.as_str(), parties[1].name.as_str()];
    let sessions = parties
        .iter()
        .map(|one| open_seeded(passphrase, salt, one))
        .collect();
    let said = talk(names, sessions);
    assert_eq!(said[0].heard, parties[1].payload.0);
    assert_eq!(said[1].heard, parties[0].payload.0);
    said
}

fn talk(names: [&str; 2], mut sessions: Vec<Session>) -> [Said; 2] {
    all_meet(&mut sessions);
    let [a, b] = &mut sessions[..] else {
        panic!("not two")
    };
    let (t2_a, t2_b) = (a.t2_for(&b.id()).unwrap(), b.t2_for(&a.id()).unwrap());
    let Answer { t3: t3_a, .. } = a.take_t2(&b.id(), t2_b);
    let Answer { t3: t3_b, .. } = b.take_t2(&a.id(), t2_a);
    let heard = [
        a.take_t3(&b.id(), t3_b).unwrap().payload,
        b.take_t3(&a.id(), t3_a).unwrap().payload,
    ];
    let [heard_a, heard_b] = heard;
    let say = |name: &str, session: &Session, t2: &[u8; 32], t3: &[u8; 32], heard| Said {
        name: name.into(),
        id: session.id().as_bytes().to_vec(),
        t1: session.t1().to_vec(),
        t2: t2.to_vec(),
        t3: t3.to_vec(),
        heard,
    };
    [
        say(names[0], a, t2_a.as_bytes(), t3_a.as_bytes(), heard_a),
        say(names[1], b, t2_b.as_bytes(), t3_b.as_bytes(), heard_b),
    ]
}

fn tagged(tag: &[u8], message: &[u8]) -> Vec<u8> {
    [tag, message].concat()
}

fn in_order(last: f64, now: f64) -> f64 {
    assert!(now >= last, "{now} s after {last} s");
    now
}
