//! Real sockets on the loopback interface, each test in a group of its own.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "helpers outside the test functions"
)]

use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use net::lan::{Event, Interfaces, LinkError, Meeting, Options, StartError, probe};
use rendezvous::{Passkey, Salt, Wanted, lan};
use tokio::time::timeout;

/// Longer than any meeting takes, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A group for one test: no other program is likely to use it.
fn options(group: u8) -> Options {
    let mut options = Options::default();
    options.interfaces = Interfaces::Named(vec!["127.0.0.1".into()]);
    options.group = SocketAddrV4::new(Ipv4Addr::new(239, 255, 77, group), 19_000);
    options.machine.linger = Duration::from_millis(200);
    options
}

fn passkey(passphrase: &str) -> Passkey {
    // One at a time: each takes 98 MiB.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    Passkey::derive(passphrase.as_bytes(), Salt::ZERO).unwrap()
}

fn start(group: u8, passphrase: &str, payload: &str) -> Meeting {
    Meeting::start(options(group), passkey(passphrase), payload.into()).unwrap()
}

/// The next match.
async fn matched(meeting: &mut Meeting) -> String {
    let next = async {
        loop {
            if let Event::Lan(lan::Event::Match { payload, .. }) = meeting.next().await.unwrap() {
                return String::from_utf8(payload).unwrap();
            }
        }
    };
    timeout(PATIENCE, next).await.expect("a match in time")
}

#[tokio::test]
async fn two_meet_on_the_loopback() {
    let mut a = start(1, "door", "from a");
    let mut b = start(1, "door", "from b");
    let (to_a, to_b) = tokio::join!(matched(&mut a), matched(&mut b));
    assert_eq!((to_a.as_str(), to_b.as_str()), ("from b", "from a"));
    assert_eq!(a.interfaces()[0].address, Ipv4Addr::LOCALHOST);
}

#[tokio::test]
async fn of_three_the_two_with_one_passphrase_meet_and_the_third_only_sees_a_room() {
    let mut a = start(2, "door", "from a");
    let mut b = start(2, "door", "from b");
    let mut c = start(2, "window", "from c");
    let (to_a, to_b) = tokio::join!(matched(&mut a), matched(&mut b));
    assert_eq!((to_a.as_str(), to_b.as_str()), ("from b", "from a"));
    let rest = async {
        let mut seen = Vec::new();
        while !matches!(
            seen.last(),
            Some(Event::Lan(lan::Event::Room { others: 2, .. }))
        ) {
            seen.push(c.next().await.unwrap());
        }
        c.stopper().stop();
        while let Some(event) = c.next().await {
            seen.push(event);
        }
        seen
    };
    let seen = timeout(PATIENCE, rest).await.unwrap();
    let matches = |event: &_| matches!(event, Event::Lan(lan::Event::Match { .. }));
    assert!(!seen.iter().any(matches), "{seen:?}");
}

#[tokio::test]
async fn three_with_one_passphrase_all_meet() {
    let mut all = ["a", "b", "c"].map(|name| start(3, "door", name));
    let mut found = Vec::new();
    for meeting in &mut all {
        let mut pair = [matched(meeting).await, matched(meeting).await];
        pair.sort();
        found.push(pair.concat());
    }
    assert_eq!(found, ["bc", "ac", "ab"]);
}

#[tokio::test]
async fn after_the_first_match_the_meeting_ends_by_itself_when_no_more_are_wanted() {
    let mut options = options(4);
    options.machine.wanted = Wanted::First;
    let mut a = Meeting::start(options, passkey("door"), b"from a".into()).unwrap();
    let mut b = start(4, "door", "from b");
    assert_eq!(matched(&mut a).await, "from b");
    assert_eq!(matched(&mut b).await, "from a");
    let end = async { while a.next().await.is_some() {} };
    timeout(PATIENCE, end).await.expect("the stream ends");
}

#[tokio::test]
async fn datagrams_of_every_size_do_no_harm() {
    let mut a = start(5, "door", "from a");
    let sender = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let sender = socket2::Socket::from(sender);
    sender.set_multicast_if_v4(&Ipv4Addr::LOCALHOST).unwrap();
    let sender = UdpSocket::from(sender);
    for length in (0..1500).step_by(7).chain([1024, 1025, 2048, 2049, 9000]) {
        let mut bytes = b"t1_".to_vec();
        bytes.resize(length, b'x');
        sender.send_to(&bytes, options(5).group).unwrap();
    }
    let mut b = start(5, "door", "from b");
    let (to_a, to_b) = tokio::join!(matched(&mut a), matched(&mut b));
    assert_eq!((to_a.as_str(), to_b.as_str()), ("from b", "from a"));
}

#[tokio::test]
async fn a_port_that_another_program_uses_alone_is_an_error_with_a_hint() {
    let mut options = options(6);
    let other = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    options.group.set_port(other.local_addr().unwrap().port());
    let error = Meeting::start(options, passkey("door"), Vec::new()).unwrap_err();
    assert!(matches!(error, StartError::Link(_)), "{error}");
    assert!(error.to_string().contains("another program"));
    assert!(error.hint().is_some());
}

#[tokio::test]
async fn what_cannot_work_is_refused_before_anything_is_sent() {
    let key = passkey("door");
    let start = |options, len| Meeting::start(options, key.clone(), vec![0; len]).unwrap_err();
    let error = start(options(7), 830);
    assert_eq!(
        error,
        StartError::Machine(lan::StartError::PayloadTooLong { bytes: 830 })
    );
    let mut unknown = options(7);
    unknown.interfaces = Interfaces::Named(vec!["no-such-interface".into()]);
    assert!(matches!(
        start(unknown, 0),
        StartError::UnknownInterface { .. }
    ));
    let mut group = options(7);
    group.group.set_ip(Ipv4Addr::new(10, 0, 0, 1));
    assert!(matches!(start(group, 0), StartError::NotAGroup { .. }));
}

/// Sends to the group from `from` until `probe` is done.
async fn heard_while_sending(group: u8, from: [u8; 4], bytes: &[u8]) -> net::lan::Heard {
    let sender = UdpSocket::bind((Ipv4Addr::from(from), 0)).unwrap();
    let sender = socket2::Socket::from(sender);
    sender.set_multicast_if_v4(&Ipv4Addr::LOCALHOST).unwrap();
    let sender = UdpSocket::from(sender);
    let options = options(group);
    let mut often = tokio::time::interval(Duration::from_millis(20));
    let send = async {
        loop {
            often.tick().await;
            sender.send_to(bytes, options.group).unwrap();
        }
    };
    tokio::select! {
        heard = probe(&options, Duration::from_secs(2)) => heard.unwrap().remove(0),
        never = send => never,
    }
}

#[tokio::test]
async fn a_probe_hears_itself_and_who_else_announces() {
    let mut t1 = b"t1e".to_vec();
    t1.resize(200, 7);
    let heard = heard_while_sending(8, [127, 0, 0, 1], &t1).await;
    assert_eq!((heard.own, heard.others), (Ok(true), 0), "its own machine");
    assert_eq!(heard.interface.address, Ipv4Addr::LOCALHOST);
}

/// Only there does all of 127.0.0.0/8 lead here.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_probe_counts_others_once_and_no_other_probes() {
    let mut t1 = b"t1_".to_vec();
    t1.resize(200, 7);
    let heard = heard_while_sending(9, [127, 0, 0, 2], &t1).await;
    assert_eq!((heard.own, heard.others), (Ok(true), 1));
    let other = [&b"entrenous/v1/probe"[..], &[0; 16]].concat();
    let heard = heard_while_sending(10, [127, 0, 0, 2], &other).await;
    assert_eq!((heard.own, heard.others), (Ok(true), 0));
}

#[tokio::test]
async fn a_probe_tells_of_a_port_that_another_program_uses_alone() {
    let mut options = options(11);
    let other = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    options.group.set_port(other.local_addr().unwrap().port());
    let heard = probe(&options, Duration::ZERO).await.unwrap().remove(0);
    assert!(matches!(heard.own, Err(LinkError::PortInUse { .. })));
}

#[tokio::test]
async fn a_meeting_takes_no_notice_of_a_probe() {
    let mut a = start(12, "door", "from a");
    let heard = probe(&options(12), Duration::from_secs(1)).await.unwrap();
    assert_eq!(heard[0].own, Ok(true));
    let mut b = start(12, "door", "from b");
    let (to_a, to_b) = tokio::join!(matched(&mut a), matched(&mut b));
    assert_eq!((to_a.as_str(), to_b.as_str()), ("from b", "from a"));
}
