//! Whether a device is still one of its account, asked by many connections at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use wire::Refusal;

use crate::accounts::{Accounts, Name};

/// A roll for each account with live connections.
#[derive(Debug, Default)]
pub(super) struct Presence {
    rolls: Mutex<HashMap<Name, Weak<Roll>>>,
}

/// Where the connections of one account ask. A record is up to 224 KiB, and changes with every
/// invitation: those who ask while another reads wait, and one reading serves them all.
#[derive(Debug)]
pub(crate) struct Roll {
    name: Name,
    /// How many have asked.
    asked: AtomicU64,
    read: tokio::sync::Mutex<Read>,
}

/// What the last reading found.
#[derive(Debug, Default)]
struct Read {
    /// How many had asked when it began.
    begun: u64,
    keys: Vec<Vec<u8>>,
}

impl Presence {
    pub(super) fn roll(&self, name: &Name) -> Arc<Roll> {
        let mut rolls = self.rolls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(roll) = rolls.get(name).and_then(Weak::upgrade) {
            return roll;
        }
        let roll = Arc::new(Roll {
            name: *name,
            asked: AtomicU64::new(0),
            read: tokio::sync::Mutex::default(),
        });
        rolls.insert(*name, Arc::downgrade(&roll));
        roll
    }

    #[cfg(test)]
    pub(super) fn knows(&self, name: &Name) -> bool {
        self.rolls.lock().unwrap().contains_key(name)
    }

    /// Forgets rolls that nobody has any more.
    pub(super) fn tidy(&self) {
        let mut rolls = self.rolls.lock().unwrap_or_else(PoisonError::into_inner);
        rolls.retain(|_, roll| roll.strong_count() > 0);
        rolls.shrink_to(1024);
    }
}

impl Roll {
    /// Whether `device` is a live one of the account, at some moment since this was asked.
    pub(super) async fn is_present(
        &self,
        accounts: &Accounts,
        device: &[u8; 32],
    ) -> Result<bool, Refusal> {
        let mine = self.asked.fetch_add(1, Ordering::SeqCst).wrapping_add(1);
        let mut read = self.read.lock().await;
        if read.begun < mine {
            let begun = self.asked.load(Ordering::SeqCst);
            let record = accounts.get(&self.name).await?;
            *read = Read {
                begun,
                keys: record.unwrap_or_default().keys,
            };
        }
        Ok(read.keys.iter().any(|key| key == device))
    }
}
