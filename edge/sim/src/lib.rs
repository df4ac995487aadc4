//! A whole network in one thread, with seeded faults (tests only).
//!
//! A [`Network`] runs real [`Lan`](rendezvous::lan::Lan) machines over a link that loses,
//! duplicates, delays and reorders datagrams, falls apart and heals ([`Faults`]). A [`Hall`] runs
//! real [`Visit`](rendezvous::board::Visit) machines against a board whose server is busy, away or
//! forgetful ([`Weather`]). Both own time and chance: the same seed gives the same run. Jobs are
//! real too; as they are pure functions of their inputs, a [`Cache`] runs each once for any number
//! of seeds. A [`Talk`] is two devices that talk by real channels over pipes, KCP or a relay, while
//! connections are cut and processes die ([`TalkPlan`]). [`group`] says who shares a passphrase, [`wrong`] whether the right ones met.

mod board;
mod cache;
mod faults;
mod memory;
mod network;
mod people;
mod rng;
mod seeds;
mod server;
mod talk;

pub use board::{Hall, Visitor, Weather};
pub use cache::Cache;
pub use faults::{Faults, Partition};
pub use memory::resident_bytes;
pub use network::{Network, Person, Told};
pub use people::{group, passkeys, seconds, wrong};
pub use rng::Rng;
pub use seeds::failing_seeds;
pub use server::ServerKind;
pub use talk::{Crash, Dies, Talk, TalkPlan, Talked, Way};
