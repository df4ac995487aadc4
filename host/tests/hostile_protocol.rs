//! 10,000 random requests to one server with a board, accounts, invitations and buckets: every answer is
//! one of the contract, none is a bug, memory stays bounded, and what was there before is there after.
//!
//! Alone in its process, so that its memory is the process's.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::http::Request as HttpRequest;
use host::accounts::Admission;
use host::http::Settings;
use host::pace::Rate;
use journal::{Limits, Memory, SystemClock};
use sim::resident_bytes;
use wire::v1::operation::Operation as Op;
use wire::v1::{
    AccountDelete, AccountGet, Answer, Authenticate, BucketFetch, BucketLeave, Challenge,
    DeviceChange, EventsGet, InvitationAnswer, InvitationAnswersGet, InvitationLeave,
    InvitationTake, InvitationWithdraw, InvitationsGet, Proof, Register, Request, Subscribe,
    answer,
};
use wire::{Binding, Code, Refusal, SERVER_FRAME_MAX, decode, encode};

#[path = "protocol/local.rs"]
mod local;
#[path = "protocol/person.rs"]
#[expect(dead_code, reason = "these tests do not need all of it")]
mod person;
#[path = "shared/random.rs"]
mod random;

use local::Local;
use person::{Person, bytes, device};
use random::Random;

const REQUESTS: u32 = 10_000;
const PEOPLE: u8 = 10;
/// For what is stored; what the allocator keeps of the pins' 19 MiB is not looked at.
const GROWTH: u64 = 16_000_000;

impl Random {
    /// A field that should have `length` bytes, and mostly has.
    fn field(&mut self, length: usize) -> Vec<u8> {
        match self.below(8) {
            0 => {
                let length = self.pick(&[0, 1, length - 1, length + 1, 2 * length]);
                self.bytes(length)
            }
            // Few values, so that they meet again.
            _ => vec![self.below(9).try_into().unwrap(); length],
        }
    }
}

/// An operation whose fields are what anyone may put there.
fn operation(random: &mut Random, person: &Person, now_s: u64) -> Op {
    let sealed_len = random.pick(&[1, 100, 16_384, 16_385]);
    let id = random.field(24);
    match random.below(17) {
        0 => Op::Challenge(Challenge {}),
        1 => Op::Authenticate(Authenticate {}),
        2 => match person.register("ABC-DEFGHJK") {
            Op::Register(register) => Op::Register(Register {
                identity: mutated(random, register.identity),
                devices: mutated(random, register.devices),
                ..register
            }),
            other => other,
        },
        3 => {
            let statement = Person::new(1).add(&device(1, 9)).to_bytes();
            Op::DeviceChange(DeviceChange {
                statement: mutated(random, statement),
            })
        }
        4 => Op::Account(AccountGet {}),
        5 if random.below(8) == 0 => Op::AccountDelete(AccountDelete {}),
        6 => Op::Events(EventsGet {
            after: random.next(),
        }),
        7 => Op::Subscribe(Subscribe {
            after: random.next(),
        }),
        8 | 9 => Op::InvitationLeave(InvitationLeave {
            id,
            sealed: random.bytes(sealed_len),
            until_s: random.pick(&[0, now_s, now_s + 60, now_s + 8_000_000, u64::MAX]),
            uses: random.pick(&[0, 1, 2, 100, 101, u32::MAX]),
        }),
        10 => Op::InvitationTake(InvitationTake { id }),
        11 => Op::InvitationAnswer(InvitationAnswer {
            id,
            sealed: random.bytes(sealed_len),
        }),
        12 => Op::InvitationAnswers(InvitationAnswersGet {
            id,
            after: random.next(),
        }),
        13 => Op::InvitationWithdraw(InvitationWithdraw { id }),
        14 => Op::Invitations(InvitationsGet {}),
        15 => Op::BucketLeave(BucketLeave {
            entry: random.field(256),
        }),
        _ => Op::BucketFetch(BucketFetch {
            hash: random.field(32),
        }),
    }
}

/// `bytes` with a change, or as they are.
fn mutated(random: &mut Random, mut bytes: Vec<u8>) -> Vec<u8> {
    let at = random.below(bytes.len().max(1));
    match random.below(9) {
        0 => bytes.truncate(at),
        1 => bytes.extend_from_within(at..),
        2 => bytes.rotate_left(at),
        3 => bytes.insert(at, 0xff),
        4 => bytes
            .iter_mut()
            .skip(at)
            .take(1)
            .for_each(|byte| *byte ^= 1),
        _ => {}
    }
    bytes
}

/// A request with the fields of the envelope in any state.
fn request(random: &mut Random, person: &Person, nonce: &[u8; 32], now_s: u64) -> Request {
    let operation = operation(random, person, now_s);
    let signed_for = if random.below(9) == 0 {
        "elsewhere"
    } else {
        "server.test"
    };
    let proof = person.proof(&person.first, Binding::Name(signed_for), nonce, &operation);
    let of_account = !matches!(operation, Op::BucketLeave(_) | Op::BucketFetch(_));
    let proof = match random.below(8) {
        0 => None,
        1 => Some(Proof {
            signature: random.field(64),
            ..proof
        }),
        2 => Some(Proof {
            account: random.field(32),
            binding: random.pick(&[0, 1, 2, 3, u32::MAX]),
            ..proof
        }),
        _ => of_account.then_some(proof),
    };
    Request {
        id: random.next(),
        within_ms: random.pick(&[0, 1, 30_000, u32::MAX]),
        key: random.field(16),
        proof,
        operation: bytes(&operation),
    }
}

/// A request for another route, or one that is no request.
fn other(random: &mut Random) -> HttpRequest<Body> {
    let path = random.pick(&[
        "/v1/rpc",
        "/v1/live",
        "/v1/live",
        "/.well-known/entrenous",
        "/v1/",
        "/v1/rpc/",
        "/t1",
        "/meet/a/t2",
        "/new?after=1",
        "/%ff",
    ]);
    let method = random.pick(&["GET", "GET", "POST", "PUT", "HEAD", "OPTIONS", "X"]);
    let mut request = HttpRequest::builder().method(method).uri(path);
    for (name, value) in [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-version", "14"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-key", "?"),
        ("x-forwarded-for", "1.2.3.4"),
        ("content-type", "text/html"),
    ] {
        if random.below(2) == 0 {
            request = request.header(name, value);
        }
    }
    let length = random.pick(&[0, 1, 64, 288, 5_000, 262_144, 262_145]);
    let body = random.bytes(length);
    request.body(Body::from(body)).unwrap()
}

/// A server with people, their invitations, and one whom nothing may harm.
async fn populated(now_s: u64) -> (Local, Vec<Person>) {
    let mut settings = Settings::default();
    settings.requests = Rate {
        per_second: 1_000_000,
        burst: 1_000_000,
    };
    let store = Memory::new(Limits::default(), Arc::new(SystemClock));
    let server = Local::new(settings, Arc::new(store)).await;
    let people: Vec<Person> = (1..=PEOPLE).map(Person::new).collect();
    // The first ones are newcomers.
    for person in &people[usize::from(PEOPLE / 2)..] {
        let register = person.register("");
        server.ask_as(person, &register).await.unwrap();
    }
    let leave = Op::InvitationLeave(InvitationLeave {
        id: vec![0xaa; 24],
        sealed: vec![0xaa; 16_384],
        until_s: now_s + 3600,
        uses: 1,
    });
    server.ask_as(people.last().unwrap(), &leave).await.unwrap();
    (server, people)
}

#[tokio::test]
async fn ten_thousand_hostile_requests_get_typed_errors_and_change_nothing_of_others() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now_s = now.as_secs();
    let (server, people) = populated(now_s).await;
    let mut flood = Flood {
        random: Random(0x5eed),
        now_s,
        nonce: [0; 32],
        seen: BTreeMap::new(),
    };
    let mut early = None;
    for number in 0..REQUESTS {
        if number == REQUESTS / 4 {
            early = resident_bytes().unwrap();
        }
        if number % 500 == 0 {
            flood
                .turn(&server, people.last().unwrap(), number / 500)
                .await;
        }
        flood.send(&server, &people).await;
    }
    let seen = &flood.seen;
    let is_missing = |name: &&str| !seen.contains_key(*name);
    let missing: Vec<&str> = SEEN.into_iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "never {missing:?}: {seen:?}");
    if let (Some(early), Some(late)) = (early, resident_bytes().unwrap()) {
        assert!(late <= early + GROWTH, "{early} bytes, then {late}");
    }
    is_unharmed(&server, people.last().unwrap()).await;
}

/// What must have been said at least once, so that the flood is one.
const SEEN: [&str; 10] = [
    "ok",
    "malformed",
    "unsupported",
    "unproven",
    "refused",
    "not_found",
    "conflict",
    "invalid",
    "pin",
    "quota",
];

struct Flood {
    random: Random,
    now_s: u64,
    nonce: [u8; 32],
    /// How often each outcome was.
    seen: BTreeMap<String, u32>,
}

impl Flood {
    /// Another nonce, and another rule of registration. A pin that is none costs its Argon2id, so it
    /// is pins only once, and early.
    async fn turn(&mut self, server: &Local, person: &Person, number: u32) {
        let one = server.request(person, &Op::Account(AccountGet {})).await;
        self.nonce = one.proof.unwrap().server_nonce.try_into().unwrap();
        let mut rules = server.responder.rules();
        rules.admission = match number {
            0 => Admission::Pin,
            _ if number % 4 == 1 => Admission::Closed,
            _ => Admission::Open,
        };
        server.responder.set_rules(rules);
    }

    async fn send(&mut self, server: &Local, people: &[Person]) {
        let random = &mut self.random;
        let peer = random.below(4).try_into().unwrap();
        let sent = match random.below(5) {
            0 => other(random),
            _ => {
                // Never the last one, who is looked for at the end.
                let person = &people[random.below(people.len() - 1)];
                let asked = encode(&request(random, person, &self.nonce, self.now_s));
                let asked = match random.below(4) {
                    0 => mutated(random, asked),
                    _ => asked,
                };
                let post = HttpRequest::post("/v1/rpc").body(Body::from(asked));
                post.unwrap()
            }
        };
        let is_rpc = sent.uri() == "/v1/rpc" && sent.method() == "POST";
        let (status, body) = server.send(peer, sent).await;
        let statuses = [200, 204, 400, 404, 405, 413, 426, 429];
        assert!(statuses.contains(&status), "{status}");
        let outcome = match is_rpc && status == 200 {
            true => code(&body),
            false => status.to_string(),
        };
        *self.seen.entry(outcome).or_default() += 1;
    }
}

/// Whether this person's account and invitation are what they were.
async fn is_unharmed(server: &Local, person: &Person) {
    let take = Request {
        key: vec![9; 16],
        operation: bytes(&Op::InvitationTake(InvitationTake { id: vec![0xaa; 24] })),
        ..Request::default()
    };
    let Ok(answer::Result::Sealed(sealed)) = server.ask(&take).await else {
        panic!("the invitation is gone");
    };
    assert_eq!(sealed.sealed, [0xaa; 16_384]);
    let account = server.ask_as(person, &Op::Account(AccountGet {})).await;
    let Ok(answer::Result::Account(account)) = account else {
        panic!("the account is gone");
    };
    assert_eq!(account.devices, person.devices.to_bytes());
}

/// What an answer says: always something that a client knows, and never that the server has a fault.
fn code(body: &[u8]) -> String {
    let answer: Answer = decode(body, SERVER_FRAME_MAX).unwrap();
    let answer::Result::Error(error) = answer.result.unwrap() else {
        return "ok".to_owned();
    };
    let refusal = Refusal::from_message(&error);
    let code = refusal.code.unwrap();
    assert_ne!(code, Code::Bug, "{}", refusal.text);
    code.name().to_owned()
}
