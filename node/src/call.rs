//! Talking to somebody who is there at the same time.
//!
//! [`Node::listen`](crate::Node::listen) waits for people who call, [`Node::call`](crate::Node::call) calls. Both give a
//! [`Talk`] with one person, whom their key names: a contact, somebody who was talked to before (a
//! [`Pin`]), or somebody new, about whom the owner decides. A talk outlives its connections, and
//! what was said outlives the talk: between two of ours it is delivered once, sooner or later.
//!
//! ```no_run
//! # async fn story(node: node::Node) -> Result<(), Box<dyn std::error::Error>> {
//! use node::call::{Seen, Target, Told};
//!
//! let target = Target::new("tcp://192.0.2.1:7448".parse()?);
//! let mut talk = node.call(target).await?;
//! while let Some(told) = talk.next().await {
//!     match told {
//!         Told::Introduced(who) => {
//!             println!("is it {}?", who.fingerprint.to_words());
//!             talk.accept(Seen::NotCompared).await;
//!         }
//!         Told::Established { .. } => drop(talk.speaker().say("hello".into()).await?),
//!         Told::Message(message) => println!("{}", String::from_utf8_lossy(&message.text)),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Spec: `spec/20-channel.md`, section 17.

mod desk;
mod files;
mod held;
mod link;
mod listen;
mod outbox;
mod outside;
mod people;
mod pin;
mod places;
mod reached;
mod run;
mod sessions;
mod speaker;
mod talk;
mod tokens;

use identity::{Fingerprint, Name};
use kernel::Kind;
pub use switch::{Password, PasswordError, Token};

pub use channel::{End, Mode, Version};
pub use desk::Admit;
pub(crate) use files::Leases;
pub use files::{FileError, FileEvent, FileId, FileTold, look_at};
pub use link::{Link, LinkError, Transport};
pub use listen::{Calls, Heard};
pub use net::call::race::{Failed, Failure, Unreached};
pub use net::call::{Path, Unplaced};
pub use outside::{Gateway, NoMapping};
pub use people::Seen;
pub use pin::{Known, Pin, Who};
pub use places::{ListenError, Place, Places};
pub use speaker::{SayError, Speaker};
pub use switch::link::{Address, Relay, Scheme};
pub use talk::{Ending, Introduced, Message, Retry, Talk, Told};
pub use tokens::Tokens;
pub use transfer::{By, Reason, Way};

pub(crate) use people::pins;

use crate::node::Node;
use desk::{Desk, Policy};
use run::{Back, Run};
use sessions::Sessions;

/// Who is called, and where.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Target {
    /// Where: all are tried, and the best that leads to somebody is taken. With a fingerprint in one of
    /// them, whoever has another one is refused, and nobody is asked.
    pub links: Vec<Link>,
    /// Of the relays among them that want one.
    pub password: Option<Password>,
    /// Nobody but them.
    pub with: Option<Known>,
    /// What to call them if they are unknown.
    pub name: Option<Name>,
    /// The most that is spoken with them: with [`Mode::Kamune`] no more than Kamune 0.7 is.
    pub mode: Mode,
    /// Whom to take without asking the owner.
    pub admit: Admit,
}

impl Target {
    /// Whoever is there, or has the fingerprint of `link`; those who are known are taken without asking.
    #[must_use]
    pub fn new(link: Link) -> Self {
        Self::to(vec![link])
    }

    /// Whoever is at one of these places, or has the fingerprint that is in them.
    #[must_use]
    pub const fn to(links: Vec<Link>) -> Self {
        Self {
            links,
            password: None,
            with: None,
            name: None,
            mode: Mode::Ours,
            admit: Admit::Known,
        }
    }
}

impl Node {
    /// Waits for calls in all of `places`.
    ///
    /// # Errors
    ///
    /// See [`ListenError`]: nothing is waited for then.
    pub async fn listen(&self, places: Places, admit: Admit) -> Result<Calls, ListenError> {
        let desk = Desk::of(self).await;
        Calls::listen(places, desk, admit).await
    }

    /// What somebody sees of the owner who knows no card of them: of a key with two halves, the first alone.
    pub async fn fingerprint_in_calls(&self) -> Fingerprint {
        let profile = self.profile().await;
        pin::fingerprint(profile.key.public().ed25519())
    }

    /// Those with whom a call was cut short, the last first: neither side has ended it, by the records of
    /// sessions, which last 24 hours. Also those with whom one goes on now.
    ///
    /// # Errors
    ///
    /// [`KeepError`](crate::KeepError).
    ///
    /// # Spec
    ///
    /// `spec/20-channel.md` 17.3.
    pub async fn cut_off(&self) -> Result<Vec<Known>, crate::KeepError> {
        let people = self.people();
        let open = Sessions::new(people, None).open().await?;
        let everyone = self.everyone().await?;
        let of = |key| everyone.iter().find(|known| known.key() == key).cloned();
        Ok(open.iter().filter_map(of).collect())
    }

    /// Calls somebody.
    ///
    /// # Errors
    ///
    /// See [`CallError`].
    pub async fn call(&self, target: Target) -> Result<Talk, CallError> {
        let Target {
            links,
            password,
            with,
            name,
            mode,
            admit,
        } = target;
        let mut desk = Desk::of(self).await;
        desk.mode = mode;
        let mut policy = Policy::new(admit);
        policy.key = with.map(|known| *known.key());
        policy.sum = sum_of(&links)?;
        policy.name = name;
        let ways = links
            .iter()
            .map(|link| link.way(password.as_ref(), &desk.network));
        let ways = ways.collect::<Result<Vec<_>, _>>()?;
        let won = desk.call(ways.clone(), None).await?;
        let (talk, wires) = Talk::new(None, won.path.clone());
        let back = Back::Redial { ways, links };
        let run = Run::new(won.call, won.path, desk, policy, back, wires);
        tokio::spawn(run.run(None));
        Ok(talk)
    }
}

/// The sum that whoever answers must have, if one of the links has one.
fn sum_of(links: &[Link]) -> Result<Option<String>, CallError> {
    let mut sums = links.iter().filter_map(Link::sum);
    let sum = sums.next();
    match sums.all(|other| Some(&other) == sum.as_ref()) {
        true => Ok(sum),
        false => Err(CallError::TwoPeople),
    }
}

/// Why there is no call.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// Nobody answers.
    #[error(transparent)]
    Unreached(#[from] Unreached),
    /// A link leads nowhere.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The links have fingerprints of different people.
    #[error("the links are of different people: their fingerprints differ")]
    TwoPeople,
}

impl CallError {
    /// What the caller can do.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Unreached(error) => error.kind(),
            Self::Link(error) => error.kind(),
            Self::TwoPeople => Kind::BadInput,
        }
    }
}
