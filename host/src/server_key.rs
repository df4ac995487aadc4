//! The key of a server: what its accounts name as their home's, and what it countersigns with.
//!
//! Spec: `spec/40-server.md` section 2.4.

use primitives::{Secret, SigningKey, VerifyingKey, Zeroizing};
use wire::Refusal;
use wire::v1::StoredServer;

use crate::keep::{BUG, Keep, Step, kind, subject};
use crate::random::random;

/// The Ed25519 key of a server. Erased on drop; the store has its seed.
#[derive(Debug)]
pub(crate) struct ServerKey(SigningKey);

impl ServerKey {
    /// The key that is in the store; if there is none, a new one that is in the store then. Servers
    /// that do this at once on one store get the same.
    ///
    /// # Errors
    ///
    /// The store could not, or holds something else there.
    pub(crate) async fn open(keep: &Keep) -> Result<Self, Refusal> {
        let drawn = Secret::new(random()?);
        let step = |record: Option<StoredServer>| match record {
            Some(record) => {
                let seed = Zeroizing::new(record.seed);
                let seed: [u8; 32] = seed.as_slice().try_into().map_err(|_| BUG)?;
                Ok(Step::Leave(Secret::new(seed)))
            }
            None => {
                let seed = drawn.expose().to_vec();
                Ok(Step::Put(StoredServer { seed }, None, drawn.clone()))
            }
        };
        let seed = keep.change(&subject(kind::SERVER, b"key")?, step).await?;
        Ok(Self(SigningKey::from_seed(&seed)))
    }

    /// The public half: the key of a home.
    pub(crate) fn public(&self) -> VerifyingKey {
        self.0.verifying_key()
    }
}
