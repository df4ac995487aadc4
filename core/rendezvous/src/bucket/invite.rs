//! The inviter's side: leave the link on a rendezvous server, check that it did what it should, and
//! show the [`Line`].
//!
//! Spec: `spec/11-buckets.md` section 4.1.

mod attempt;
mod event;

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use kernel::{Kind, Time};

pub use event::{Event, Failed, Input, Output, Refusal};

use super::request::{Next, Tries};
use super::server::Answer;
use super::{EntryKey, Host, KeyError, Line, Link, Passphrase, Slots, Stretching, Trouble};
use crate::Seed;
use attempt::{Attempt, Seen};

/// The bounds and rhythms of an [`Invite`]; the defaults are those of the spec.
///
/// # Spec
///
/// `spec/11-buckets.md` section 5.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Config {
    /// How long a bucket of these servers takes entries.
    pub rotation: Duration,
    /// How far a server's clock may be from the own one.
    pub tolerance: Duration,
    /// The highest number that a bucket may have within its second.
    pub number: u32,
    /// Other entries to wait for before the line is shown; at most [`COHORT_MAX`](Self::COHORT_MAX).
    pub cohort: u32,
    /// How often the bucket is looked at for them; up to half as much is added at random.
    pub poll: Duration,
    /// How often one request is made; at least once.
    pub tries: u32,
    /// The longest pause that a server may ask for.
    pub patience: Duration,
}

impl Config {
    /// Most other entries that a bucket can have.
    pub const COHORT_MAX: u32 = 63;
}

impl Default for Config {
    fn default() -> Self {
        Self {
            rotation: Duration::from_secs(600),
            tolerance: Duration::from_secs(120),
            number: 16,
            cohort: 0,
            poll: Duration::from_secs(30),
            tries: 4,
            patience: Duration::from_secs(60),
        }
    }
}

/// One person's way from a link to a line, over one rendezvous server after the other until one
/// passes every check.
///
/// One request is under way at a time. After [`new`](Self::new) and every [`handle`](Self::handle),
/// call [`poll`](Self::poll) until it says [`Output::Wait`]. Deterministic: the same seed and the
/// same inputs at the same times give the same outputs. It saves nothing: an entry left by a process
/// that died is one that nobody was told of, and expires.
///
/// # Spec
///
/// `spec/11-buckets.md` section 4.1.
#[derive(Debug)]
pub struct Invite {
    config: Config,
    link: Link,
    passphrase: Passphrase,
    seed: Seed,
    now: Time,
    tries: Tries,
    current: Option<Attempt>,
    /// Not yet tried.
    servers: VecDeque<Host>,
    again_at: Option<Time>,
    out: VecDeque<Output>,
}

impl Invite {
    /// Most rendezvous servers to try.
    pub const SERVERS_MAX: usize = 8;

    /// Starts with the first of `servers`, 1 to [`SERVERS_MAX`](Self::SERVERS_MAX) of them. `link`
    /// and `passphrase` serve all. `now` is on a clock whose origin is 1970. `seed` must never be
    /// used a second time.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub fn new(
        config: Config,
        (link, passphrase): (Link, Passphrase),
        servers: Vec<Host>,
        seed: Seed,
        now: Time,
    ) -> Result<Self, StartError> {
        if servers.is_empty() || servers.len() > Self::SERVERS_MAX {
            let got = servers.len();
            return Err(StartError::Servers { got });
        }
        if config.cohort > Config::COHORT_MAX {
            let got = config.cohort;
            return Err(StartError::Cohort { got });
        }
        let mut invite = Self {
            config,
            link,
            passphrase,
            seed,
            now,
            tries: Tries::new(config.tries, config.patience),
            current: None,
            servers: servers.into(),
            again_at: None,
            out: VecDeque::new(),
        };
        invite.next_server();
        Ok(invite)
    }

    /// Takes one input. What a server sends changes nothing but bounded memory.
    ///
    /// A `now` before an earlier one counts as that earlier one.
    pub fn handle(&mut self, now: Time, input: Input<'_>) {
        self.now = self.now.max(now);
        if self.current.is_none() {
            return;
        }
        match input {
            Input::Stretched(result) => self.on_stretched(result),
            Input::Left(result) => self.on_left(result),
            Input::Fetched(result) => self.on_fetched(result),
            Input::Tick => {}
        }
        if self.again_at.is_some_and(|at| at <= self.now) {
            self.again_at = None;
            self.request();
        }
    }

    /// The next thing the driver must do; [`Output::Wait`] when there is nothing left.
    pub fn poll(&mut self) -> Output {
        let next = self.out.pop_front();
        next.unwrap_or(Output::Wait(self.again_at))
    }

    fn on_stretched(&mut self, result: Result<EntryKey, KeyError>) {
        let Some(attempt) = &mut self.current else {
            return;
        };
        match result {
            Ok(key) => {
                attempt.sealed(key.seal(&self.link, self.seed.next_nonce()));
                self.request();
            }
            Err(error) => self.end(Event::Failed(Failed::Key(error))),
        }
    }

    fn on_left(&mut self, result: Result<&[u8], Trouble>) {
        let Some(attempt) = &mut self.current else {
            return;
        };
        let left = match result {
            Ok(bytes) => attempt.left(&self.config, self.now, bytes),
            Err(trouble) => return self.on_trouble(trouble),
        };
        match left {
            Ok(()) => {
                self.tries.succeeded();
                let at = attempt.server().clone();
                self.tell(Event::Left { at });
                self.request();
            }
            Err(why) => self.refuse(why),
        }
    }

    fn on_fetched(&mut self, result: Result<&[u8], Trouble>) {
        let Some(attempt) = &mut self.current else {
            return;
        };
        let seen = match result.map(Answer::decode) {
            Ok(Some(Some(slots))) => attempt.saw(&self.config, self.now, slots),
            Ok(Some(None)) => Err(Refusal::NoSuchBucket),
            Ok(None) => Err(Refusal::BucketMalformed),
            Err(trouble) => return self.on_trouble(trouble),
        };
        self.tries.succeeded();
        match seen {
            Ok(Seen::Enough(line)) => self.end(Event::Ready(line)),
            Ok(Seen::TooFew { came, closes }) => {
                let wanted = self.config.cohort;
                self.tell(Event::Waiting { came, wanted });
                let half = self.config.poll.as_millis().div_euclid(2);
                let half = u64::try_from(half).unwrap_or(0).saturating_add(1);
                let more = Duration::from_millis(self.seed.draw(half));
                let next = self.now.after(self.config.poll.saturating_add(more));
                self.again_at = Some(next.min(closes));
            }
            Err(why) => self.refuse(why),
        }
    }

    fn on_trouble(&mut self, trouble: Trouble) {
        match (self.tries.failed(self.now, trouble), trouble) {
            (Next::Again(at), _) => {
                self.again_at = Some(at);
                self.tell(Event::Again(at));
            }
            (Next::Never, Trouble::Busy { .. }) => self.refuse(Refusal::Busy),
            (Next::Never, Trouble::Away) => self.refuse(Refusal::Away),
            (Next::Never, Trouble::Declined) => self.refuse(Refusal::Declined),
        }
    }

    /// Leaves the entry, or fetches the bucket it was left in.
    fn request(&mut self) {
        let Some(attempt) = &self.current else {
            return;
        };
        let circuit = self.tries.circuit();
        self.out.extend(attempt.request(circuit));
    }

    fn refuse(&mut self, why: Refusal) {
        if let Some(attempt) = self.current.take() {
            let at = attempt.server().clone();
            self.tell(Event::Refused { at, why });
        }
        self.next_server();
    }

    fn next_server(&mut self) {
        self.tries.succeeded();
        self.again_at = None;
        let Some(server) = self.servers.pop_front() else {
            return self.end(Event::Failed(Failed::NoServer));
        };
        let stretching = Stretching::new(self.passphrase.clone(), server.clone());
        self.out.push_back(Output::Stretch(stretching));
        self.current = Some(Attempt::new(server));
    }

    fn end(&mut self, event: Event) {
        self.current = None;
        self.again_at = None;
        self.tell(event);
    }

    fn tell(&mut self, event: Event) {
        self.out.push_back(Output::Tell(event));
    }
}

/// Why an invitation cannot start.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No rendezvous server, or too many.
    #[error("{got} rendezvous servers, not 1 to {max}", max = Invite::SERVERS_MAX)]
    Servers {
        /// How many.
        got: usize,
    },
    /// A bucket never has so many others.
    #[error("a cohort of {got}, at most {max} are possible", max = Config::COHORT_MAX)]
    Cohort {
        /// How many.
        got: u32,
    },
}

impl StartError {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::BadInput
    }
}

#[cfg(test)]
mod tests;
