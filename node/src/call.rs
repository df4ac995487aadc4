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
mod held;
mod link;
mod listen;
mod outbox;
mod people;
mod pin;
mod run;
mod sessions;
mod speaker;
mod talk;

use std::io;
use std::net::SocketAddr;

use identity::{Fingerprint, Name};
use kernel::Kind;
use net::call::Call;

pub use channel::{End, Mode};
pub use desk::Admit;
pub use link::{Link, LinkError};
pub use listen::Calls;
pub use net::call::DialError;
pub use people::Seen;
pub use pin::{Known, Pin, Who};
pub use speaker::{SayError, Speaker};
pub use talk::{Ending, Introduced, Message, Retry, Talk, Told};

pub(crate) use people::pins;

use crate::node::Node;
use desk::{Desk, Policy};
use run::{Back, Run};

/// Who is called, and where.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Target {
    /// Where. With a fingerprint in it, whoever has another one is refused, and nobody is asked.
    pub link: Link,
    /// Nobody but them.
    pub with: Option<Known>,
    /// What to call them if they are unknown.
    pub name: Option<Name>,
    /// The most that is spoken with them: with [`Mode::Kamune`] no more than Kamune 0.7 is.
    pub mode: Mode,
}

impl Target {
    /// Whoever is there, or has the fingerprint of `link`.
    #[must_use]
    pub const fn new(link: Link) -> Self {
        Self {
            link,
            with: None,
            name: None,
            mode: Mode::Ours,
        }
    }
}

impl Node {
    /// Waits for calls at `address`; with port 0, at one that is free.
    ///
    /// # Errors
    ///
    /// See [`ListenError`].
    pub async fn listen(&self, address: SocketAddr, admit: Admit) -> Result<Calls, ListenError> {
        let desk = Desk::of(self).await;
        let calls = Calls::listen(address, desk, admit).await;
        calls.map_err(|error| ListenError {
            address,
            reason: error.kind(),
        })
    }

    /// What somebody sees of the owner who knows no card of them: of a key with two halves, the first alone.
    pub async fn fingerprint_in_calls(&self) -> Fingerprint {
        let profile = self.profile().await;
        pin::fingerprint(profile.key.public().ed25519())
    }

    /// Calls somebody. Those who are known are taken without asking.
    ///
    /// # Errors
    ///
    /// See [`DialError`]: there is no connection.
    pub async fn call(&self, target: Target) -> Result<Talk, DialError> {
        let Target {
            link,
            with,
            name,
            mode,
        } = target;
        let mut desk = Desk::of(self).await;
        desk.mode = mode;
        let mut policy = Policy::new(Admit::Known);
        policy.key = with.map(|known| *known.key());
        policy.sum = link.sum();
        policy.name = name;
        let (setup, proxy) = (desk.setup(None), desk.proxy.clone());
        let call = Call::dial(link.host(), link.port(), proxy, setup, None).await?;
        let (talk, wires) = Talk::new(None);
        let run = Run::new(call, desk, policy, Back::Redial(link), wires);
        tokio::spawn(run.run(None));
        Ok(talk)
    }
}

/// Why no calls are taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("cannot listen on {address}: {reason}")]
#[non_exhaustive]
pub struct ListenError {
    /// Where.
    pub address: SocketAddr,
    /// What the system says.
    pub reason: io::ErrorKind,
}

impl ListenError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.reason {
            io::ErrorKind::OutOfMemory => Kind::Exhausted,
            _ => Kind::BadInput,
        }
    }
}
