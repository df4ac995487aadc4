//! Invitations: sealed objects that are taken once, n times, or until a date.
//!
//! Spec: `spec/40-server.md` section 5.

use std::time::Duration;

use journal::{Append, Subject};
use kernel::Time;
use wire::v1::{Invitation, Reply, StoredClaim, StoredInvitation, StoredOwned, StoredReply};
use wire::{Code, Refusal};

use crate::accounts::{Accounts, Name};
use crate::keep::{BUG, Keep, Step, fault, kind, not_appended, read, subject, write};

/// The name of an invitation, drawn at random by the inviter.
pub(crate) type Id = [u8; 24];
/// The key of a request that takes one.
pub(crate) type Claim = [u8; 16];

/// All invitations of a server.
#[derive(Clone, Debug)]
pub(crate) struct Invitations {
    keep: Keep,
}

/// An invitation to leave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Left<'a> {
    pub(crate) id: &'a Id,
    pub(crate) sealed: &'a [u8],
    pub(crate) until_s: u64,
    /// 0: any number.
    pub(crate) uses: u32,
}

impl Invitations {
    pub(crate) const fn new(keep: Keep) -> Self {
        Self { keep }
    }

    /// Leaves an invitation of account `name`. Sent again it is done again.
    pub(crate) async fn leave(
        &self,
        now: Time,
        name: &Name,
        accounts: &Accounts,
        left: Left<'_>,
    ) -> Result<(), Refusal> {
        let Some(life) = remaining(now, left.until_s) else {
            return Err(Refusal::new(Code::Malformed, "it would be over already"));
        };
        if life > MAX_LIFE {
            return Err(Refusal::new(
                Code::Malformed,
                "it would last more than 90 days",
            ));
        }
        if left.uses > MAX_USES {
            return Err(Refusal::new(
                Code::Malformed,
                "it can be used 100 times at most",
            ));
        }
        // First the account, so that deleting it finds them all.
        let owned = StoredOwned {
            id: left.id.to_vec(),
            until_s: left.until_s,
            uses: left.uses,
        };
        accounts.own(now, name, &owned).await?;
        let new = StoredInvitation {
            account: name.to_vec(),
            sealed: left.sealed.to_vec(),
            until_s: left.until_s,
            uses: left.uses,
            claims: Vec::new(),
        };
        let step = |record: Option<StoredInvitation>| match record {
            None => Ok(Step::Put(new.clone(), Some(life), ())),
            Some(record) => {
                let before = StoredInvitation {
                    claims: Vec::new(),
                    ..record
                };
                match before == new {
                    true => Ok(Step::Leave(())),
                    false => Err(Refusal::new(Code::Conflict, "this id is taken")),
                }
            }
        };
        let done = self.keep.change(&key(left.id)?, step).await;
        if let Err(refusal) = &done
            && refusal.code == Ok(Code::Conflict)
        {
            accounts.disown(name, left.id).await?;
        }
        done
    }

    /// Takes an invitation once for `claim`; the same claim is answered the same.
    pub(crate) async fn take(&self, now: Time, id: &Id, claim: &Claim) -> Result<Vec<u8>, Refusal> {
        let step = |record: Option<StoredInvitation>| {
            let mut record = record.ok_or(ABSENT)?;
            let life = remaining(now, record.until_s).ok_or(ABSENT)?;
            let sealed = record.sealed.clone();
            if record.uses == 0 || record.claims.iter().any(|one| one.claim == claim) {
                return Ok(Step::Leave(sealed));
            }
            let left = left_of(&record);
            if left == 0 {
                return Err(ABSENT);
            }
            record.claims.push(StoredClaim {
                claim: claim.to_vec(),
                answer: Vec::new(),
            });
            let life = if left == 1 { life.min(USED_UP) } else { life };
            Ok(Step::Put(record, Some(life), sealed))
        };
        self.keep.change(&key(id)?, step).await
    }

    /// Leaves an answer to an invitation that `claim` has taken; returns whose it is.
    pub(crate) async fn answer(
        &self,
        now: Time,
        id: &Id,
        claim: &Claim,
        sealed: &[u8],
    ) -> Result<Name, Refusal> {
        let hash = primitives::sha256(&[sealed]);
        let name = key(id)?;
        let record: Option<StoredInvitation> = self.keep.get(&name).await?;
        let record = record.ok_or(ABSENT)?;
        if record.uses == 0 {
            return Err(Refusal::new(
                Code::Unsupported,
                "this invitation takes no answers",
            ));
        }
        // First what the claim answered, so that no claim answers two things.
        let step = |record: Option<StoredInvitation>| {
            let mut record = record.ok_or(ABSENT)?;
            let life = remaining(now, record.until_s).ok_or(ABSENT)?;
            let left = left_of(&record);
            let mine = record.claims.iter_mut().find(|one| one.claim == claim);
            let mine = mine.ok_or(ABSENT)?;
            if mine.answer.is_empty() {
                mine.answer = hash.to_vec();
                let life = if left == 0 { life.min(USED_UP) } else { life };
                return Ok(Step::Put(record, Some(life), Before::No));
            }
            match mine.answer == hash {
                true => Ok(Step::Leave(Before::Perhaps)),
                false => Err(Refusal::new(Code::Conflict, "it was answered otherwise")),
            }
        };
        let before = self.keep.change(&name, step).await?;
        let owner: Name = record.account.try_into().map_err(|_| BUG)?;
        if before == Before::No || !self.has_reply(&owner, id, sealed).await? {
            let life = remaining(now, record.until_s).unwrap_or_default();
            let minute = now.as_ms().checked_div(60_000).unwrap_or(0);
            let reply = StoredReply {
                left_s: minute.saturating_mul(60),
                sealed: sealed.to_vec(),
            };
            let mut append = Append::new(replies(&owner, id)?, write(&reply));
            append.dedupe = Some(*claim);
            append.ttl = Some(life.saturating_add(REPLY_LIFE));
            append.max_live = Some(MAX_USES);
            let store = self.keep.store();
            store.append(append).await.map_err(not_appended)?;
        }
        Ok(owner)
    }

    /// Whether these bytes are among the answers.
    async fn has_reply(&self, owner: &Name, id: &Id, sealed: &[u8]) -> Result<bool, Refusal> {
        let all = self.keep.store();
        let all = all.read(&replies(owner, id)?, 0, MAX_USES, u32::MAX).await;
        let mut has = false;
        for entry in all.map_err(fault)?.entries {
            has |= read::<StoredReply>(&entry.payload)?.sealed == sealed;
        }
        Ok(has)
    }

    /// Answers to an invitation of account `name` behind number `after`, oldest first.
    pub(crate) async fn replies(
        &self,
        name: &Name,
        accounts: &Accounts,
        id: &Id,
        after: u64,
    ) -> Result<Vec<Reply>, Refusal> {
        self.is_of(name, accounts, id).await?;
        let place = replies(name, id)?;
        let page = self.keep.store().read(&place, after, PAGE, PAGE_BYTES);
        let page = page.await.map_err(fault)?;
        let replies = page.entries.iter().map(|entry| {
            let stored: StoredReply = read(&entry.payload)?;
            Ok(Reply {
                number: entry.seq,
                left_s: stored.left_s,
                sealed: stored.sealed,
            })
        });
        replies.collect()
    }

    /// The invitations of account `name` that can still be taken or have been.
    pub(crate) async fn list(
        &self,
        name: &Name,
        accounts: &Accounts,
    ) -> Result<Vec<Invitation>, Refusal> {
        let owned = accounts.get(name).await?.unwrap_or_default().invitations;
        let mut invitations = Vec::new();
        for one in owned {
            let place = subject(kind::INVITATION, &one.id)?;
            let record: Option<StoredInvitation> = self.keep.get(&place).await?;
            invitations.push(Invitation {
                until_s: one.until_s,
                uses: one.uses,
                uses_left: record.as_ref().map_or(0, left_of),
                id: one.id,
            });
        }
        Ok(invitations)
    }

    /// Removes an invitation of account `name` and its answers.
    pub(crate) async fn withdraw(
        &self,
        name: &Name,
        accounts: &Accounts,
        id: &Id,
    ) -> Result<(), Refusal> {
        self.is_of(name, accounts, id).await?;
        self.remove(name, id).await?;
        accounts.disown(name, id).await
    }

    /// The same without the account's own list.
    pub(crate) async fn remove(&self, name: &Name, id: &Id) -> Result<(), Refusal> {
        let step = |record: Option<StoredInvitation>| {
            Ok(match record {
                Some(record) if record.account == name => Step::Remove(()),
                _ => Step::Leave(()),
            })
        };
        self.keep.change(&key(id)?, step).await?;
        let all = self.keep.store();
        let all = all
            .remove_through(&replies(name, id)?, i64::MAX.unsigned_abs())
            .await;
        all.map(drop).map_err(fault)
    }

    async fn is_of(&self, name: &Name, accounts: &Accounts, id: &Id) -> Result<(), Refusal> {
        let account = accounts.get(name).await?.unwrap_or_default();
        match account.invitations.iter().any(|one| one.id == id) {
            true => Ok(()),
            false => Err(ABSENT),
        }
    }
}

/// Whether a claim has answered before: the answer may be there, or a kill came in between.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Before {
    No,
    Perhaps,
}

/// How often it can still be taken.
fn left_of(record: &StoredInvitation) -> u32 {
    let used = u32::try_from(record.claims.len()).unwrap_or(u32::MAX);
    record.uses.saturating_sub(used)
}

/// The time until `until_s`, if that is not over.
fn remaining(now: Time, until_s: u64) -> Option<Duration> {
    let until = Time::from_ms(until_s.saturating_mul(1000));
    Some(until.since(now)).filter(|left| !left.is_zero())
}

fn key(id: &Id) -> Result<Subject, Refusal> {
    subject(kind::INVITATION, id)
}

/// An id is no secret from those who took it: with the owner's name in it, the place of another
/// account's answers cannot be named.
fn replies(owner: &Name, id: &Id) -> Result<Subject, Refusal> {
    subject(kind::REPLIES, &[owner.as_slice(), id].concat())
}

/// Never there, over, used up, withdrawn, or not yours: all look alike.
const ABSENT: Refusal = Refusal::new(Code::NotFound, "there is no such invitation");

const MAX_USES: u32 = 100;
const MAX_LIFE: Duration = Duration::from_secs(90 * 86_400);
/// For claims that come again, and their answers.
const USED_UP: Duration = Duration::from_secs(86_400);
const REPLY_LIFE: Duration = Duration::from_secs(14 * 86_400);
const PAGE: u32 = 32;
/// 32 answers of the longest kind.
const PAGE_BYTES: u32 = 32 * (17 << 10);

#[cfg(test)]
mod tests;
