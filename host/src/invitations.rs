//! Invitations: sealed objects that are taken once, n times, or until a date.
//!
//! Spec: `spec/40-server.md` section 5.

use std::time::Duration;

use bytes::Bytes;
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
    ///
    /// # Spec
    ///
    /// `spec/40-server.md` section 5: why it does not outlive an account that is deleted meanwhile.
    pub(crate) async fn leave(
        &self,
        now: Time,
        name: &Name,
        accounts: &Accounts,
        left: Left<'_>,
    ) -> Result<(), Refusal> {
        let life = left.life(now)?;
        let place = key(left.id)?;
        let new = StoredInvitation {
            account: name.to_vec(),
            sealed: left.sealed.to_vec(),
            until_s: left.until_s,
            uses: left.uses,
            claims: Vec::new(),
        };
        let is_new = self.put(&place, &new, life.min(UNOWNED)).await?;
        let owned = StoredOwned {
            id: left.id.to_vec(),
            until_s: left.until_s,
            uses: left.uses,
        };
        if let Err(refusal) = accounts.own(now, name, &owned).await {
            if is_new {
                self.remove(name, left.id).await?;
            }
            return Err(refusal);
        }
        match self.keep_for(&place, &new, life).await? {
            true => Ok(()),
            false => Err(Refusal::after(
                Code::Busy,
                "it was removed meanwhile",
                AGAIN,
            )),
        }
    }

    /// Puts an invitation for a while only, so that it goes by itself if its account does not come to
    /// own it. `false` if it is there already.
    async fn put(
        &self,
        place: &Subject,
        new: &StoredInvitation,
        life: Duration,
    ) -> Result<bool, Refusal> {
        let step = |record: Option<StoredInvitation>| match record {
            None => Ok(Step::Put(new.clone(), Some(life), true)),
            Some(record) if is_same(&record, new) => Ok(Step::Leave(false)),
            Some(_) => Err(Refusal::new(Code::Conflict, "this id is taken")),
        };
        self.keep.change(place, step).await
    }

    /// Gives an invitation that its account owns its whole time. Whoever deletes the account finds it
    /// by now, and what they have removed stays so: `false`.
    async fn keep_for(
        &self,
        place: &Subject,
        new: &StoredInvitation,
        life: Duration,
    ) -> Result<bool, Refusal> {
        let step = |record: Option<StoredInvitation>| {
            let there = record.filter(|record| is_same(record, new));
            Ok(match there {
                None => Step::Leave(false),
                // It has a shorter time since.
                Some(record) if is_used_up(&record) => Step::Leave(true),
                Some(record) => Step::Put(record, Some(life), true),
            })
        };
        self.keep.change(place, step).await
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

    /// Leaves an answer to an invitation that `claim` has taken.
    pub(crate) async fn answer(
        &self,
        now: Time,
        id: &Id,
        claim: &Claim,
        sealed: &[u8],
    ) -> Result<Answered, Refusal> {
        let record: Option<StoredInvitation> = self.keep.get(&key(id)?).await?;
        let record = record.ok_or(ABSENT)?;
        if record.uses == 0 {
            return Err(Refusal::new(
                Code::Unsupported,
                "this invitation takes no answers",
            ));
        }
        // First what the claim answered, so that no claim answers two things.
        let before = self.note(now, id, claim, sealed).await?;
        let owner: Name = record.account.try_into().map_err(|_| BUG)?;
        let there = match before {
            Before::No => None,
            Before::Perhaps => self.reply_age(now, &owner, id, sealed).await?,
        };
        let reply = match there {
            Some(_) => None,
            None => {
                let life = remaining(now, record.until_s).unwrap_or_default();
                let mut append = Append::new(replies(&owner, id)?, reply(now, sealed));
                append.dedupe = Some(*claim);
                append.ttl = Some(life.saturating_add(REPLY_LIFE));
                append.max_live = Some(MAX_USES);
                let appended = self.keep.store().append(append).await;
                Some(appended.map_err(not_appended)?.seq())
            }
        };
        Ok(Answered {
            owner,
            reply,
            is_news: there.is_none_or(|age| age < NEWS),
        })
    }

    /// Notes in the invitation what `claim` answers: the first thing it does.
    async fn note(
        &self,
        now: Time,
        id: &Id,
        claim: &Claim,
        sealed: &[u8],
    ) -> Result<Before, Refusal> {
        let hash = primitives::sha256(&[sealed]);
        let step = |record: Option<StoredInvitation>| {
            let mut record = record.ok_or(ABSENT)?;
            let life = remaining(now, record.until_s).ok_or(ABSENT)?;
            let is_used_up = is_used_up(&record);
            let mine = record.claims.iter_mut().find(|one| one.claim == claim);
            let mine = mine.ok_or(ABSENT)?;
            if mine.answer.is_empty() {
                mine.answer = hash.to_vec();
                let life = if is_used_up { life.min(USED_UP) } else { life };
                return Ok(Step::Put(record, Some(life), Before::No));
            }
            match mine.answer == hash {
                true => Ok(Step::Leave(Before::Perhaps)),
                false => Err(Refusal::new(Code::Conflict, "it was answered otherwise")),
            }
        };
        self.keep.change(&key(id)?, step).await
    }

    /// Whether the invitation is still there; if not, takes back the answer that was left just now.
    pub(crate) async fn holds(&self, id: &Id, answered: &Answered) -> Result<bool, Refusal> {
        let record: Option<StoredInvitation> = self.keep.get(&key(id)?).await?;
        if record.is_some_and(|record| record.account == answered.owner) {
            return Ok(true);
        }
        if let Some(number) = answered.reply {
            let place = replies(&answered.owner, id)?;
            let removed = self.keep.store().remove(&place, number).await;
            removed.map_err(fault)?;
        }
        Ok(false)
    }

    /// How long ago these bytes were left as an answer, if they are among the answers.
    async fn reply_age(
        &self,
        now: Time,
        owner: &Name,
        id: &Id,
        sealed: &[u8],
    ) -> Result<Option<Duration>, Refusal> {
        let all = self.keep.store();
        let all = all.read(&replies(owner, id)?, 0, MAX_USES, u32::MAX).await;
        let mut age = None;
        for entry in all.map_err(fault)?.entries {
            let reply: StoredReply = read(&entry.payload)?;
            if reply.sealed == sealed {
                let left = Time::from_ms(reply.left_s.saturating_mul(1000));
                age = Some(now.since(left));
            }
        }
        Ok(age)
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

impl Left<'_> {
    /// How long it is to stay, if its terms are within the bounds.
    fn life(&self, now: Time) -> Result<Duration, Refusal> {
        let malformed = |text| Err(Refusal::new(Code::Malformed, text));
        let Some(life) = remaining(now, self.until_s) else {
            return malformed("it would be over already");
        };
        if life > MAX_LIFE {
            return malformed("it would last more than 90 days");
        }
        if self.uses > MAX_USES {
            return malformed("it can be used 100 times at most");
        }
        Ok(life)
    }
}

/// What came of an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Answered {
    /// Whose invitation it is.
    pub(crate) owner: Name,
    /// The number of the answer, if it was stored just now.
    reply: Option<u64>,
    /// Whether the inviter is to be told, if they were not already: a kill may have come in between.
    pub(crate) is_news: bool,
}

/// Whether a claim has answered before: the answer may be there, or a kill came in between.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Before {
    No,
    Perhaps,
}

/// Whether they are one invitation, whoever has taken it since.
fn is_same(record: &StoredInvitation, new: &StoredInvitation) -> bool {
    let is_same = record.account == new.account && record.sealed == new.sealed;
    is_same && record.until_s == new.until_s && record.uses == new.uses
}

fn is_used_up(record: &StoredInvitation) -> bool {
    record.uses > 0 && left_of(record) == 0
}

/// An answer as it is kept: with the minute, not the second.
fn reply(now: Time, sealed: &[u8]) -> Bytes {
    let minute = now.as_ms().checked_div(60_000).unwrap_or(0);
    write(&StoredReply {
        left_s: minute.saturating_mul(60),
        sealed: sealed.to_vec(),
    })
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
pub(crate) const ABSENT: Refusal = Refusal::new(Code::NotFound, "there is no such invitation");

const MAX_USES: u32 = 100;
/// How long an invitation stays that no account owns yet.
const UNOWNED: Duration = Duration::from_secs(600);
/// How old an answer may be whose event is still to be made sure of: less than the store's window.
const NEWS: Duration = Duration::from_secs(1800);
const AGAIN: Duration = Duration::from_secs(1);
const MAX_LIFE: Duration = Duration::from_secs(90 * 86_400);
/// For claims that come again, and their answers.
const USED_UP: Duration = Duration::from_secs(86_400);
const REPLY_LIFE: Duration = Duration::from_secs(14 * 86_400);
const PAGE: u32 = 32;
/// 32 answers of the longest kind.
const PAGE_BYTES: u32 = 32 * (17 << 10);

#[cfg(test)]
mod tests;
