//! Every case of `vectors/wire/frames.json`, which a second implementation made.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test")]

use serde::Deserialize;
use wire::v1::{
    Answer, Authenticate, Challenge, Challenged, ClientFrame, Credit, Done, Error, Event, Hello,
    Identity, IdentityChange, IdentityChanged, IdentityGet, IdentityMoved, InvitationAnswered,
    InvitationTake, Leaving, Operation, Ping, Proof, Push, Request, ServerFrame, answer,
    client_frame, event, operation, server_frame,
};
use wire::{Binding, Bounded, DecodeError, FRAME_MAX, Fault, Signed, decode, encode, signed};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    source: String,
    #[serde(rename = "proof")]
    _proof: String,
    good: Vec<Good>,
    bad: Vec<Bad>,
    proofs: Vec<ProofCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Good {
    name: String,
    message: String,
    /// What it says, and its bytes.
    parts: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bad {
    name: String,
    message: String,
    hex: String,
    /// So many zero bytes follow.
    zeros: usize,
    fault: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProofCase {
    name: String,
    binding: u8,
    value: String,
    operation: String,
    signed: String,
}

fn file() -> File {
    let file: File =
        serde_json::from_str(include_str!("../../../vectors/wire/frames.json")).unwrap();
    let counts = (file.good.len(), file.bad.len(), file.proofs.len());
    assert_eq!(
        counts,
        (16, 24, 2),
        "a case went missing from {}",
        file.source
    );
    file
}

fn operation(operation: operation::Operation) -> Vec<u8> {
    encode(&Operation {
        operation: Some(operation),
    })
}

fn asked(request: Request) -> ClientFrame {
    ClientFrame {
        frame: Some(client_frame::Frame::Request(request)),
    }
}

fn said(frame: server_frame::Frame) -> ServerFrame {
    ServerFrame { frame: Some(frame) }
}

fn count(number: u8, length: u8) -> Vec<u8> {
    (0..length).map(|i| number.wrapping_add(i)).collect()
}

/// Whether `bytes` are `message` both ways.
fn agree<T: Bounded + PartialEq + std::fmt::Debug>(name: &str, message: &T, bytes: &[u8]) {
    assert_eq!(hex::encode(encode(message)), hex::encode(bytes), "{name}");
    assert_eq!(
        decode::<T>(bytes, FRAME_MAX).as_ref(),
        Ok(message),
        "{name}"
    );
}

fn client(name: &str) -> ClientFrame {
    match name {
        "an invitation taken" => {
            let take = operation::Operation::InvitationTake(InvitationTake { id: count(0, 24) });
            asked(Request {
                id: 300,
                within_ms: 5000,
                key: count(0, 16),
                proof: None,
                operation: operation(take),
            })
        }
        "a request with a proof" => asked(Request {
            id: 2,
            proof: Some(proof()),
            operation: operation(operation::Operation::Authenticate(Authenticate {})),
            ..Request::default()
        }),
        "an identity changed by a device" => {
            let statement = b"statement".to_vec();
            let change = operation::Operation::IdentityChange(IdentityChange { statement });
            asked(Request {
                id: 5,
                proof: Some(proof()),
                operation: operation(change),
                ..Request::default()
            })
        }
        "credit" => ClientFrame {
            frame: Some(client_frame::Frame::Credit(Credit { pushes: 1000 })),
        },
        "a ping" => ClientFrame {
            frame: Some(client_frame::Frame::Ping(Ping { number: u64::MAX })),
        },
        other => panic!("no test for {other}"),
    }
}

fn proof() -> Proof {
    Proof {
        account: vec![0x10; 32],
        device: vec![0x20; 32],
        server_nonce: vec![0x30; 32],
        client_nonce: vec![0x40; 32],
        binding: 2,
        signature: vec![0x60; 64],
    }
}

fn request(name: &str) -> Request {
    let (id, asked) = match name {
        "a challenge on rpc" => (1, operation::Operation::Challenge(Challenge {})),
        "an identity asked for" => {
            let account = vec![0x11; 32];
            (3, operation::Operation::Identity(IdentityGet { account }))
        }
        other => panic!("no test for {other}"),
    };
    Request {
        id,
        operation: operation(asked),
        ..Request::default()
    }
}

fn answered(name: &str) -> Answer {
    let (id, result) = match name {
        "done" => (9, answer::Result::Done(Done {})),
        "a nonce and the server's key" => {
            let challenged = Challenged {
                nonce: vec![9; 32],
                valid_ms: 60_000,
                key: vec![8; 32],
            };
            (4, answer::Result::Challenged(challenged))
        }
        "an identity chain" => {
            let chain = b"chain".to_vec();
            (3, answer::Result::Identity(Identity { chain }))
        }
        "a statement in its chain" => {
            let statement = b"statement".to_vec();
            let changed = IdentityChanged { statement };
            (5, answer::Result::IdentityChanged(changed))
        }
        other => panic!("no test for {other}"),
    };
    Answer {
        id,
        result: Some(result),
    }
}

fn server(name: &str) -> ServerFrame {
    match name {
        "hello" => said(server_frame::Frame::Hello(Hello {
            name: "relay.example.org".into(),
            nonce: vec![7; 32],
            binding: 1,
            now_ms: 1_800_000_000_000,
            in_flight: 32,
            frame_bytes: 262_144,
            key: vec![8; 32],
        })),
        "a refusal" => said(server_frame::Frame::Answer(Answer {
            id: 7,
            result: Some(answer::Result::Error(Error {
                kind: 4,
                code: 10,
                text: "slow down".into(),
                retry_after_ms: 1500,
            })),
        })),
        "an event" => {
            let id = vec![0x22; 24];
            let what = event::What::InvitationAnswered(InvitationAnswered { id });
            let event = Event {
                number: 5,
                what: Some(what),
            };
            said(server_frame::Frame::Push(Push { event: Some(event) }))
        }
        "an identity chain that has grown" => {
            let what = event::What::IdentityMoved(IdentityMoved { statements: 3 });
            let event = Event {
                number: 6,
                what: Some(what),
            };
            said(server_frame::Frame::Push(Push { event: Some(event) }))
        }
        "leaving" => said(server_frame::Frame::Leaving(Leaving {
            come_back_ms: 12_000,
        })),
        other => panic!("no test for {other}"),
    }
}

#[test]
fn every_good_message_is_written_and_read_as_in_the_vectors() {
    for case in file().good {
        let whole: String = case.parts.iter().map(|(_, hex)| hex.as_str()).collect();
        let (name, bytes) = (case.name.as_str(), hex::decode(whole).unwrap());
        match case.message.as_str() {
            "Request" => agree(name, &request(name), &bytes),
            "ClientFrame" => agree(name, &client(name), &bytes),
            "ServerFrame" => agree(name, &server(name), &bytes),
            "Answer" => agree(name, &answered(name), &bytes),
            other => panic!("{name}: no message {other}"),
        }
    }
}

fn refused<T: Bounded>(bytes: &[u8]) -> Option<Fault> {
    match decode::<T>(bytes, 1 << 20) {
        Err(DecodeError::Malformed(fault)) => Some(fault),
        _ => None,
    }
}

#[test]
fn every_bad_message_is_refused_for_its_fault() {
    for case in file().bad {
        let mut bytes = hex::decode(&case.hex).unwrap();
        bytes.resize(bytes.len() + case.zeros, 0);
        let fault = match case.message.as_str() {
            "Request" => refused::<Request>(&bytes),
            "ClientFrame" => refused::<ClientFrame>(&bytes),
            "ServerFrame" => refused::<ServerFrame>(&bytes),
            "Operation" => refused::<Operation>(&bytes),
            "Answer" => refused::<Answer>(&bytes),
            other => panic!("{}: no message {other}", case.name),
        };
        let name = match fault {
            Some(Fault::Cut) => "cut",
            Some(Fault::Tag) => "tag",
            Some(Fault::Type { .. }) => "type",
            Some(Fault::Length { .. }) => "length",
            Some(Fault::Count { .. }) => "count",
            Some(Fault::Missing { .. }) => "missing",
            Some(Fault::Choice { .. }) => "choice",
            Some(Fault::Unknown) => "unknown",
            Some(Fault::Text) => "text",
            _ => "none",
        };
        assert_eq!(name, case.fault, "{}", case.name);
    }
}

#[test]
fn the_bytes_under_a_proof_are_as_in_the_vectors() {
    for case in file().proofs {
        let value = hex::decode(&case.value).unwrap();
        let exporter: Option<&[u8; 32]> = value.as_slice().try_into().ok();
        let binding = match case.binding {
            1 => Binding::Exporter(exporter.unwrap()),
            _ => Binding::Name(str::from_utf8(&value).unwrap()),
        };
        let operation = hex::decode(&case.operation).unwrap();
        let bytes = signed(&Signed {
            binding,
            server_nonce: &[1; 32],
            client_nonce: &[2; 32],
            account: &[3; 32],
            device: &[4; 32],
            operation: &operation,
        });
        assert_eq!(hex::encode(bytes.unwrap()), case.signed, "{}", case.name);
    }
}
