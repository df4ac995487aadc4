//! REUNION: everyone who knows the passphrase swaps a message.
#![no_std]

extern crate alloc;

pub mod board;
mod id;
pub mod lan;
mod passkey;
mod seeds;
#[expect(dead_code, reason = "the jobs get their bodies with the group action")]
mod session;
#[expect(dead_code, reason = "the jobs get their bodies with the group action")]
mod work;

pub use id::{Id, T2, T3};
pub use passkey::{Passkey, PasskeyError, Salt, SaltError};
pub use seeds::{Seed, SeedsError, SessionSeeds};
pub use session::{Answer, Limits, Match, Session, T1_MIN, T1Error, Wanted};
pub use work::{Done, Job, JobKey, Meeting, Met, Opening};
