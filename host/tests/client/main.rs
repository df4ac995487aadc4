//! The client of `net` against real servers on loopback: requests, live connections, buckets, and
//! what it makes of servers and networks that misbehave.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test"
)]

mod buckets;
mod hostile;
mod isolation;
mod live;
mod middle;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../protocol/person.rs"]
mod person;
mod retries;
mod rpc;
mod scripted;
mod signs;
#[path = "../meeting/socks.rs"]
mod socks;
mod tls;
mod world;
