use core::fmt;

use primitives::hash;

macro_rules! bytes32 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Exactly 32 bytes, from anyone; otherwise `None`.
            #[must_use]
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// The 32 bytes as they travel.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let [a, b, c, ..] = self.0;
                write!(f, concat!(stringify!($name), "({:02x}{:02x}{:02x}..)"), a, b, c)
            }
        }
    };
}

pub(crate) use bytes32;

bytes32! {
    /// The name of a T1, and so of a session: `H(T1)`. Public.
    ///
    /// # Spec
    ///
    /// `spec/10-rendezvous.md` 2.
    Id
}

bytes32! {
    /// The second message: proves to the right peer, and to nobody else, that one knows the
    /// passphrase.
    T2
}

bytes32! {
    /// The third message: the key of the payload for the right peer, random-looking otherwise.
    T3
}

impl Id {
    /// The id of a first message.
    #[must_use]
    pub fn of_t1(t1: &[u8]) -> Self {
        Self(hash(&[t1]))
    }
}

impl T2 {
    pub(crate) const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl T3 {
    pub(crate) const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_thirty_two_bytes_make_a_message() {
        assert_eq!(T2::from_bytes(&[7; 32]), Some(T2::new([7; 32])));
        assert_eq!(T3::from_bytes(&[7; 32]), Some(T3::new([7; 32])));
        for length in [0, 31, 33] {
            let bytes = alloc::vec![0; length];
            assert_eq!(Id::from_bytes(&bytes), None);
            assert_eq!(T2::from_bytes(&bytes), None);
            assert_eq!(T3::from_bytes(&bytes), None);
        }
    }

    #[test]
    fn debug_shows_three_bytes() {
        assert_eq!(alloc::format!("{:?}", T2::new([0xab; 32])), "T2(ababab..)");
    }
}
