//! The key of a server: what its accounts name as their home's, and what it countersigns with.
//!
//! Spec: `spec/40-server.md` section 2.5.

use identity::Statement;
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

    /// Signs as the home, for a live device that brings `statement`; nobody else may get this.
    pub(crate) fn countersign(&self, statement: Statement) -> Statement {
        statement.countersign(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use journal::{Limits, Memory, SystemClock};
    use tokio::task::JoinSet;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn servers_that_start_at_once_on_one_store_have_one_key() {
        let store = Arc::new(Memory::new(Limits::default(), Arc::new(SystemClock)));
        let mut tasks = JoinSet::new();
        for _ in 0..16 {
            // Each with turns of its own, as another process has.
            let keep = Keep::new(Arc::clone(&store) as _);
            tasks.spawn(async move { ServerKey::open(&keep).await.unwrap().public().to_bytes() });
        }
        let keys: HashSet<_> = tasks.join_all().await.into_iter().collect();
        assert_eq!(keys.len(), 1);
    }

    #[tokio::test]
    async fn something_else_in_the_place_of_the_key_is_not_replaced() {
        let keep = Keep::new(Arc::new(Memory::new(
            Limits::default(),
            Arc::new(SystemClock),
        )));
        let place = subject(kind::SERVER, b"key").unwrap();
        let strange = Some(bytes::Bytes::from_static(b"\x01strange"));
        let store = keep.store();
        store.cell_set(&place, 0, strange, None).await.unwrap();
        assert_eq!(ServerKey::open(&keep).await.unwrap_err(), BUG);
    }
}
