use alloc::vec::Vec;

use kernel::Kind;

/// Length of a segment's header, in bytes.
pub const HEADER: usize = 24;

/// The number of a connection, 32 bits, chosen at random by the dialer and public.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Conv(u32);

impl Conv {
    /// The connection with this number; every number is one.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// What a segment is for.
#[expect(
    clippy::exhaustive_enums,
    reason = "the protocol has these four and will not get more"
)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Command {
    /// 81: brings bytes of the stream.
    Push,
    /// 82: says that one segment came.
    Ack,
    /// 83: asks for the receive window.
    Ask,
    /// 84: tells the receive window.
    Tell,
}

impl Command {
    /// The byte on the wire.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Push => 81,
            Self::Ack => 82,
            Self::Ask => 83,
            Self::Tell => 84,
        }
    }

    const fn of(byte: u8) -> Option<Self> {
        match byte {
            81 => Some(Self::Push),
            82 => Some(Self::Ack),
            83 => Some(Self::Ask),
            84 => Some(Self::Tell),
            _ => None,
        }
    }
}

/// One segment of a datagram: a header of [`HEADER`] bytes, little-endian, and data.
///
/// # Spec
///
/// `spec/21-datagrams.md` section 2. In brackets: the names that other texts about KCP use.
#[expect(
    clippy::exhaustive_structs,
    reason = "the header is fixed: a new field would be another protocol"
)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Segment<'a> {
    /// The connection.
    pub conv: Conv,
    /// What it is for (cmd).
    pub command: Command,
    /// Fragments of the message that follow (frg); sent as 0, not looked at.
    pub fragment: u8,
    /// Segments that the sender of this one has room for (wnd).
    pub window: u16,
    /// In a push: its sender's time, in milliseconds from any origin, modulo 2^32; in an ack: that
    /// of the push it answers (ts).
    pub time: u32,
    /// The number of the push, or of the one that an ack answers (sn).
    pub number: u32,
    /// The first number that the sender of this one has not received: all before it came (una).
    pub next: u32,
    /// Bytes of the stream, in a push.
    pub data: &'a [u8],
}

impl<'a> Segment<'a> {
    /// Reads the segment at the start of `bytes`, which anyone may have sent, and gives what
    /// follows it.
    ///
    /// # Errors
    ///
    /// See [`DecodeError`].
    ///
    /// # Spec
    ///
    /// `spec/21-datagrams.md` section 2.
    pub fn decode(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), DecodeError> {
        let (conv, rest) = number(bytes)?;
        let (&[command, fragment, low, high], rest) = rest.split_first_chunk().ok_or(SHORT)?;
        let (time, rest) = number(rest)?;
        let (sn, rest) = number(rest)?;
        let (next, rest) = number(rest)?;
        let (length, rest) = number(rest)?;
        let Some(command) = Command::of(command) else {
            return Err(DecodeError::UnknownCommand { command });
        };
        let end = usize::try_from(length).ok();
        let Some((data, rest)) = end.and_then(|end| rest.split_at_checked(end)) else {
            let bytes = rest.len();
            return Err(DecodeError::Truncated { length, bytes });
        };
        let segment = Self {
            conv: Conv(conv),
            command,
            fragment,
            window: u16::from_le_bytes([low, high]),
            time,
            number: sn,
            next,
            data,
        };
        Ok((segment, rest))
    }

    /// Appends the segment: [`HEADER`] bytes and [`data`](Self::data).
    ///
    /// Data must be shorter than 2^32 bytes; in a datagram it always is.
    pub fn encode(&self, into: &mut Vec<u8>) {
        let length = u32::try_from(self.data.len()).unwrap_or(u32::MAX);
        into.extend(self.conv.0.to_le_bytes());
        into.extend([self.command.byte(), self.fragment]);
        into.extend(self.window.to_le_bytes());
        for number in [self.time, self.number, self.next, length] {
            into.extend(number.to_le_bytes());
        }
        into.extend(self.data);
    }

    /// Its length on the wire, in bytes.
    #[must_use]
    pub const fn size(&self) -> usize {
        HEADER.saturating_add(self.data.len())
    }
}

fn number(bytes: &[u8]) -> Result<(u32, &[u8]), DecodeError> {
    let (number, rest) = bytes.split_first_chunk().ok_or(SHORT)?;
    Ok((u32::from_le_bytes(*number), rest))
}

const SHORT: DecodeError = DecodeError::Short;

/// Why bytes are not a segment.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Fewer bytes than a header has.
    #[error("fewer than {HEADER} bytes")]
    Short,
    /// A command that KCP does not have.
    #[error("command {command} is none of 81 to 84")]
    UnknownCommand {
        /// The byte.
        command: u8,
    },
    /// The header claims more data than there is.
    #[error("{length} bytes of data are announced, {bytes} are there")]
    Truncated {
        /// What the header says, in bytes.
        length: u32,
        /// What is there, in bytes.
        bytes: usize,
    },
}

impl DecodeError {
    /// Always the sender's fault.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Short | Self::UnknownCommand { .. } | Self::Truncated { .. } => {
                Kind::PeerMisbehaved
            }
        }
    }
}

#[cfg(test)]
mod tests;
