//! What a datagram says: a tag and one message, nothing else. Spec `10-rendezvous` section 4.

use alloc::vec::Vec;

use crate::{T2, T3};

/// The third byte of a T1 datagram: which program sent it, and whether it wants an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Tag {
    /// `_`, and every byte we do not know.
    Reference,
    /// `r`
    ReferenceReply,
    /// `e`
    Ours,
    /// `E`
    OursReply,
}

impl Tag {
    const fn of(byte: u8) -> Self {
        match byte {
            b'r' => Self::ReferenceReply,
            b'e' => Self::Ours,
            b'E' => Self::OursReply,
            _ => Self::Reference,
        }
    }

    const fn byte(self) -> u8 {
        match self {
            Self::Reference => b'_',
            Self::ReferenceReply => b'r',
            Self::Ours => b'e',
            Self::OursReply => b'E',
        }
    }

    /// The tag of the T1 that answers; `None` for an answer, so that answers end.
    pub(super) const fn answer(self) -> Option<Self> {
        match self {
            Self::Reference => Some(Self::ReferenceReply),
            Self::Ours => Some(Self::OursReply),
            Self::ReferenceReply | Self::OursReply => None,
        }
    }

    pub(super) const fn is_ours(self) -> bool {
        matches!(self, Self::Ours | Self::OursReply)
    }
}

/// One decoded datagram. The T1 is of any length.
#[derive(Debug)]
pub(super) enum Datagram<'a> {
    T1(Tag, &'a [u8]),
    T2(T2),
    T3(T3),
}

impl<'a> Datagram<'a> {
    /// `None`: not one of ours.
    pub(super) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_at_checked(2)?;
        match kind {
            b"t1" => {
                let (tag, t1) = rest.split_first()?;
                Some(Self::T1(Tag::of(*tag), t1))
            }
            b"t2" => T2::from_bytes(rest).map(Self::T2),
            b"t3" => T3::from_bytes(rest).map(Self::T3),
            _ => None,
        }
    }
}

pub(super) fn t1(tag: Tag, t1: &[u8]) -> Vec<u8> {
    [b"t1", [tag.byte()].as_slice(), t1].concat()
}

pub(super) fn t2(t2: &T2) -> Vec<u8> {
    [b"t2", t2.as_bytes().as_slice()].concat()
}

pub(super) fn t3(t3: &T3) -> Vec<u8> {
    [b"t3", t3.as_bytes().as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_the_bytes_of_the_spec() {
        assert_eq!(t1(Tag::Ours, b"abc"), b"t1eabc");
        assert_eq!(t1(Tag::OursReply, b""), b"t1E");
        assert_eq!(t1(Tag::ReferenceReply, b"x"), b"t1rx");
        let (two, three) = ([2; 32], [3; 32]);
        let bytes = t2(&T2::from_bytes(&two).unwrap());
        assert!(matches!(Datagram::decode(&bytes), Some(Datagram::T2(t)) if t.as_bytes() == &two));
        let bytes = t3(&T3::from_bytes(&three).unwrap());
        assert!(
            matches!(Datagram::decode(&bytes), Some(Datagram::T3(t)) if t.as_bytes() == &three)
        );
    }

    #[test]
    fn an_unknown_third_byte_is_the_reference() {
        for byte in (0..=u8::MAX).filter(|b| !b"reE".contains(b)) {
            let bytes = [b't', b'1', byte, 9];
            assert!(matches!(
                Datagram::decode(&bytes),
                Some(Datagram::T1(Tag::Reference, [9]))
            ));
        }
    }

    #[test]
    fn answers_are_not_answered() {
        assert_eq!(Tag::Reference.answer(), Some(Tag::ReferenceReply));
        assert_eq!(Tag::Ours.answer(), Some(Tag::OursReply));
        assert_eq!(Tag::ReferenceReply.answer(), None);
        assert_eq!(Tag::OursReply.answer(), None);
    }

    #[test]
    fn other_lengths_and_tags_are_nothing() {
        for bytes in [
            &b""[..],
            b"t",
            b"t1",
            b"t2",
            b"t3",
            b"t4e",
            b"T1e",
            b"hello",
        ] {
            assert!(Datagram::decode(bytes).is_none(), "{bytes:?}");
        }
        for len in [31, 33] {
            for kind in [b"t2", b"t3"] {
                let bytes = [kind.as_slice(), &[0; 33][..len]].concat();
                assert!(Datagram::decode(&bytes).is_none(), "{len}");
            }
        }
    }
}
