//! REUNION: everyone who knows the passphrase swaps a message.
//!
//! A [`Session`] is one set of keys and one first message. A transport (`lan`, `board`) carries
//! three kinds of messages between sessions: T1 announces, T2 shows that one knows the passphrase,
//! T3 gives the payload away; to anyone else T2 and T3 are random bytes. The two expensive steps,
//! [`Opening`] and [`Meeting`], are values that any thread can run.
//!
//! Spec: `spec/10-rendezvous.md`. This crate has no clock, socket, thread or random source; all
//! that varies is an argument.
#![no_std]

extern crate alloc;

pub mod board;
mod id;
pub mod lan;
mod passkey;
mod seeds;
mod session;
mod work;

pub use id::{Id, T2, T3};
pub use passkey::{Passkey, PasskeyError, Salt, SaltError};
pub use seeds::{Seed, SeedsError, SessionSeeds};
pub use session::{Answer, Limits, Match, Session, T1_MIN, T1Error, Wanted};
pub use work::{Done, Job, JobKey, Meeting, Met, Opening};
