use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use tokio::sync::{Mutex, OwnedMutexGuard};

/// Who hands over files of whom: of two talks with the same person, one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leases(Arc<std::sync::Mutex<ByKey>>);

type ByKey = BTreeMap<[u8; 32], Arc<Mutex<()>>>;

impl Leases {
    /// Waits until nobody else touches files of the holder of `key`.
    pub(super) async fn of(self, key: [u8; 32]) -> OwnedMutexGuard<()> {
        let lease = {
            let mut leases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Those that nobody has or wants.
            leases.retain(|_, lease| Arc::strong_count(lease) > 1);
            Arc::clone(leases.entry(key).or_default())
        };
        lease.lock_owned().await
    }
}
