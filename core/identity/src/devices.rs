use alloc::vec::Vec;

use kernel::Time;
use primitives::VerifyingKey;

use crate::chain::{ChainError, IdentityChain};
use crate::codec::{Object, Reader, Writer};
use crate::device::DevicePublic;
use crate::home::TextError;
use crate::ids::{Head, UserId};

pub use outline::{ChainPlace, DeviceOutline};
pub use statement::{DeviceChange, DeviceStatement};

mod outline;
mod rules;
mod statement;
#[cfg(test)]
mod tests;

/// The devices of an account and how they came and went, each statement checked. Private: its owner
/// and the home server hold it.
///
/// # Spec
///
/// `spec/15-identity.md` 4.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeviceChain {
    user_id: UserId,
    statements: Vec<DeviceStatement>,
    devices: Vec<Device>,
    head: Head,
    generation: u32,
    /// Length of the chain as bytes.
    len: usize,
}

/// A device of an account, past or present.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Device {
    /// Its public keys.
    pub public: DevicePublic,
    /// The program it runs, as it says.
    pub app: alloc::string::String,
    /// Its name, sealed by its owner for the other devices.
    pub sealed_label: Vec<u8>,
    /// When it was added, by its maker's clock.
    pub added: Time,
    /// Whether it has not been removed.
    pub live: bool,
}

impl DeviceChain {
    /// Most statements of a chain.
    pub const MAX: usize = 256;
    /// Most live devices.
    pub const MAX_LIVE: usize = 16;
    /// Most bytes of a chain.
    pub const MAX_LEN: usize = 262_144;

    /// The chain of an account that has no device yet.
    #[must_use]
    pub const fn new(user_id: UserId) -> Self {
        Self {
            user_id,
            statements: Vec::new(),
            devices: Vec::new(),
            head: Head::NONE,
            generation: 0,
            len: 2 + 32 + 2,
        }
    }

    /// Replays a chain of anyone's under the account's identity chain: every signature and every rule
    /// is checked.
    ///
    /// # Errors
    ///
    /// See [`ChainError`].
    pub fn replay(bytes: &[u8], identity: &IdentityChain) -> Result<Self, ChainError> {
        if bytes.len() > Self::MAX_LEN {
            return Err(ChainError::TooLong);
        }
        let mut reader = Reader::object(bytes, Object::DeviceChain)?;
        let mut chain = Self::new(UserId::read(&mut reader)?);
        let count = usize::from(reader.le16()?);
        if count > Self::MAX {
            return Err(ChainError::TooLong);
        }
        let mut statements = Vec::new();
        for _ in 0..count {
            statements.push(DeviceStatement::read(&mut reader)?);
        }
        reader.end()?;
        if chain.user_id != identity.user_id() {
            return Err(ChainError::NotNext);
        }
        for statement in statements {
            chain.follow(statement, identity)?;
        }
        Ok(chain)
    }

    /// The chain as it travels and is stored.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::object(Object::DeviceChain);
        writer.bytes(self.user_id.as_bytes());
        writer.le16(u16::try_from(self.statements.len()).unwrap_or(u16::MAX));
        for statement in &self.statements {
            statement.write(&mut writer);
        }
        writer.finish()
    }

    /// The account.
    #[must_use]
    pub const fn user_id(&self) -> UserId {
        self.user_id
    }

    /// What the next statement points back to.
    #[must_use]
    pub const fn head(&self) -> Head {
        self.head
    }

    /// The statements, oldest first.
    #[must_use]
    pub fn statements(&self) -> &[DeviceStatement] {
        &self.statements
    }

    /// Every device that was ever added, oldest first.
    #[must_use]
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// The devices that have not been removed.
    pub fn live(&self) -> impl Iterator<Item = &Device> {
        self.devices.iter().filter(|device| device.live)
    }

    /// The live device with this signing key.
    #[must_use]
    pub fn live_device(&self, key: &VerifyingKey) -> Option<&Device> {
        self.live().find(|device| device.public.signing() == key)
    }

    /// The next statement, adding `device`, not signed yet. `app` is a text of at most 32 bytes,
    /// `sealed_label` at most 128 bytes.
    ///
    /// # Errors
    ///
    /// [`TextError`]: one of them is too long, or `app` holds what a text may not.
    pub fn propose_add(
        &self,
        identity: &IdentityChain,
        device: &DevicePublic,
        app: &str,
        sealed_label: &[u8],
        now: Time,
    ) -> Result<DeviceStatement, TextError> {
        let add = DeviceChange::add(*device, app, sealed_label)?;
        Ok(self.propose(identity, add, now))
    }

    /// The next statement, removing the device with this signing key, not signed yet.
    #[must_use]
    pub fn propose_remove(
        &self,
        identity: &IdentityChain,
        device: &VerifyingKey,
        now: Time,
    ) -> DeviceStatement {
        self.propose(identity, DeviceChange::Remove(*device), now)
    }

    /// Takes a new statement, if it follows, the right keys have signed it, and the identity chain is
    /// the present one.
    ///
    /// # Errors
    ///
    /// See [`ChainError`]; the chain is then as it was.
    ///
    /// # Spec
    ///
    /// `spec/15-identity.md` 4.
    pub fn append(
        &mut self,
        statement: DeviceStatement,
        identity: &IdentityChain,
    ) -> Result<(), ChainError> {
        if statement.generation() != identity.generation() {
            return Err(ChainError::Generation);
        }
        self.follow(statement, identity)
    }

    fn propose(
        &self,
        identity: &IdentityChain,
        change: DeviceChange,
        now: Time,
    ) -> DeviceStatement {
        let generation = identity.generation();
        DeviceStatement::new(
            self.user_id,
            self.next(),
            self.head,
            generation,
            now,
            change,
        )
    }

    fn next(&self) -> u32 {
        u32::try_from(self.statements.len()).map_or(u32::MAX, |len| len.saturating_add(1))
    }

    /// Takes a statement that may be as old as the ones before it.
    fn follow(
        &mut self,
        statement: DeviceStatement,
        identity: &IdentityChain,
    ) -> Result<(), ChainError> {
        let len = self.len.saturating_add(statement.to_bytes().len());
        if self.statements.len() >= Self::MAX || len > Self::MAX_LEN {
            return Err(ChainError::TooLong);
        }
        let same = self.user_id == identity.user_id() && statement.user_id() == self.user_id;
        if !same || statement.seq() != self.next() || statement.prev != self.head {
            return Err(ChainError::NotNext);
        }
        if statement.generation() < self.generation {
            return Err(ChainError::Generation);
        }
        let state = identity
            .state_at(statement.generation())
            .ok_or(ChainError::Generation)?;
        rules::check(self, state, &statement)?;

        match statement.change() {
            DeviceChange::Add {
                device,
                app,
                sealed_label,
            } => self.devices.push(Device {
                public: *device,
                app: app.clone(),
                sealed_label: sealed_label.clone(),
                added: statement.time(),
                live: true,
            }),
            DeviceChange::Remove(key) => {
                let removed = self.devices.iter_mut();
                for device in removed.filter(|device| device.public.signing() == key) {
                    device.live = false;
                }
            }
        }
        self.head = Head::of_device_statement(&statement.body);
        self.generation = statement.generation();
        self.len = len;
        self.statements.push(statement);
        Ok(())
    }
}
