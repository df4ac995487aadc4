//! All that one server does.
//!
//! [`board`] is the store of the meeting boards: bounded, in memory, pure. [`http`] serves it:
//! public routes, an admin listener, TLS, limits, graceful stop. [`pace`] counts requests.
//!
//! What it learns: who (address) posts and reads which record when, and the name of the board.
//! What it does not: passphrases, messages, and who met whom.
//!
//! Spec: `spec/10-rendezvous.md` section 5.

pub mod board;
pub mod http;
pub mod pace;
