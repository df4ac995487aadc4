use primitives::Generator;

/// How long envelopes become, which is all that a network sees of what is in them.
///
/// # Spec
///
/// `spec/20-channel.md` 4.3.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Padding {
    /// Frames of up to 65,535 bytes get through: TCP, UDP.
    Direct,
    /// A relay puts its own frame around ours, and at its other end may sit a program that takes
    /// 32,768 bytes.
    Relayed,
}

impl Padding {
    /// Bytes that an envelope may have at most.
    #[must_use]
    pub const fn most(self) -> usize {
        match self {
            Self::Direct => 65_495,
            Self::Relayed => 32_704,
        }
    }

    /// Bytes that a message may have at most.
    #[must_use]
    pub const fn most_text(self) -> usize {
        match self {
            // a body of 61,439 with tag and length
            Self::Direct => 61_435,
            Self::Relayed => 32_500,
        }
    }

    /// Bytes that a message or an aside between two of ours may have at most: keys and steps of both
    /// kinds fit beside it.
    #[must_use]
    pub const fn most_message(self) -> usize {
        match self {
            Self::Direct => 61_435,
            Self::Relayed => 30_000,
        }
    }

    /// Bytes of padding for an envelope that has `bare` without, tag and length of the field not
    /// counted.
    pub(crate) fn draw(self, bare: usize, generator: &mut Generator) -> usize {
        let lengths = match self {
            Self::Direct => &LENGTHS[..],
            Self::Relayed => LENGTHS.get(..RELAYED).unwrap_or_default(),
        };
        let natural = lengths.iter().position(|length| *length >= bare);
        let Some(natural) = natural else { return 0 };
        let number = u32::from_le_bytes(generator.bytes());
        let up = match number.checked_rem(100).unwrap_or_default() {
            0..80 => 0,
            80..95 => 1,
            95..99 => 2,
            _ => 3,
        };
        let last = lengths.len().saturating_sub(1);
        let chosen = natural.saturating_add(up).min(last);
        let target = lengths.get(chosen).copied().unwrap_or_default();
        fitting(target.saturating_sub(bare))
    }
}

/// How many bytes a field may hold to take up `room` with its tag and length, or a byte or two less.
fn fitting(room: usize) -> usize {
    let fits = |size: usize| {
        let length = room.checked_sub(size)?;
        (prost::encoding::encoded_len_varint(length as u64) < size).then_some(length)
    };
    // tag, and 1 to 3 bytes of length
    fits(2).or_else(|| fits(3)).or_else(|| fits(4)).unwrap_or(0)
}

const LENGTHS: [usize; 6] = [512, 1024, 4096, 16_384, 32_768, 65_495];
/// How many of them a relay lets through.
const RELAYED: usize = 4;
