//! What a client or a server sends the other, and what a server finds in its store: whatever the
//! bytes, they are refused or come back as they were.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::v1::{
    Answer, ClientFrame, Operation, Request, ServerFrame, StoredAccount, StoredEvent,
    StoredInvitation, StoredPin, StoredReply, StoredServer, client_frame,
};
use wire::{Bounded, FRAME_MAX, SERVER_FRAME_MAX, STORED_MAX, decode, encode};

fuzz_target!(|bytes: &[u8]| {
    if let Some(ClientFrame {
        frame: Some(client_frame::Frame::Request(request)),
    }) = back(bytes, FRAME_MAX)
    {
        back::<Operation>(&request.operation, FRAME_MAX);
    }
    back::<Request>(bytes, FRAME_MAX);
    back::<Operation>(bytes, FRAME_MAX);
    back::<ServerFrame>(bytes, SERVER_FRAME_MAX);
    if let Some(answer) = back::<Answer>(bytes, SERVER_FRAME_MAX)
        && let Some(wire::v1::answer::Result::Error(error)) = answer.result
    {
        let refusal = wire::Refusal::from_message(&error);
        assert!(!refusal.text.chars().any(char::is_control));
    }
    back::<StoredAccount>(bytes, STORED_MAX);
    back::<StoredInvitation>(bytes, STORED_MAX);
    back::<StoredPin>(bytes, STORED_MAX);
    back::<StoredReply>(bytes, STORED_MAX);
    back::<StoredEvent>(bytes, STORED_MAX);
    back::<StoredServer>(bytes, STORED_MAX);
});

/// The message in `bytes`, if it is one; what it encodes to must read as the same.
fn back<T: Bounded + PartialEq>(bytes: &[u8], max: usize) -> Option<T> {
    let message: T = decode(bytes, max).ok()?;
    let again = encode(&message);
    assert!(again.len() <= bytes.len(), "nothing grows");
    assert!(decode::<T>(&again, max).is_ok_and(|same| same == message));
    Some(message)
}
