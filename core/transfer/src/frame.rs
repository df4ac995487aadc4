//! Frames as bytes.

use alloc::vec::Vec;

use wire::v1::FileFrame;
use wire::v1::file_frame::Kind;
use wire::{decode, encode};

/// The first byte of an aside that is a frame of this protocol.
///
/// # Spec
///
/// `spec/20-channel.md` 16, `spec/23-files.md` 2.
pub const PROTOCOL: u8 = 1;

pub(crate) fn bytes(kind: Kind) -> Vec<u8> {
    let frame = encode(&FileFrame { kind: Some(kind) });
    let mut aside = Vec::with_capacity(frame.len().saturating_add(1));
    aside.push(PROTOCOL);
    aside.extend(frame);
    aside
}

/// What an aside of anyone's says; nothing if it is no frame, or of a kind that we do not know.
pub(crate) fn read(aside: &[u8]) -> Option<Kind> {
    let (&protocol, frame) = aside.split_first()?;
    if protocol != PROTOCOL {
        return None;
    }
    decode::<FileFrame>(frame, ASIDE_MAX).ok()?.kind
}

/// Bytes that an aside has at most, on any connection.
const ASIDE_MAX: usize = 61_435;
