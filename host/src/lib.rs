//! All that one server does.
//!
//! [`board`] keeps the meeting boards in a [`journal::Store`], bounded on every side. [`http`] serves
//! them: public routes, an admin listener, TLS, limits, graceful stop. [`bucket`] keeps the entries of a
//! rendezvous server. [`pace`] counts requests.
//!
//! [`relay`] carries frames between two people and reads none of them; [`broker`] tells two where the other
//! is. Both are machines of [`switch`].
//!
//! [`respond`] carries out the requests of accounts over a [`journal::Store`]: [`pins`],
//! [`accounts`], invitations, events. [`http`] has its two carriers.
//!
//! What it learns: who (address) posts and reads which record when, and the name of the board; which two
//! addresses a relay or a broker brought together, and how much they say.
//! What it does not: passphrases, messages, and who met whom.
//!
//! Spec: `spec/10-rendezvous.md` section 5, `spec/11-buckets.md` section 3, `spec/22-switch.md`, `spec/40-server.md`.

pub mod accounts;
pub mod board;
pub mod broker;
pub mod bucket;
pub mod http;
pub mod pace;
pub mod pins;
pub mod relay;
pub mod respond;

mod events;
mod invitations;
mod keep;
mod random;
mod server_key;
mod timed;
