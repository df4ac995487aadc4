//! REUNION: everyone who knows the passphrase swaps a message.
//!
//! A [`Session`] is one set of keys and one first message. A transport (`lan`, `board`) carries
//! three kinds of messages between sessions: T1 announces, T2 shows that one knows the passphrase,
//! T3 gives the payload away; to anyone else T2 and T3 are random bytes. The two expensive steps,
//! [`Opening`] and [`Encounter`], are values that any thread can run.
//!
//! ```
//! use rendezvous::{Opening, Passkey, Salt, Seed, Wanted};
//!
//! let passkey = Passkey::derive(b"four random words here", Salt::ZERO)?;
//! // in earnest each seed is 32 bytes from the operating system
//! let open = |payload: &[u8], mut seed: Seed| {
//!     let seeds = seed.next_session();
//!     Opening::new(passkey.clone(), payload.to_vec(), seeds, Wanted::Every).run()
//! };
//! let mut alice = open(b"I am Alice", Seed::new([1; 32]));
//! let mut bob = open(b"I am Bob", Seed::new([2; 32]));
//!
//! // each hears the other's T1 and answers with a T2, then a T3
//! let (_, t2_for_bob) = alice.admit(alice.encounter(bob.t1())?.run())?;
//! let (_, t2_for_alice) = bob.admit(bob.encounter(alice.t1())?.run())?;
//! let for_bob = alice.take_t2(&bob.id(), t2_for_alice);
//! let for_alice = bob.take_t2(&alice.id(), t2_for_bob);
//!
//! let matched = alice.take_t3(&bob.id(), for_alice.t3);
//! assert_eq!(matched.map(|found| found.payload), Some(b"I am Bob".to_vec()));
//! let matched = bob.take_t3(&alice.id(), for_bob.t3);
//! assert_eq!(matched.map(|found| found.payload), Some(b"I am Alice".to_vec()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`bucket`] is the other way to meet: an invitation that waits, sealed, among others.
//!
//! Spec: `spec/10-rendezvous.md`, `spec/11-buckets.md`. This crate has no clock, socket, thread or random source; all
//! that varies is an argument.
#![no_std]

extern crate alloc;

pub mod board;
pub mod bucket;
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
pub use work::{Agreed, Done, Encounter, Job, JobKey, Met, Opening};
