//! Any bytes are refused or understood, and what is understood is what was said.

use proptest::prelude::*;
use wire::v1::{
    Answer, ClientFrame, Error, Identity, IdentityChange, KeptPin, KeptSession, Operation,
    Register, Request, ServerFrame, StoredAccount, StoredClaim, StoredInvitation, StoredServer,
    answer, client_frame, operation,
};
use wire::{
    Binding, Code, DecodeError, FRAME_MAX, Fault, Refusal, STORED_MAX, Signed, decode, encode,
    signed,
};

fn bytes(length: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), length)
}

proptest! {
    #[test]
    fn a_request_comes_back_as_it_was(
        id in any::<u64>(),
        within_ms in any::<u32>(),
        key in prop_oneof![Just(Vec::new()), bytes(16)],
        operation in prop::collection::vec(any::<u8>(), 1..2000),
    ) {
        let request = Request { id, within_ms, key, proof: None, operation };
        let frame = ClientFrame { frame: Some(client_frame::Frame::Request(request)) };
        prop_assert_eq!(decode::<ClientFrame>(&encode(&frame), FRAME_MAX), Ok(frame));
    }

    #[test]
    fn an_invitation_comes_back_as_it_was(
        sealed in prop::collection::vec(any::<u8>(), 1..=16_384),
        claims in prop::collection::vec((bytes(16), prop_oneof![Just(Vec::new()), bytes(32)]), 0..=100),
        uses in any::<u32>(),
    ) {
        let claims = claims.into_iter().map(|(claim, answer)| StoredClaim { claim, answer });
        let stored = StoredInvitation {
            account: vec![1; 32],
            sealed,
            until_s: 5,
            uses,
            claims: claims.collect(),
        };
        prop_assert_eq!(decode::<StoredInvitation>(&encode(&stored), STORED_MAX), Ok(stored));
    }

    #[test]
    fn any_bytes_are_refused_or_come_back(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(frame) = decode::<ServerFrame>(&bytes, FRAME_MAX) {
            prop_assert_eq!(decode::<ServerFrame>(&encode(&frame), FRAME_MAX), Ok(frame));
        }
        let _ = decode::<ClientFrame>(&bytes, FRAME_MAX);
        let _ = decode::<Operation>(&bytes, FRAME_MAX);
        let _ = decode::<StoredAccount>(&bytes, FRAME_MAX);
    }

    #[test]
    fn a_good_frame_with_one_byte_changed_is_refused_or_comes_back(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let invitation = operation::Operation::Register(Register {
            pin: "ABC-DEFGHJK".into(),
            identity: vec![1; 300],
            devices: vec![2; 200],
        });
        let mut bytes = encode(&Operation { operation: Some(invitation) });
        *at.get_mut(&mut bytes) = to;
        if let Ok(message) = decode::<Operation>(&bytes, FRAME_MAX) {
            prop_assert_eq!(decode::<Operation>(&encode(&message), FRAME_MAX), Ok(message));
        }
    }
}

fn request(operation: usize) -> Vec<u8> {
    encode(&Request {
        operation: vec![0; operation],
        ..Request::default()
    })
}

#[test]
fn lengths_are_taken_at_their_bound_and_not_one_above() {
    assert!(decode::<Request>(&request(261_120), FRAME_MAX).is_ok());
    let fault = Fault::Length { field: 5 };
    let above = decode::<Request>(&request(261_121), FRAME_MAX);
    assert_eq!(above, Err(DecodeError::Malformed(fault)));
    let bytes = request(100);
    assert!(decode::<Request>(&bytes, bytes.len()).is_ok());
    let max = bytes.len() - 1;
    let length = bytes.len();
    let above = decode::<Request>(&bytes, max);
    assert_eq!(above, Err(DecodeError::TooLong { length, max }));
}

#[test]
fn an_identity_statement_and_chain_are_taken_at_their_bounds_and_not_one_above() {
    let change = |length| {
        let statement = vec![0; length];
        let change = operation::Operation::IdentityChange(IdentityChange { statement });
        let operation = Some(change);
        decode::<Operation>(&encode(&Operation { operation }), FRAME_MAX).is_ok()
    };
    assert_eq!(
        [0, 1, 16_384, 16_385].map(change),
        [false, true, true, false]
    );
    let identity = |length| {
        let chain = vec![0; length];
        let result = Some(answer::Result::Identity(Identity { chain }));
        decode::<Answer>(&encode(&Answer { id: 1, result }), FRAME_MAX).is_ok()
    };
    let taken = [0, 1, 114_688, 114_689].map(identity);
    assert_eq!(taken, [false, true, true, false]);
}

#[test]
fn counts_are_taken_at_their_bound_and_not_one_above() {
    let account = |keys| {
        encode(&StoredAccount {
            identity: vec![1],
            devices: vec![1],
            keys: vec![vec![0; 32]; keys],
            ..StoredAccount::default()
        })
    };
    assert!(decode::<StoredAccount>(&account(32), STORED_MAX).is_ok());
    let fault = Fault::Count { field: 3 };
    let above = decode::<StoredAccount>(&account(33), STORED_MAX);
    assert_eq!(above, Err(DecodeError::Malformed(fault)));
}

#[test]
fn unknown_fields_are_skipped_up_to_sixteen() {
    let mut bytes = request(1);
    for _ in 0..16 {
        bytes.extend([0x78, 0x01]);
    }
    assert!(decode::<Request>(&bytes, FRAME_MAX).is_ok());
    bytes.extend([0x78, 0x01]);
    let above = decode::<Request>(&bytes, FRAME_MAX);
    assert_eq!(above, Err(DecodeError::Malformed(Fault::Unknown)));
}

#[test]
fn a_refusal_comes_back_with_its_code_and_an_unknown_code_with_its_kind() {
    for code in Code::ALL {
        let refusal = Refusal::after(code, "why", core::time::Duration::from_millis(1500));
        let message = refusal.to_message();
        assert!(message.kind > 0 && message.code > 0);
        assert_eq!(Refusal::from_message(&message), refusal);
    }
    let newer = Error {
        kind: 4,
        code: 999,
        text: "a\u{1b}[2Jb".into(),
        retry_after_ms: 0,
    };
    let read = Refusal::from_message(&newer);
    assert_eq!(read.code, Err(kernel::Kind::Exhausted));
    assert_eq!(read.text, "a[2Jb", "control characters reach a terminal");
    assert!(!read.is_certain());
}

#[test]
fn a_name_is_bound_by_one_to_253_bytes() {
    let bytes = |name: &str| {
        signed(&Signed {
            binding: Binding::Name(name),
            server_nonce: &[0; 32],
            client_nonce: &[0; 32],
            account: &[0; 32],
            device: &[0; 32],
            operation: &[],
        })
    };
    assert!(bytes("").is_none());
    assert!(bytes(&"a".repeat(254)).is_none());
    assert!(bytes(&"a".repeat(253)).is_some());
}

#[test]
fn a_pin_and_a_server_s_seed_are_never_printed() {
    let register = Register {
        pin: "ABC-DEFGHJK".into(),
        ..Register::default()
    };
    let operation = Operation {
        operation: Some(operation::Operation::Register(register)),
    };
    assert!(!format!("{operation:?}").contains("ABC"));
    let server = StoredServer {
        seed: vec![123; 32],
    };
    assert!(!format!("{server:?}").contains("123"));
    let answer = Answer {
        id: 1,
        result: Some(answer::Result::Done(wire::v1::Done {})),
    };
    assert!(format!("{answer:?}").contains("Done"));
    assert!(decode::<Answer>(&encode(&answer), 100).unwrap().id == 1);
}

#[test]
fn sessions_and_pins_are_taken_at_their_bounds_and_not_one_above() {
    let session = |length| {
        let record = vec![1; length];
        decode::<KeptSession>(&encode(&KeptSession { record }), STORED_MAX).is_ok()
    };
    assert_eq!([0, 1, 3299, 3300].map(session), [false, true, true, false]);
    let pin = |length| {
        let pin = KeptPin {
            name: "n".repeat(length),
            since_ms: u64::MAX,
            ..KeptPin::default()
        };
        decode::<KeptPin>(&encode(&pin), STORED_MAX) == Ok(pin)
    };
    assert_eq!([0, 1, 64, 65].map(pin), [false, true, true, false]);
}
