use alloc::vec::Vec;

use kernel::Kind;

use super::Board;

/// What to do with a message that is too long for its board.
#[expect(clippy::exhaustive_enums, reason = "a two-word flag")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fit {
    /// Refuse it.
    Refuse,
    /// Keep its beginning, as the reference does; a character may be cut in two.
    Cut,
}

impl Board {
    /// The length of a session's payload on this board, in bytes; the same for every message.
    #[must_use]
    pub const fn payload_len(&self) -> usize {
        match self {
            Self::Plain => PLAIN_PAYLOAD,
            Self::Named(_) => NAMED_PAYLOAD,
        }
    }

    /// The longest message this board carries, in bytes.
    #[must_use]
    pub const fn message_max(&self) -> usize {
        match self {
            Self::Plain => PLAIN_PAYLOAD,
            Self::Named(_) => NAMED_MESSAGE,
        }
    }
}

/// Pads `message` to the payload of a session on `board`.
///
/// On the plain board the padding is spaces, so spaces at the end of a message are lost.
///
/// # Errors
///
/// See [`MessageError`].
///
/// # Spec
///
/// `spec/10-rendezvous.md` section 5.1.
pub fn pack(board: &Board, message: &[u8], fit: Fit) -> Result<Vec<u8>, MessageError> {
    let max = board.message_max();
    let message = match (message.get(..max), fit) {
        (None, _) => message,
        (Some(cut), Fit::Cut) => cut,
        (Some(whole), Fit::Refuse) if whole.len() == message.len() => whole,
        (Some(_), Fit::Refuse) => {
            let got = message.len();
            return Err(MessageError::TooLong { got, max });
        }
    };
    let mut payload = Vec::with_capacity(board.payload_len());
    let padding = match board {
        Board::Plain => b' ',
        Board::Named(_) => {
            let length = u16::try_from(message.len()).unwrap_or(u16::MAX);
            payload.extend_from_slice(&length.to_le_bytes());
            0
        }
    };
    payload.extend_from_slice(message);
    payload.resize(board.payload_len(), padding);
    Ok(payload)
}

/// The message inside a `payload` that a peer who knows the passphrase chose.
///
/// On the plain board everything is a message; spaces at its end are padding.
///
/// # Errors
///
/// See [`MessageError`].
///
/// # Spec
///
/// `spec/10-rendezvous.md` section 5.1.
pub fn unpack<'a>(board: &Board, payload: &'a [u8]) -> Result<&'a [u8], MessageError> {
    match board {
        Board::Plain => {
            let end = payload.iter().rposition(|&byte| byte != b' ');
            let length = end.map_or(0, |last| last.saturating_add(1));
            Ok(payload.get(..length).unwrap_or_default())
        }
        Board::Named(_) => unpack_named(payload).ok_or(MessageError::Malformed),
    }
}

/// `le16(length)`, the message, zero bytes.
fn unpack_named(payload: &[u8]) -> Option<&[u8]> {
    if payload.len() != NAMED_PAYLOAD {
        return None;
    }
    let (length, rest) = payload.split_first_chunk::<2>()?;
    let (message, padding) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
    padding.iter().all(|&byte| byte == 0).then_some(message)
}

/// Why a message and a payload do not become each other.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The message does not fit.
    #[error("message has {got} bytes, this board carries at most {max}")]
    TooLong {
        /// Its length in bytes.
        got: usize,
        /// The most this board carries.
        max: usize,
    },
    /// A peer's payload is not one of this board.
    #[error("payload is not a padded message")]
    Malformed,
}

impl MessageError {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::TooLong { .. } => Kind::BadInput,
            Self::Malformed => Kind::PeerMisbehaved,
        }
    }
}

const PLAIN_PAYLOAD: usize = 96;
const NAMED_PAYLOAD: usize = 576;
const NAMED_MESSAGE: usize = 574;

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn named() -> Board {
        Board::Named("b".parse().unwrap())
    }

    #[test]
    fn a_message_comes_back_up_to_the_limit_and_no_further() {
        for (board, max) in [(Board::Plain, 96), (named(), 574)] {
            for length in [0, 1, max] {
                let message = vec![b'x'; length];
                let payload = pack(&board, &message, Fit::Refuse).unwrap();
                assert_eq!(payload.len(), board.payload_len());
                assert_eq!(unpack(&board, &payload).unwrap(), message);
            }
            let long = vec![b'x'; max + 1];
            let got = long.len();
            assert_eq!(
                pack(&board, &long, Fit::Refuse),
                Err(MessageError::TooLong { got, max })
            );
            let cut = pack(&board, &long, Fit::Cut).unwrap();
            assert_eq!(unpack(&board, &cut).unwrap(), &long[..max]);
        }
    }

    #[test]
    fn spaces_at_the_end_are_lost_on_the_plain_board_only() {
        for (board, expected) in [(Board::Plain, &b" a b"[..]), (named(), b" a b  ")] {
            let payload = pack(&board, b" a b  ", Fit::Refuse).unwrap();
            assert_eq!(unpack(&board, &payload).unwrap(), expected);
        }
    }

    #[test]
    fn a_named_payload_with_a_bad_length_or_dirty_padding_is_refused() {
        let good = pack(&named(), b"hi", Fit::Refuse).unwrap();
        let mut too_long = good.clone();
        too_long[..2].copy_from_slice(&575u16.to_le_bytes());
        let mut dirty = good.clone();
        dirty[575] = 1;
        for bad in [&too_long[..], &dirty, &good[..575], b""] {
            assert_eq!(unpack(&named(), bad), Err(MessageError::Malformed));
        }
    }
}
