//! The joiner's side: fetch the bucket of a [`Line`], and find the link that the words open.
//!
//! Spec: `spec/11-buckets.md` section 4.2.

use alloc::collections::VecDeque;
use core::time::Duration;

use kernel::{Kind, Time};

use super::request::{Next, Tries};
use super::server::Answer;
use super::{
    Circuit, EntryKey, FindError, Hash, Host, KeyError, Line, Link, Passphrase, Slots, Stretching,
    Trouble,
};

/// The bounds of a [`Join`]; the defaults are those of the spec.
///
/// # Spec
///
/// `spec/11-buckets.md` section 5.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Config {
    /// How often one request is made; at least once.
    pub tries: u32,
    /// The longest pause that a server may ask for.
    pub patience: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            tries: 4,
            patience: Duration::from_secs(60),
        }
    }
}

/// Something that happened outside a [`Join`].
#[non_exhaustive]
#[derive(Debug)]
pub enum Input<'a> {
    /// The passphrase is stretched.
    Stretched(Result<EntryKey, KeyError>),
    /// The [`Output::Fetch`] that was under way has ended: bytes of the server's choice, or why not.
    Fetched(Result<&'a [u8], Trouble>),
    /// Only time has passed.
    Tick,
}

/// Something the driver must do, in this order.
#[expect(
    clippy::exhaustive_enums,
    reason = "a driver that skips one is broken; let it not compile"
)]
#[derive(Debug)]
#[must_use]
pub enum Output {
    /// Run it on any thread, and bring back [`Input::Stretched`].
    Stretch(Stretching),
    /// Fetch the bucket; bring back [`Input::Fetched`].
    Fetch {
        /// The rendezvous server.
        at: Host,
        /// The bucket.
        hash: Hash,
        /// Over which connection.
        circuit: Circuit,
    },
    /// Tell the person, or whoever goes on.
    Tell(Event),
    /// Nothing to do before this time; `None`: before the next input.
    Wait(Option<Time>),
}

/// Something the person may want to know.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// The server has reached a limit, or does not answer; it is asked again at this time.
    Again(Time),
    /// The link is found: go on to its host. Nothing comes after this.
    Found(Link),
    /// There is no way on; nothing comes after this.
    Failed(Failure),
}

/// Why there is no link.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The server has no such bucket.
    #[error("no such bucket on this server (expired, or the line is mistyped)")]
    NoSuchBucket,
    /// The words open nothing, or no link.
    #[error(transparent)]
    Find(#[from] FindError),
    /// What it answers is no bucket.
    #[error("the server answered something that is no bucket")]
    BucketMalformed,
    /// It asks to come back later, too late or too often.
    #[error("the server is busy")]
    Busy,
    /// It does not answer.
    #[error("the server does not answer")]
    Away,
    /// It refuses the request.
    #[error("the server refuses the request")]
    Declined,
    /// The passphrase could not be stretched.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Failure {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::NoSuchBucket => Kind::BadInput,
            Self::Find(error) => error.kind(),
            Self::BucketMalformed | Self::Declined => Kind::PeerMisbehaved,
            Self::Busy | Self::Away => Kind::Unavailable,
            Self::Key(error) => error.kind(),
        }
    }

    /// The name of the failure in the spec.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NoSuchBucket => "no_such_bucket",
            Self::Find(error) => error.name(),
            Self::BucketMalformed => "bucket_malformed",
            Self::Busy => "busy",
            Self::Away => "away",
            Self::Declined => "declined",
            Self::Key(_) => "memory",
        }
    }
}

/// One person's way from a line and words to a link.
///
/// One fetch is under way at a time. After [`new`](Self::new) and every [`handle`](Self::handle),
/// call [`poll`](Self::poll) until it says [`Output::Wait`]. It saves nothing: a line can be opened
/// again.
///
/// # Spec
///
/// `spec/11-buckets.md` section 4.2.
#[derive(Debug)]
pub struct Join {
    line: Line,
    tries: Tries,
    now: Time,
    key: Option<EntryKey>,
    slots: Option<Slots>,
    again_at: Option<Time>,
    is_over: bool,
    out: VecDeque<Output>,
}

impl Join {
    /// Starts with `line` and the `passphrase` that came with it, or apart from it.
    #[must_use]
    pub fn new(config: Config, line: Line, passphrase: Passphrase, now: Time) -> Self {
        let stretching = Stretching::new(passphrase, line.host().clone());
        let mut join = Self {
            line,
            tries: Tries::new(config.tries, config.patience),
            now,
            key: None,
            slots: None,
            again_at: None,
            is_over: false,
            out: VecDeque::from([Output::Stretch(stretching)]),
        };
        join.fetch();
        join
    }

    /// Takes one input. What a server sends changes nothing but bounded memory.
    pub fn handle(&mut self, now: Time, input: Input<'_>) {
        self.now = self.now.max(now);
        if self.is_over {
            return;
        }
        match input {
            Input::Stretched(Ok(key)) => self.key = Some(key),
            Input::Stretched(Err(error)) => return self.fail(error.into()),
            Input::Fetched(Ok(bytes)) => match Answer::decode(bytes) {
                Some(Some(slots)) => self.slots = Some(slots),
                Some(None) => return self.fail(Failure::NoSuchBucket),
                None => return self.fail(Failure::BucketMalformed),
            },
            Input::Fetched(Err(trouble)) => return self.on_trouble(trouble),
            Input::Tick => {}
        }
        if self.again_at.is_some_and(|at| at <= self.now) {
            self.again_at = None;
            self.fetch();
        }
        if let (Some(key), Some(slots)) = (&self.key, &self.slots) {
            match slots.find(key) {
                Ok(link) => self.end(Event::Found(link)),
                Err(error) => self.fail(error.into()),
            }
        }
    }

    /// The next thing the driver must do; [`Output::Wait`] when there is nothing left.
    pub fn poll(&mut self) -> Output {
        let next = self.out.pop_front();
        next.unwrap_or(Output::Wait(self.again_at))
    }

    fn fetch(&mut self) {
        self.out.push_back(Output::Fetch {
            at: self.line.host().clone(),
            hash: *self.line.hash(),
            circuit: self.tries.circuit(),
        });
    }

    fn on_trouble(&mut self, trouble: Trouble) {
        match (self.tries.failed(self.now, trouble), trouble) {
            (Next::Again(at), _) => {
                self.again_at = Some(at);
                self.out.push_back(Output::Tell(Event::Again(at)));
            }
            (Next::Never, Trouble::Busy { .. }) => self.fail(Failure::Busy),
            (Next::Never, Trouble::Away) => self.fail(Failure::Away),
            (Next::Never, Trouble::Declined) => self.fail(Failure::Declined),
        }
    }

    fn fail(&mut self, why: Failure) {
        self.end(Event::Failed(why));
    }

    fn end(&mut self, event: Event) {
        self.is_over = true;
        self.again_at = None;
        self.key = None;
        self.out.clear();
        self.out.push_back(Output::Tell(event));
    }
}

#[cfg(test)]
mod tests;
