use alloc::vec::Vec;

use kernel::{Kind, Label, Time};

use crate::codec::{DecodeError, Object, Reader, Writer};
use crate::home::Home;
use crate::ids::{Head, RecoveryHash, UserId};
use crate::key::{IdentityKey, IdentityPublic, Signature, SignatureError};
use crate::recovery::RecoveryKey;

pub use statement::{Change, Statement};

mod fork;
mod rules;
mod statement;
#[cfg(test)]
mod tests;

pub use fork::{ForkError, Merge};

/// The public history of an account: its genesis, and what was said since, each statement checked.
///
/// # Spec
///
/// `spec/15-identity.md` 3.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IdentityChain {
    user_id: UserId,
    genesis: Vec<u8>,
    signature: Signature,
    statements: Vec<Statement>,
    /// Number n is what holds after n statements; there is always one.
    first: State,
    later: Vec<State>,
    /// Length of the chain as bytes.
    len: usize,
}

/// What an identity chain says at one point.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct State {
    /// The identity key.
    pub key: IdentityPublic,
    /// What is shown of the recovery key, if there is one.
    pub recovery: Option<RecoveryHash>,
    /// The server that keeps the account, if there is one.
    pub home: Option<Home>,
    /// What the next statement points back to.
    pub head: Head,
    /// Whether the account is closed for good.
    pub closed: bool,
}

impl IdentityChain {
    /// Most statements of a chain.
    pub const MAX: usize = 256;
    /// Most bytes of a chain.
    pub const MAX_LEN: usize = 262_144;

    /// Founds an account. `recovery` and `home` may come later.
    #[must_use]
    pub fn found(
        key: &IdentityKey,
        recovery: Option<&RecoveryKey>,
        home: Option<Home>,
        now: Time,
    ) -> Self {
        let recovery = recovery.map(RecoveryKey::hash);
        let mut writer = Writer::object(Object::Genesis);
        writer.byte(u8::from(home.is_some()));
        key.public().write(&mut writer);
        writer.bytes(&RecoveryHash::option_bytes(recovery.as_ref()));
        if let Some(home) = &home {
            home.write(&mut writer);
        }
        writer.time(now);
        let genesis = writer.finish();
        let first = State {
            key: key.public().clone(),
            recovery,
            home,
            head: Head::of_statement(&genesis),
            closed: false,
        };
        let signature = key.sign(Label::SignGenesis, &genesis);
        Self::begin(genesis, signature, first)
    }

    fn begin(genesis: Vec<u8>, signature: Signature, first: State) -> Self {
        let mut chain = Self {
            user_id: UserId::of_genesis(&genesis),
            genesis,
            signature,
            statements: Vec::new(),
            first,
            later: Vec::new(),
            len: 0,
        };
        chain.len = chain.to_bytes().len();
        chain
    }

    /// Replays a chain of anyone's: every signature and every rule is checked.
    ///
    /// # Errors
    ///
    /// See [`ChainError`].
    ///
    /// # Spec
    ///
    /// `spec/15-identity.md` 3.3.
    pub fn replay(bytes: &[u8]) -> Result<Self, ChainError> {
        if bytes.len() > Self::MAX_LEN {
            return Err(ChainError::TooLong);
        }
        let mut reader = Reader::object(bytes, Object::Chain)?;
        let genesis = reader.bytes16(0..=GENESIS_MAX)?;
        let signature = Signature::read(&mut reader)?;
        let count = usize::from(reader.le16()?);
        if count > Self::MAX {
            return Err(ChainError::TooLong);
        }
        let first = read_genesis(genesis)?;
        let mut statements = Vec::new();
        for _ in 0..count {
            statements.push(Statement::read(&mut reader)?);
        }
        reader.end()?;
        first.key.verify(Label::SignGenesis, genesis, &signature)?;
        let mut chain = Self::begin(genesis.to_vec(), signature, first);
        for statement in statements {
            chain.append(statement)?;
        }
        Ok(chain)
    }

    /// The chain as it travels and is stored.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::object(Object::Chain);
        writer.bytes16(&self.genesis);
        self.signature.write(&mut writer);
        writer.le16(u16::try_from(self.statements.len()).unwrap_or(u16::MAX));
        for statement in &self.statements {
            statement.write(&mut writer);
        }
        writer.finish()
    }

    /// The name of the account. It never changes.
    #[must_use]
    pub const fn user_id(&self) -> UserId {
        self.user_id
    }

    /// What holds now.
    #[must_use]
    pub fn state(&self) -> &State {
        self.later.last().unwrap_or(&self.first)
    }

    /// What held after `generation` statements; `None` beyond the end.
    #[must_use]
    pub fn state_at(&self, generation: u32) -> Option<&State> {
        match usize::try_from(generation).ok()?.checked_sub(1) {
            None => Some(&self.first),
            Some(number) => self.later.get(number),
        }
    }

    /// How many statements there are: what cards and device statements call the generation.
    #[must_use]
    pub fn generation(&self) -> u32 {
        u32::try_from(self.statements.len()).unwrap_or(u32::MAX)
    }

    /// The statements, oldest first.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The next statement, not signed yet. Whoever must sign it does so with [`Statement::sign`] and
    /// its sisters; then it can be appended.
    #[must_use]
    pub fn propose(&self, change: Change, now: Time) -> Statement {
        let seq = self.generation().saturating_add(1);
        Statement::new(self.user_id, seq, self.state().head, now, change)
    }

    /// Takes the next statement, if it follows and the right keys have signed it.
    ///
    /// # Errors
    ///
    /// See [`ChainError`]; the chain is then as it was.
    ///
    /// # Spec
    ///
    /// `spec/15-identity.md` 3.2.
    pub fn append(&mut self, statement: Statement) -> Result<(), ChainError> {
        let len = self.len.saturating_add(statement.to_bytes().len());
        if self.statements.len() >= Self::MAX || len > Self::MAX_LEN {
            return Err(ChainError::TooLong);
        }
        let next = self.generation().saturating_add(1);
        if (statement.user_id(), statement.seq()) != (self.user_id, next) {
            return Err(ChainError::NotNext);
        }
        let state = rules::apply(self.state(), &statement)?;
        self.later.push(state);
        self.statements.push(statement);
        self.len = len;
        Ok(())
    }
}

/// Why a chain or its next statement is not accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The bytes are not what they should be.
    #[error("not a chain: {0}")]
    Decode(#[from] DecodeError),
    /// More statements or bytes than a chain may have.
    #[error("chain is too long")]
    TooLong,
    /// The statement belongs to another account, or does not follow the last one of this chain.
    #[error("statement does not follow the last one")]
    NotNext,
    /// The account is closed.
    #[error("account is closed")]
    Closed,
    /// Not signed by those who must, or by one who must not.
    #[error("statement is not signed by those who must")]
    Signers,
    /// The recovery key in the statement is not the account's.
    #[error("not the recovery key of this account")]
    OtherRecoveryKey,
    /// A signature is not good.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Only the recovery key may put another in its place.
    #[error("recovery key is changed without its signature")]
    RecoveryChanged,
    /// The statement brings what is there already.
    #[error("statement changes nothing")]
    NothingNew,
    /// A device statement was signed under an identity older than the one before it, or than the
    /// present one, or newer than is known.
    #[error("statement belongs to another generation of the identity")]
    Generation,
    /// The added device was in the chain before.
    #[error("device was added before")]
    DeviceKnown,
    /// The removed or signing device is not live.
    #[error("no such device, or no longer")]
    DeviceUnknown,
    /// As many devices as an account may have.
    #[error("too many devices")]
    TooManyDevices,
}

impl ChainError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::TooLong | Self::TooManyDevices => Kind::Exhausted,
            _ => Kind::PeerMisbehaved,
        }
    }
}

fn read_genesis(bytes: &[u8]) -> Result<State, DecodeError> {
    let mut reader = Reader::object(bytes, Object::Genesis)?;
    let flags = reader.flags(1)?;
    let key = IdentityPublic::read(&mut reader)?;
    let recovery = RecoveryHash::read_option(&mut reader)?;
    let home = match flags {
        0 => None,
        _ => Some(Home::read(&mut reader)?),
    };
    reader.time()?;
    reader.end()?;
    Ok(State {
        key,
        recovery,
        home,
        head: Head::of_statement(bytes),
        closed: false,
    })
}

/// Kind, version, flags, identity public with ML-DSA-65, recovery hash, home, time.
const GENESIS_MAX: usize = 3 + 1985 + 32 + 1 + Home::ADDRESS_MAX + 32 + 8;
