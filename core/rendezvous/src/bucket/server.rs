//! The rules of a rendezvous server: which bucket the next entry goes into ([`Desk`]), and what a
//! bucket looks like from outside ([`Secret::answer`]). What is stored, and where, is the caller's.
//!
//! Spec: `spec/11-buckets.md` section 3.

mod answer;
mod desk;

pub use answer::{Answer, Secret};
pub use desk::{Config, Desk, Opening, PlaceError};
