use alloc::vec::Vec;

use kernel::Kind;
use prost::Message;

use crate::shape::{Fault, Field, Shape, What};

/// A message with bounds.
pub trait Bounded: Message + Default {
    /// Its bounds.
    const SHAPE: &'static Shape;
}

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// They are longer than the caller takes.
    #[error("{length} bytes, at most {max} are taken")]
    TooLong {
        /// How long they are.
        length: usize,
        /// How long they may be.
        max: usize,
    },
    /// They are not within the bounds of the message, or no protobuf at all.
    #[error("malformed: {0}")]
    Malformed(Fault),
}

impl DecodeError {
    /// The peer's fault, always.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::TooLong { .. } => Kind::Exhausted,
            Self::Malformed(_) => Kind::PeerMisbehaved,
        }
    }
}

/// Reads a message from `bytes`, chosen by a peer; takes at most `max` bytes.
///
/// Nothing is built before the bytes are within all bounds, so what is built is at most a small
/// multiple of their length.
///
/// # Errors
///
/// See [`DecodeError`].
///
/// # Spec
///
/// `spec/40-server.md` section 1.3.
pub fn decode<T: Bounded>(bytes: &[u8], max: usize) -> Result<T, DecodeError> {
    if bytes.len() > max {
        return Err(DecodeError::TooLong {
            length: bytes.len(),
            max,
        });
    }
    T::SHAPE.check(bytes).map_err(DecodeError::Malformed)?;
    // The structure is sound by now; what is left is text that is not UTF-8, and numbers that do
    // not fit their field, which are cut.
    T::decode(bytes).map_err(|_| DecodeError::Malformed(Fault::Text))
}

/// The bytes of `message`: fields in the order of their numbers, nothing that is zero or empty.
#[must_use]
pub fn encode(message: &impl Message) -> Vec<u8> {
    message.encode_to_vec()
}

/// The longest frame of a client, and the longest body of `/v1/rpc`.
pub const FRAME_MAX: usize = 256 << 10;
/// The longest frame or answer of a server.
pub const SERVER_FRAME_MAX: usize = 1 << 20;
/// The longest record in a server's store.
pub const STORED_MAX: usize = 256 << 10;

include!(concat!(env!("OUT_DIR"), "/bounds.rs"));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::MAX_FIELDS;
    use crate::v1;

    /// All shapes below `shape`, itself first.
    fn below(shape: &'static Shape) -> Vec<&'static Shape> {
        let inner = shape.0.iter().filter_map(|field| match field.what {
            What::Message(shape) => Some(below(shape)),
            _ => None,
        });
        core::iter::once(shape).chain(inner.flatten()).collect()
    }

    #[test]
    fn every_table_fits_the_walker() {
        let roots = [
            v1::ClientFrame::SHAPE,
            v1::ServerFrame::SHAPE,
            v1::Operation::SHAPE,
            v1::StoredAccount::SHAPE,
            v1::StoredInvitation::SHAPE,
            v1::StoredServer::SHAPE,
        ];
        for shape in roots.into_iter().flat_map(below) {
            assert!(shape.0.len() <= MAX_FIELDS);
            let mut choices = shape.0.iter().filter_map(|field| field.choice);
            assert!(choices.all(|choice| choice < 64));
        }
    }
}
