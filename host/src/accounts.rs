//! Accounts: an identity chain and a device chain each, made with a pin.
//!
//! Spec: `spec/40-server.md` section 4.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use journal::Subject;
use kernel::Time;
use wire::v1::{StoredAccount, StoredOwned};
use wire::{Code, Refusal};

use crate::board::Source;
use crate::events::Events;
use crate::invitations::Invitations;
use crate::keep::{Keep, Step, fault, kind, subject};
use crate::pins::{Handle, Pins};

mod identity;

pub(crate) use self::identity::{CLOSED, Longer};

/// The name of an account: the identity's user id.
pub type Name = [u8; 32];

/// All accounts of a server.
#[derive(Debug)]
pub struct Accounts {
    keep: Keep,
    /// How many there are, as far as this process knows.
    count: AtomicUsize,
}

/// Who may make an account.
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever forgets one must not compile"
)]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Admission {
    /// Whoever has a pin.
    #[default]
    Pin,
    /// Everyone.
    Open,
    /// Nobody.
    Closed,
}

/// A new account, its chains already verified.
#[derive(Clone, Debug)]
pub(crate) struct Registration {
    pub(crate) name: Name,
    /// The identity chain.
    pub(crate) identity: Vec<u8>,
    /// The device chain.
    pub(crate) devices: Vec<u8>,
    /// The keys of the live devices that follow from it.
    pub(crate) keys: Vec<[u8; 32]>,
}

/// A device chain, already verified, and the keys of the live devices that follow from it.
#[derive(Clone, Debug)]
pub(crate) struct Devices {
    pub(crate) chain: Vec<u8>,
    pub(crate) keys: Vec<[u8; 32]>,
}

/// What a newcomer shows to be let in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket<'a> {
    pub(crate) admission: Admission,
    /// What was typed as a pin.
    pub(crate) pin: &'a str,
    pub(crate) source: Source,
}

impl Ticket<'_> {
    /// Lets `name` in, or not; the pin that it has used, if it needs one.
    async fn admit(&self, now: Time, pins: &Pins, name: &Name) -> Result<Option<Handle>, Refusal> {
        match self.admission {
            Admission::Closed => Err(Refusal::new(Code::Unsupported, "no registration here")),
            Admission::Open => Ok(None),
            Admission::Pin => {
                let handle = pins.claim(now, self.source, self.pin, name);
                handle.await.map(Some)
            }
        }
    }
}

impl Accounts {
    /// The accounts in a store; counts them.
    pub(crate) async fn open(keep: Keep) -> Result<Self, Refusal> {
        let mut count = 0_usize;
        let mut last: Option<Subject> = None;
        loop {
            let page = keep.store().cells(kind::ACCOUNT, last, PAGE).await;
            let page = page.map_err(fault)?;
            count = count.saturating_add(page.len());
            last = page.last().cloned();
            if last.is_none() {
                break;
            }
        }
        Ok(Self {
            keep,
            count: AtomicUsize::new(count),
        })
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// The account's record.
    pub(crate) async fn get(&self, name: &Name) -> Result<Option<StoredAccount>, Refusal> {
        self.keep.get(&key(name)?).await
    }

    /// Makes an account. Sent again it is done again, whatever was cut in between.
    ///
    /// # Errors
    ///
    /// `PIN`, `RATE` after too many wrong ones, `CONFLICT`, `QUOTA`, `UNSUPPORTED` where registration
    /// is closed; the store could not.
    pub(crate) async fn register(
        &self,
        now: Time,
        pins: &Pins,
        ticket: Ticket<'_>,
        new: Registration,
    ) -> Result<(), Refusal> {
        let name = key(&new.name)?;
        let record: Option<StoredAccount> = self.keep.get(&name).await?;
        if let Some(record) = record {
            return repeated(&record, &new);
        }
        if self.count() >= MAX_ACCOUNTS {
            return Err(Refusal::new(
                Code::Quota,
                "this server has no room for an account",
            ));
        }
        let handle = match ticket.admit(now, pins, &new.name).await {
            Ok(handle) => handle,
            Err(refusal) => {
                // The same request may have made this account meanwhile, and used up the pin.
                let record: Option<StoredAccount> = self.keep.get(&name).await?;
                return record.map_or(Err(refusal), |record| repeated(&record, &new));
            }
        };
        let step = |record: Option<StoredAccount>| match record {
            Some(record) => repeated(&record, &new).map(|()| Step::Leave(false)),
            None => {
                let record = StoredAccount {
                    identity: new.identity.clone(),
                    devices: new.devices.clone(),
                    keys: new.keys.iter().map(|key| key.to_vec()).collect(),
                    invitations: Vec::new(),
                    closed: 0,
                };
                Ok(Step::Put(record, None, true))
            }
        };
        if self.keep.change(&name, step).await? {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
        // It would run out by itself; the account is there.
        if let Some(handle) = handle
            && let Err(refusal) = pins.revoke(handle).await
        {
            tracing::debug!(%refusal, "a used pin stays for a day");
        }
        Ok(())
    }

    /// Replaces the device chain that was made from the record `before`. Returns whether it was still
    /// that record: if not, nothing changed.
    pub(crate) async fn change_devices(
        &self,
        name: &Name,
        before: &StoredAccount,
        after: &Devices,
    ) -> Result<bool, Refusal> {
        if after.chain.len() > MAX_CHAIN {
            return Err(Refusal::new(Code::Quota, "the device chain is full"));
        }
        let step = |record: Option<StoredAccount>| {
            let mut record = record.ok_or(GONE)?;
            if record.devices != before.devices || record.identity != before.identity {
                return Ok(Step::Leave(false));
            }
            record.devices.clone_from(&after.chain);
            record.keys = after.keys.iter().map(|key| key.to_vec()).collect();
            Ok(Step::Put(record, None, true))
        };
        self.keep.change(&key(name)?, step).await
    }

    /// Notes an invitation of the account; forgets those that have been over for 14 days.
    pub(crate) async fn own(
        &self,
        now: Time,
        name: &Name,
        new: &StoredOwned,
    ) -> Result<(), Refusal> {
        let step = |record: Option<StoredAccount>| {
            let mut record = record.ok_or(GONE)?;
            if record.closed != 0 {
                return Err(CLOSED);
            }
            let owned = &mut record.invitations;
            let until = |one: &StoredOwned| Time::from_ms(one.until_s.saturating_mul(1000));
            owned.retain(|one| until(one).after(REMEMBERED) > now);
            if owned.iter().any(|one| one.id == new.id) {
                // A new revision: whoever is deleting the account looks again.
                return Ok(Step::Put(record, None, ()));
            }
            if owned.iter().filter(|one| until(one) > now).count() >= MAX_INVITATIONS {
                return Err(Refusal::new(Code::Quota, "64 invitations are open already"));
            }
            if owned.len() >= MAX_REMEMBERED {
                let first = owned.iter().enumerate().min_by_key(|(_, one)| one.until_s);
                let first = first.map(|(place, _)| place);
                first.map(|place| owned.swap_remove(place));
            }
            owned.push(new.clone());
            Ok(Step::Put(record, None, ()))
        };
        self.keep.change(&key(name)?, step).await
    }

    /// Forgets an invitation of the account.
    pub(crate) async fn disown(&self, name: &Name, id: &[u8; 24]) -> Result<(), Refusal> {
        let step = |record: Option<StoredAccount>| {
            let Some(mut record) = record else {
                return Ok(Step::Leave(()));
            };
            record.invitations.retain(|one| one.id != id);
            Ok(Step::Put(record, None, ()))
        };
        self.keep.change(&key(name)?, step).await
    }

    /// Deletes an account and all that belongs to it. Cut in between, it is there still and can
    /// be deleted again.
    ///
    /// # Spec
    ///
    /// `spec/40-server.md` section 4.3: why nothing is left behind by what happens meanwhile.
    pub(crate) async fn delete(
        &self,
        name: &Name,
        invitations: &Invitations,
        events: &Events,
    ) -> Result<(), Refusal> {
        let place = key(name)?;
        for _ in 0..ROUNDS {
            let record: Option<(_, StoredAccount)> = self.keep.get_at(&place).await?;
            let Some((rev, record)) = record else {
                return Ok(());
            };
            for one in &record.invitations {
                if let Ok(id) = one.id.as_slice().try_into() {
                    invitations.remove(name, id).await?;
                }
            }
            events.clear(name).await?;
            // If it changed meanwhile, it may have another invitation, which must go as well.
            if self.keep.remove_at(&place, rev).await? {
                let down = |count: usize| Some(count.saturating_sub(1));
                // `down` always gives a value, so this is no error.
                let _ = self
                    .count
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, down);
                // One may have come just before.
                return events.clear(name).await;
            }
        }
        Err(Refusal::after(
            Code::Busy,
            "the account is busy",
            Duration::from_secs(1),
        ))
    }
}

/// Whether a registration is one that was done before.
fn repeated(record: &StoredAccount, new: &Registration) -> Result<(), Refusal> {
    let is_same_identity = record.identity == new.identity
        || identity::head(&new.identity)
            .is_some_and(|head| begins_with(head, &record.identity, &new.identity));
    match is_same_identity && begins_with(CHAIN_HEAD, &record.devices, &new.devices) {
        true => Ok(()),
        false => Err(Refusal::new(
            Code::Conflict,
            "the account is there with other chains",
        )),
    }
}

/// Whether a chain is `first` or goes on from it: both begin with `head` bytes that never change
/// and a count (chapter 15, sections 3.3 and 4), and the statements follow.
fn begins_with(head: usize, chain: &[u8], first: &[u8]) -> bool {
    let parts = |chain| {
        let (head, rest) = <[u8]>::split_at_checked(chain, head)?;
        let (_count, statements) = rest.split_at_checked(2)?;
        Some((head, statements))
    };
    match (parts(chain), parts(first)) {
        (Some((head, statements)), Some((same, first))) => {
            head == same && statements.starts_with(first)
        }
        _ => false,
    }
}

fn key(name: &Name) -> Result<Subject, Refusal> {
    subject(kind::ACCOUNT, name)
}

/// An account that is not there: looks like any proof that is not accepted.
const GONE: Refusal = Refusal::new(Code::Refused, "the proof is not accepted");

const PAGE: u32 = 1000;
const MAX_ACCOUNTS: usize = 100_000;
const MAX_INVITATIONS: usize = 64;
/// 112 KiB, as in `stored.proto`.
const MAX_CHAIN: usize = 112 << 10;
/// Of a device chain: kind, version, user id.
const CHAIN_HEAD: usize = 34;
/// That are over or not.
const MAX_REMEMBERED: usize = 256;
/// As long as their answers.
const REMEMBERED: Duration = Duration::from_secs(14 * 86_400);
const ROUNDS: usize = 8;

#[cfg(test)]
mod races;
#[cfg(test)]
mod tests;
