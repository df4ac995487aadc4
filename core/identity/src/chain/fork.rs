use kernel::Kind;

use super::{IdentityChain, Statement};

/// What became of a chain that was shown another one of the same account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Merge {
    /// The other one says nothing new.
    Unchanged,
    /// The other one continues this one and has taken its place.
    Extended,
    /// The other one parts from this one by a statement of the recovery key and has taken its place.
    /// Statements of this one from there on no longer hold.
    Recovered,
}

/// Why another chain was not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ForkError {
    /// It is about another account.
    #[error("chain of another account")]
    OtherAccount,
    /// Someone signs two histories of this account.
    #[error("two histories of one account part after statement {after}")]
    Fork {
        /// How many statements both have.
        after: u32,
    },
}

impl ForkError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::OtherAccount => Kind::BadInput,
            Self::Fork { .. } => Kind::PeerMisbehaved,
        }
    }
}

impl IdentityChain {
    /// Takes `other`, a checked chain of the same account, in place of this one if it is newer or
    /// says what the recovery key says.
    ///
    /// # Errors
    ///
    /// See [`ForkError`]; the chain is then as it was.
    ///
    /// # Spec
    ///
    /// `spec/15-identity.md` 3.4.
    pub fn merge(&mut self, other: Self) -> Result<Merge, ForkError> {
        if other.user_id != self.user_id {
            return Err(ForkError::OtherAccount);
        }
        // Bodies, not signatures: one statement signed twice is one statement.
        let pairs = self.statements.iter().zip(&other.statements);
        let common = pairs.take_while(|(a, b)| a.body == b.body).count();
        let ours = self.statements.get(common..).unwrap_or_default();
        let theirs = other.statements.get(common..).unwrap_or_default();
        let merge = match (ours, theirs) {
            (_, []) => return Ok(Merge::Unchanged),
            ([], [_, ..]) => Merge::Extended,
            (ours, [first, ..])
                if first.is_recovered() && !ours.iter().any(Statement::is_recovered) =>
            {
                Merge::Recovered
            }
            _ => {
                let after = u32::try_from(common).unwrap_or(u32::MAX);
                return Err(ForkError::Fork { after });
            }
        };
        *self = other;
        Ok(merge)
    }
}
