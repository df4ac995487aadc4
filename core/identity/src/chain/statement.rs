use alloc::vec::Vec;

use kernel::{Label, Time};
use primitives::{SigningKey, VerifyingKey};

use crate::codec::{DecodeError, Object, Reader, Writer};
use crate::home::Home;
use crate::ids::{Head, RecoveryHash, UserId};
use crate::key::{self, IdentityKey, IdentityPublic, Signature};
use crate::recovery::RecoveryKey;

/// What a statement of an identity chain changes.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "another change is another version of the chapter"
)]
pub enum Change {
    /// A new identity key takes the place of the old one.
    Rotate {
        /// The new key.
        key: IdentityPublic,
        /// What is shown of the recovery key from now on.
        recovery: Option<RecoveryHash>,
    },
    /// Another server keeps the account from now on.
    MoveHome(Home),
    /// The account ends.
    Close,
}

/// A statement of an identity chain with the signatures it has so far. Decoding checks its form;
/// only [`IdentityChain::append`](crate::IdentityChain::append) checks what it says and who signed.
///
/// # Spec
///
/// `spec/15-identity.md` 3.2.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Statement {
    user_id: UserId,
    seq: u32,
    pub(super) prev: Head,
    time: Time,
    change: Change,
    pub(super) body: Vec<u8>,
    pub(super) identity: Option<Signature>,
    pub(super) home: Option<[u8; 64]>,
    pub(super) recovery: Option<(VerifyingKey, [u8; 64])>,
    pub(super) acceptance: Option<Signature>,
}

impl Statement {
    pub(super) fn new(user_id: UserId, seq: u32, prev: Head, time: Time, change: Change) -> Self {
        let mut writer = Writer::object(Object::Statement);
        writer.bytes(user_id.as_bytes());
        writer.le32(seq);
        writer.bytes(prev.as_bytes());
        writer.time(time);
        match &change {
            Change::Rotate { key, recovery } => {
                writer.byte(ROTATE);
                key.write(&mut writer);
                writer.bytes(&RecoveryHash::option_bytes(recovery.as_ref()));
            }
            Change::MoveHome(home) => {
                writer.byte(MOVE_HOME);
                home.write(&mut writer);
            }
            Change::Close => writer.byte(CLOSE),
        }
        Self {
            user_id,
            seq,
            prev,
            time,
            change,
            body: writer.finish(),
            identity: None,
            home: None,
            recovery: None,
            acceptance: None,
        }
    }

    /// Reads a signed statement of anyone's. What it accepts has no other encoding.
    ///
    /// # Errors
    ///
    /// See [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let statement = Self::read(&mut reader)?;
        reader.end()?;
        Ok(statement)
    }

    /// The signed statement as it travels.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        self.write(&mut writer);
        writer.finish()
    }

    /// The account it is about.
    #[must_use]
    pub const fn user_id(&self) -> UserId {
        self.user_id
    }

    /// Its place in the chain, counted from 1.
    #[must_use]
    pub const fn seq(&self) -> u32 {
        self.seq
    }

    /// When it was made, by its maker's clock.
    #[must_use]
    pub const fn time(&self) -> Time {
        self.time
    }

    /// What it changes.
    #[must_use]
    pub const fn change(&self) -> &Change {
        &self.change
    }

    /// Signs with the identity key before this statement.
    #[must_use]
    pub fn sign(mut self, key: &IdentityKey) -> Self {
        self.identity = Some(key.sign(Label::SignStatement, &self.body));
        self
    }

    /// Signs as the account's home server, which first sees that a live device asks.
    #[must_use]
    pub fn countersign(mut self, home: &SigningKey) -> Self {
        self.home = Some(key::sign(home, Label::CountersignStatement, &self.body));
        self
    }

    /// Signs with the recovery key, which needs no other signature.
    #[must_use]
    pub fn recover(mut self, key: &RecoveryKey) -> Self {
        let signature = key::sign(key.signing(), Label::RecoverStatement, &self.body);
        self.recovery = Some((key.public(), signature));
        self
    }

    /// Signs with the new identity key of a [`Change::Rotate`].
    #[must_use]
    pub fn accept(mut self, key: &IdentityKey) -> Self {
        self.acceptance = Some(key.sign(Label::AcceptRotate, &self.body));
        self
    }

    /// Whether the recovery key has signed it.
    #[must_use]
    pub const fn is_recovered(&self) -> bool {
        self.recovery.is_some()
    }

    /// Whether the identity key before it has signed it, well or not.
    #[must_use]
    pub const fn is_signed(&self) -> bool {
        self.identity.is_some()
    }

    /// Whether a home server has signed it, well or not.
    #[must_use]
    pub const fn is_countersigned(&self) -> bool {
        self.home.is_some()
    }

    /// Whether both say the same and have the same signatures, but for the home's, which either may
    /// have or lack: what was sent to a home, and what the home made of it.
    #[must_use]
    pub fn equals_but_for_home(&self, other: &Self) -> bool {
        let bare = |statement: &Self| Self {
            home: None,
            ..statement.clone()
        };
        bare(self) == bare(other)
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.bytes16(&self.body);
        let signers = [
            self.identity.is_some(),
            self.home.is_some(),
            self.recovery.is_some(),
            self.acceptance.is_some(),
        ];
        let bits = signers.iter().zip([1, 2, 4, 8]);
        writer.byte(bits.filter(|(set, _)| **set).map(|(_, bit)| bit).sum());
        if let Some(signature) = &self.identity {
            signature.write(writer);
        }
        if let Some(signature) = &self.home {
            writer.bytes(signature);
        }
        if let Some((key, signature)) = &self.recovery {
            writer.bytes(&key.to_bytes());
            writer.bytes(signature);
        }
        if let Some(signature) = &self.acceptance {
            signature.write(writer);
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let body = reader.bytes16(0..=BODY_MAX)?;
        let mut statement = Self::read_body(body)?;
        let signers = reader.flags(0b1111)?;
        if signers & 1 != 0 {
            statement.identity = Some(Signature::read(reader)?);
        }
        if signers & 2 != 0 {
            statement.home = Some(*reader.array()?);
        }
        if signers & 4 != 0 {
            statement.recovery = Some((reader.key()?, *reader.array()?));
        }
        if signers & 8 != 0 {
            statement.acceptance = Some(Signature::read(reader)?);
        }
        Ok(statement)
    }

    fn read_body(body: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::object(body, Object::Statement)?;
        let user_id = UserId::read(&mut reader)?;
        let seq = reader.le32()?;
        let prev = Head::read(&mut reader)?;
        let time = reader.time()?;
        let change = match reader.byte()? {
            ROTATE => Change::Rotate {
                key: IdentityPublic::read(&mut reader)?,
                recovery: RecoveryHash::read_option(&mut reader)?,
            },
            MOVE_HOME => Change::MoveHome(Home::read(&mut reader)?),
            CLOSE => Change::Close,
            _ => return Err(DecodeError::Meaning),
        };
        reader.end()?;
        Ok(Self::new(user_id, seq, prev, time, change))
    }
}

const ROTATE: u8 = 1;
const MOVE_HOME: u8 = 2;
const CLOSE: u8 = 3;

/// Kind, version, account, number, link, time, op; a rotate with ML-DSA-65 is the longest.
const BODY_MAX: usize = 2 + 32 + 4 + 32 + 8 + 1 + 1985 + 32;
