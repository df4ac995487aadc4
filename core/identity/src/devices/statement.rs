use alloc::string::{String, ToString};
use alloc::vec::Vec;

use kernel::{Label, Time};
use primitives::VerifyingKey;

use crate::codec::{DecodeError, Object, Reader, Writer, is_text};
use crate::device::{DeviceKey, DevicePublic};
use crate::home::TextError;
use crate::ids::{Head, UserId};
use crate::key::{self, IdentityKey, Signature};
use crate::recovery::RecoveryKey;

/// What a statement of a device chain changes.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "another change is another version of the chapter"
)]
pub enum DeviceChange {
    /// A device becomes one of the account's.
    Add {
        /// Its public keys.
        device: DevicePublic,
        /// The program it runs: a text of at most 32 bytes.
        app: String,
        /// Its name, sealed by its owner: at most 128 bytes.
        sealed_label: Vec<u8>,
    },
    /// The device with this signing key is one no longer.
    Remove(VerifyingKey),
}

impl DeviceChange {
    pub(super) fn add(
        device: DevicePublic,
        app: &str,
        sealed_label: &[u8],
    ) -> Result<Self, TextError> {
        if app.len() > APP_MAX || sealed_label.len() > LABEL_MAX {
            return Err(TextError::Length);
        }
        if !is_text(app) {
            return Err(TextError::Character);
        }
        Ok(Self::Add {
            device,
            app: app.to_string(),
            sealed_label: sealed_label.to_vec(),
        })
    }

    /// The signing key of the device that comes or goes.
    #[must_use]
    pub const fn device_key(&self) -> &VerifyingKey {
        match self {
            Self::Add { device, .. } => device.signing(),
            Self::Remove(key) => key,
        }
    }
}

/// A statement of a device chain with the signatures it has so far. Decoding checks its form; only
/// [`DeviceChain::append`](crate::DeviceChain::append) checks what it says and who signed.
///
/// # Spec
///
/// `spec/15-identity.md` 4.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeviceStatement {
    user_id: UserId,
    seq: u32,
    pub(super) prev: Head,
    generation: u32,
    time: Time,
    change: DeviceChange,
    pub(super) body: Vec<u8>,
    pub(super) identity: Option<Signature>,
    pub(super) device: Option<(VerifyingKey, [u8; 64])>,
    pub(super) recovery: Option<(VerifyingKey, [u8; 64])>,
    pub(super) acceptance: Option<[u8; 64]>,
}

impl DeviceStatement {
    pub(super) fn new(
        user_id: UserId,
        seq: u32,
        prev: Head,
        generation: u32,
        time: Time,
        change: DeviceChange,
    ) -> Self {
        let mut writer = Writer::object(Object::DeviceStatement);
        writer.bytes(user_id.as_bytes());
        writer.le32(seq);
        writer.bytes(prev.as_bytes());
        writer.le32(generation);
        writer.time(time);
        match &change {
            DeviceChange::Add {
                device,
                app,
                sealed_label,
            } => {
                writer.byte(ADD);
                device.write(&mut writer);
                writer.bytes8(app.as_bytes());
                writer.bytes8(sealed_label);
            }
            DeviceChange::Remove(key) => {
                writer.byte(REMOVE);
                writer.bytes(&key.to_bytes());
            }
        }
        Self {
            user_id,
            seq,
            prev,
            generation,
            time,
            change,
            body: writer.finish(),
            identity: None,
            device: None,
            recovery: None,
            acceptance: None,
        }
    }

    /// Reads a signed device statement of anyone's. What it accepts has no other encoding.
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

    /// How many statements the identity chain had when it was signed.
    #[must_use]
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// When it was made, by its maker's clock.
    #[must_use]
    pub const fn time(&self) -> Time {
        self.time
    }

    /// What it changes.
    #[must_use]
    pub const fn change(&self) -> &DeviceChange {
        &self.change
    }

    /// Signs with the account's identity key.
    #[must_use]
    pub fn sign(mut self, key: &IdentityKey) -> Self {
        self.identity = Some(key.sign(Label::SignDevice, &self.body));
        self
    }

    /// Signs as a live device, which is not the one that comes or goes.
    #[must_use]
    pub fn countersign(mut self, device: &DeviceKey) -> Self {
        let signature = key::sign(device.signing(), Label::CountersignDevice, &self.body);
        self.device = Some((*device.public().signing(), signature));
        self
    }

    /// Signs with the recovery key, in place of a live device.
    #[must_use]
    pub fn recover(mut self, key: &RecoveryKey) -> Self {
        let signature = key::sign(key.signing(), Label::RecoverDevice, &self.body);
        self.recovery = Some((key.public(), signature));
        self
    }

    /// Signs as the device that is added.
    #[must_use]
    pub fn accept(mut self, device: &DeviceKey) -> Self {
        let signature = key::sign(device.signing(), Label::AcceptDevice, &self.body);
        self.acceptance = Some(signature);
        self
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.bytes16(&self.body);
        let signers = [
            self.identity.is_some(),
            self.device.is_some(),
            self.recovery.is_some(),
            self.acceptance.is_some(),
        ];
        let bits = signers.iter().zip([1, 2, 4, 8]);
        writer.byte(bits.filter(|(set, _)| **set).map(|(_, bit)| bit).sum());
        if let Some(signature) = &self.identity {
            signature.write(writer);
        }
        for (key, signature) in self.device.iter().chain(&self.recovery) {
            writer.bytes(&key.to_bytes());
            writer.bytes(signature);
        }
        if let Some(signature) = &self.acceptance {
            writer.bytes(signature);
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
            statement.device = Some((reader.key()?, *reader.array()?));
        }
        if signers & 4 != 0 {
            statement.recovery = Some((reader.key()?, *reader.array()?));
        }
        if signers & 8 != 0 {
            statement.acceptance = Some(*reader.array()?);
        }
        Ok(statement)
    }

    fn read_body(body: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::object(body, Object::DeviceStatement)?;
        let user_id = UserId::read(&mut reader)?;
        let seq = reader.le32()?;
        let prev = Head::read(&mut reader)?;
        let generation = reader.le32()?;
        let time = reader.time()?;
        let change = match reader.byte()? {
            ADD => DeviceChange::Add {
                device: DevicePublic::read(&mut reader)?,
                app: reader.text8(0..=APP_MAX)?,
                sealed_label: reader.bytes8(0..=LABEL_MAX)?.to_vec(),
            },
            REMOVE => DeviceChange::Remove(reader.key()?),
            _ => return Err(DecodeError::Meaning),
        };
        reader.end()?;
        Ok(Self::new(user_id, seq, prev, generation, time, change))
    }
}

const ADD: u8 = 1;
const REMOVE: u8 = 2;
const APP_MAX: usize = 32;
const LABEL_MAX: usize = 128;

/// Kind, version, account, number, link, generation, time, op; an add is the longest.
const BODY_MAX: usize = 2 + 32 + 4 + 32 + 4 + 8 + 1 + 64 + 1 + APP_MAX + 1 + LABEL_MAX;
