//! Registration pins: drawn by the owner of a server, used once, guessed never.
//!
//! Spec: `spec/40-server.md` section 4.1.

mod text;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use journal::Subject;
use kernel::Time;
use primitives::{Argon2Cost, ConstantTimeEq, Secret, argon2id};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use wire::v1::StoredPin;
use wire::{Code, Refusal};

use crate::board::Source;
use crate::keep::{BUG, Keep, Step, fault, kind, subject};
use crate::pace::{Allowance, Pace};
use crate::random::random;

pub use text::{Handle, Pin};

/// All pins of a server.
#[derive(Debug)]
pub struct Pins {
    keep: Keep,
    /// Places at the stretching, which takes 19 MiB each.
    gate: Semaphore,
    wrong: Mutex<Wrong>,
}

/// How many wrong pins are still borne: of one source, and of all together.
#[derive(Debug)]
struct Wrong {
    sources: Pace,
    all: Pace,
}

/// How long a new pin is good.
#[expect(clippy::exhaustive_structs, reason = "two numbers")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Terms {
    /// 1 minute to 90 days.
    pub lasts: Duration,
    /// Wrong secrets that are borne: 1 to 20.
    pub tries: u32,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            lasts: Duration::from_secs(7 * 86_400),
            tries: 5,
        }
    }
}

/// A pin as the owner sees it later.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct State {
    /// Its name.
    pub handle: Handle,
    /// When it is over.
    pub expires: Time,
    /// Wrong secrets that are still borne.
    pub tries_left: u32,
    /// Whether an account has used it.
    pub is_used: bool,
}

impl Pins {
    pub(crate) fn new(keep: Keep) -> Self {
        Self {
            keep,
            gate: Semaphore::new(STRETCHES),
            wrong: Mutex::new(Wrong {
                sources: Pace::slow(WRONG_OF_SOURCE, SOURCES),
                all: Pace::slow(WRONG_OF_ALL, 1),
            }),
        }
    }

    /// Draws a pin. It is kept as a hash: only the returned value can show it.
    ///
    /// # Errors
    ///
    /// The terms are out of range (`MALFORMED`), there are 1,000 pins (`QUOTA`), or the store
    /// could not.
    pub async fn create(&self, now: Time, terms: Terms) -> Result<Pin, Refusal> {
        let is_good =
            (MIN_LASTS..=MAX_LASTS).contains(&terms.lasts) && (1..=20).contains(&terms.tries);
        if !is_good {
            let text = "a pin lasts 1 minute to 90 days and bears 1 to 20 tries";
            return Err(Refusal::new(Code::Malformed, text));
        }
        if self.handles().await?.len() >= MAX_PINS {
            return Err(Refusal::new(Code::Quota, "there are 1,000 pins already"));
        }
        // Handles are short: another one may have it.
        for _ in 0..DRAWS {
            let mut drawn = random()?;
            let pin = Pin::draw(&drawn);
            primitives::Zeroize::zeroize(&mut drawn);
            let salt: [u8; 16] = random()?;
            let _place = self.place().await?;
            let hash = stretch(pin.secret(), salt).await?;
            let is_new = self
                .keep
                .change(&key(pin.handle())?, |record: Option<StoredPin>| {
                    Ok(match record {
                        Some(_) => Step::Leave(false),
                        None => Step::Put(
                            StoredPin {
                                salt: salt.to_vec(),
                                hash: hash.expose().to_vec(),
                                expires_ms: now.after(terms.lasts).as_ms(),
                                tries_left: terms.tries,
                                account: Vec::new(),
                            },
                            Some(terms.lasts),
                            true,
                        ),
                    })
                })
                .await?;
            if is_new {
                return Ok(pin);
            }
        }
        Err(BUG)
    }

    /// All pins that are not over.
    ///
    /// # Errors
    ///
    /// The store could not.
    pub async fn list(&self) -> Result<Vec<State>, Refusal> {
        let mut states = Vec::new();
        for name in self.handles().await? {
            let (_, handle) = name.as_bytes().split_first().ok_or(BUG)?;
            let handle = Handle::from_bytes(handle).ok_or(BUG)?;
            let record: Option<StoredPin> = self.keep.get(&name).await?;
            states.extend(record.map(|record| State {
                handle,
                expires: Time::from_ms(record.expires_ms),
                tries_left: record.tries_left,
                is_used: !record.account.is_empty(),
            }));
        }
        Ok(states)
    }

    /// Removes a pin; `false` if there is none of this name.
    ///
    /// # Errors
    ///
    /// The store could not.
    pub async fn revoke(&self, handle: Handle) -> Result<bool, Refusal> {
        let step = |record: Option<StoredPin>| {
            Ok(match record {
                Some(_) => Step::Remove(true),
                None => Step::Leave(false),
            })
        };
        self.keep.change(&key(handle)?, step).await
    }

    /// Binds the pin that was typed as `text` to `account`, for 24 hours. Of any number of accounts
    /// one succeeds; it may come again.
    ///
    /// # Errors
    ///
    /// `PIN`, for whatever reason; a wrong secret then has cost a try. `RATE`: too many were wrong, of
    /// `source` or of all; no pin was looked at. `BUSY`. The store could not.
    pub(crate) async fn claim(
        &self,
        now: Time,
        source: Source,
        text: &str,
        account: &[u8; 32],
    ) -> Result<Handle, Refusal> {
        let pin = Pin::parse(text).ok_or(WRONG)?;
        let name = key(pin.handle())?;
        // Only those few can be between looking and counting.
        let _place = self.place().await?;
        self.wrong(|wrong| wrong.check(now, source))?;
        let record: Option<StoredPin> = self.keep.get(&name).await?;
        let salt = record.and_then(|record| record.salt.try_into().ok());
        // Without such a pin it takes as long.
        let salt: [u8; 16] = salt.unwrap_or_default();
        let hash = stretch(pin.secret(), salt).await?;
        let step = |record| claimed(now, record, (&salt, hash.expose()), account);
        match self.keep.change(&name, step).await? {
            Claimed::Yes => Ok(pin.handle()),
            Claimed::ByAnother => Err(WRONG),
            Claimed::No => {
                self.wrong(|wrong| {
                    wrong.count(now, source);
                    Ok(())
                })?;
                Err(WRONG)
            }
        }
    }

    fn wrong<T>(&self, with: impl FnOnce(&mut Wrong) -> Result<T, Duration>) -> Result<T, Refusal> {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        with(&mut wrong).map_err(|retry| {
            metrics::counter!("entrenous_rejected_total", "limit" => "pins").increment(1);
            Refusal::after(Code::Rate, "too many wrong pins", retry)
        })
    }

    async fn handles(&self) -> Result<Vec<Subject>, Refusal> {
        let limit = u32::try_from(MAX_PINS).unwrap_or(u32::MAX);
        let cells = self.keep.store().cells(kind::PIN, None, limit);
        cells.await.map_err(fault)
    }

    /// Forgets sources whose wrong pins are long ago; for a timer.
    pub(crate) fn tidy(&self, now: Time) {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong.sources.tidy(now);
    }

    /// A place at the stretching; waits for one a while.
    async fn place(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        let busy = Refusal::after(Code::Busy, "many register now", Duration::from_secs(5));
        let place = timeout(PATIENCE, self.gate.acquire()).await;
        place.map_err(|_| busy)?.map_err(|_| BUG)
    }
}

impl Wrong {
    /// Whether one more is borne.
    fn check(&mut self, now: Time, source: Source) -> Result<(), Duration> {
        self.sources.check(now, source)?;
        self.all.check(now, EVERYONE)
    }

    fn count(&mut self, now: Time, source: Source) {
        // What is used up already cannot be used up more.
        let _ = self.sources.take(now, source);
        let _ = self.all.take(now, EVERYONE);
    }
}

/// What a claim came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Claimed {
    Yes,
    /// The secret is right, but another account has used it.
    ByAnother,
    /// A guess, or a pin that is over.
    No,
}

/// What a claim by `account` makes of a pin's record.
fn claimed(
    now: Time,
    record: Option<StoredPin>,
    (salt, hash): (&[u8; 16], &[u8; 32]),
    account: &[u8; 32],
) -> Result<Step<StoredPin, Claimed>, Refusal> {
    let Some(mut record) = record.filter(|record| record.salt == salt) else {
        return Ok(Step::Leave(Claimed::No));
    };
    let left = Time::from_ms(record.expires_ms).since(now);
    if left.is_zero() {
        return Ok(Step::Leave(Claimed::No));
    }
    let is_used = !record.account.is_empty();
    if !bool::from(record.hash.ct_eq(hash.as_slice())) {
        record.tries_left = record.tries_left.saturating_sub(1);
        return Ok(match (is_used, record.tries_left) {
            (true, _) => Step::Leave(Claimed::No),
            (false, 0) => Step::Remove(Claimed::No),
            (false, _) => Step::Put(record, Some(left), Claimed::No),
        });
    }
    if is_used {
        return Ok(Step::Leave(match record.account == account {
            true => Claimed::Yes,
            false => Claimed::ByAnother,
        }));
    }
    record.account = account.to_vec();
    record.expires_ms = now.after(CLAIMED).as_ms();
    Ok(Step::Put(record, Some(CLAIMED), Claimed::Yes))
}

/// Argon2id, on a thread for such work.
async fn stretch(secret: &Secret<7>, salt: [u8; 16]) -> Result<Secret<32>, Refusal> {
    let secret = secret.clone();
    let work = move || argon2id(secret.expose(), &salt, COST);
    let done = tokio::task::spawn_blocking(work).await.map_err(|_| BUG)?;
    done.map_err(|_| Refusal::after(Code::Busy, "no memory left", Duration::from_secs(5)))
}

fn key(handle: Handle) -> Result<Subject, Refusal> {
    subject(kind::PIN, handle.bytes())
}

/// Whatever is wrong with a pin.
pub(crate) const WRONG: Refusal = Refusal::new(
    Code::Pin,
    "this pin is wrong, used, expired, or was tried too often",
);

const MAX_PINS: usize = 1000;
const DRAWS: usize = 64;
const STRETCHES: usize = 2;
/// Wrong pins of one source.
const WRONG_OF_SOURCE: Allowance = Allowance {
    burst: 20,
    every: Duration::from_secs(600),
};
/// Wrong pins in all: so few that guesses at random use up the tries of hardly any pin in its life.
const WRONG_OF_ALL: Allowance = Allowance {
    burst: 100,
    every: Duration::from_secs(60),
};
const EVERYONE: Source = Source::new(0);
const SOURCES: usize = 65_536;
const PATIENCE: Duration = Duration::from_secs(10);
const CLAIMED: Duration = Duration::from_secs(86_400);
const MIN_LASTS: Duration = Duration::from_secs(60);
const MAX_LASTS: Duration = Duration::from_secs(90 * 86_400);
const COST: Argon2Cost = Argon2Cost {
    memory_kib: 19 << 10,
    passes: 2,
};

#[cfg(test)]
mod tests;
