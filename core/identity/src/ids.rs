use core::fmt;

use kernel::Label;
use primitives::{VerifyingKey, sha256};

use crate::codec::{DecodeError, Reader};

macro_rules! bytes32 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Takes 32 bytes as they travelled, from anyone.
            #[must_use]
            pub const fn new(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes as they travel.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                reader.array().copied().map(Self)
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

bytes32! {
    /// The name of an account: the hash of its genesis. It never changes.
    ///
    /// # Spec
    ///
    /// `spec/15-identity.md` 3.1.
    UserId
}

bytes32! {
    /// The hash of the last statement of a chain, which the next one points back to.
    ///
    /// # Spec
    ///
    /// `spec/15-identity.md` 3.2 and 4.
    Head
}

bytes32! {
    /// What an identity chain shows of a recovery key before that key is used.
    ///
    /// # Spec
    ///
    /// `spec/15-identity.md` 2.1.
    RecoveryHash
}

impl UserId {
    pub(crate) fn of_genesis(genesis: &[u8]) -> Self {
        Self(sha256(&[Label::UserId.bytes(), genesis]))
    }
}

impl Head {
    /// What the first device statement points back to.
    pub(crate) const NONE: Self = Self([0; 32]);

    pub(crate) fn of_statement(statement: &[u8]) -> Self {
        Self(sha256(&[Label::StatementHash.bytes(), statement]))
    }

    pub(crate) fn of_device_statement(statement: &[u8]) -> Self {
        Self(sha256(&[Label::DeviceHash.bytes(), statement]))
    }
}

impl RecoveryHash {
    pub(crate) fn of_key(key: &VerifyingKey) -> Self {
        Self(sha256(&[Label::RecoveryHash.bytes(), &key.to_bytes()]))
    }

    /// 32 zero bytes stand for no recovery key.
    pub(crate) fn read_option(reader: &mut Reader<'_>) -> Result<Option<Self>, DecodeError> {
        let hash = Self::read(reader)?;
        Ok((hash.0 != [0; 32]).then_some(hash))
    }

    pub(crate) fn option_bytes(hash: Option<&Self>) -> [u8; 32] {
        hash.map_or([0; 32], |hash| hash.0)
    }
}
