//! 100,000 random requests, and accepted ones sent again with changes: no panic, no answer outside the contract, no growth
//! beyond the bounds.
//!
//! Alone in its process, so that its memory is the process's.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test"
)]

use std::net::{IpAddr, Ipv4Addr};

use axum::body::Body;
use axum::http::Request;
use host::board::Quota;
use host::http::{Service, Settings};
use host::pace::Rate;
use http_body_util::BodyExt;
use sim::resident_bytes;
use tower::ServiceExt;

#[path = "shared/random.rs"]
mod random;

use random::Random;

fn path(random: &mut Random) -> String {
    let route = random.pick(&["t1", "t2", "t3", "t1", "t2", "t3", "new", "t4", "", "t1/"]);
    let query = random.pick(&[
        "",
        "",
        "",
        "?after=0",
        "?after=18446744073709551615",
        "?after=-1",
        "?wait=0&after=9",
        "?to=00",
        "?to=%00",
        "?after=%",
        "?wait=99999999999999999999",
        "?&&&==",
        "?after=1&after=2",
    ]);
    match random.below(3) {
        0 => format!("/{route}{query}"),
        1 => format!("/meet/board-{}/{route}{query}", random.below(2_000)),
        _ => format!(
            "/meet/{}/{route}{query}",
            random.pick(&["A", "%2e", "a%2fb", "-", "%ff", "a"])
        ),
    }
}

/// A body of the greatest length or one byte longer, an accepted one with a change, or random records.
fn body(random: &mut Random, accepted: &[u8]) -> (Origin, Vec<u8>) {
    match random.below(8) {
        0 => {
            let more = random.below(2);
            (Origin::Random, vec![0; BODY + more])
        }
        1..=3 => (Origin::Accepted, mutated(random, accepted)),
        _ => (Origin::Random, random_records(random)),
    }
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Origin {
    Random,
    Accepted,
}

/// `bytes` with one change, or none.
fn mutated(random: &mut Random, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = random.below(bytes.len().max(1));
    match random.below(6) {
        0 => bytes.truncate(at),
        1 => bytes.extend_from_within(at..),
        2 => bytes.rotate_left(at),
        3 => bytes.insert(at, 0),
        4 => bytes
            .iter_mut()
            .skip(at)
            .take(1)
            .for_each(|byte| *byte ^= 1),
        _ => {}
    }
    bytes
}

fn random_records(random: &mut Random) -> Vec<u8> {
    let length = [288, 64, 768, 96][random.below(4)];
    let count = random.below(4);
    let mut bytes = random.bytes(count * length);
    match random.below(4) {
        0 => drop(bytes.pop()),
        1 => bytes.push(0),
        2 => bytes.fill(0),
        _ => {}
    }
    bytes
}

#[tokio::test]
async fn a_hundred_thousand_hostile_requests_change_nothing_but_bounded_memory() {
    let mut settings = Settings::default();
    settings.requests = Rate {
        per_second: 1_000_000,
        burst: 1_000_000,
    };
    settings.limits.board = Quota {
        records: 200,
        bytes: 40_000,
    };
    settings.limits.source = Quota {
        records: 900,
        bytes: 300_000,
    };
    settings.limits.server = Quota {
        records: 3_000,
        bytes: 1_000_000,
    };
    settings.body = BODY;
    let limits = settings.limits;
    let service = Service::new(settings);
    let mut random = Random(0x5eed);
    let mut seen = std::collections::BTreeMap::new();
    let mut accepted = Vec::new();
    let mut taken = std::collections::BTreeMap::new();
    let mut early = None;
    for n in 0..REQUESTS {
        if n == REQUESTS / 10 {
            early = resident_bytes().unwrap();
        }
        let last = u8::try_from(random.below(9)).unwrap();
        let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
        let method = random.pick(&["POST", "POST", "POST", "GET", "PUT", "HEAD", "OPTIONS", "X"]);
        let mut request = Request::builder().method(method).uri(path(&mut random));
        if random.below(2) == 0 {
            request = request.header("entrenous-cursor", random.pick(&["0", "", "x"]));
        }
        if random.below(8) == 0 {
            request = request.header("x-forwarded-for", random.pick(&["1.2.3.4", ",", "\u{ff}"]));
        }
        let (origin, body) = body(&mut random, &accepted);
        let request = request.body(Body::from(body.clone())).unwrap();
        let response = service.router(peer).oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let answer = response.into_body().collect().await.unwrap().to_bytes();
        assert!(answer.len() <= limits.board.bytes + limits.board.records);
        *seen.entry(status).or_insert(0_u32) += 1;
        if status == 204 && !body.is_empty() {
            let is_changed = body != accepted;
            *taken.entry((origin, is_changed)).or_insert(0_u32) += 1;
            accepted = body;
        }
    }
    let statuses: Vec<u16> = seen.keys().copied().collect();
    assert_eq!(statuses, [200, 204, 400, 404, 405, 413, 429], "{seen:?}");
    for origin in [Origin::Random, Origin::Accepted] {
        let count = taken.get(&(origin, true)).copied().unwrap_or(0);
        assert!(count > 50, "{origin:?}: {taken:?}");
    }
    let stats = service.stats();
    assert!(stats.held.records <= limits.server.records && stats.held.records > 500);
    assert!(stats.held.bytes <= limits.server.bytes);
    assert!(stats.boards <= limits.boards && stats.sources <= 9);
    if let (Some(early), Some(late)) = (early, resident_bytes().unwrap()) {
        assert!(
            late <= early + 8_000_000,
            "{early} bytes, then {late} bytes"
        );
    }
}

const REQUESTS: u32 = 100_000;
/// Short, so that many bodies can be too long.
const BODY: usize = 4096;
