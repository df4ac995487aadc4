//! All that one server does.
//!
//! [`board`] is the store of the meeting boards: bounded, in memory, pure. [`http`] serves it:
//! public routes, an admin listener, TLS, limits, graceful stop. [`bucket`] keeps the entries of a
//! rendezvous server. [`pace`] counts requests.
//!
//! What it learns: who (address) posts and reads which record when, and the name of the board.
//! What it does not: passphrases, messages, and who met whom.
//!
//! Spec: `spec/10-rendezvous.md` section 5, `spec/11-buckets.md` section 3.

pub mod board;
pub mod bucket;
pub mod http;
pub mod pace;
