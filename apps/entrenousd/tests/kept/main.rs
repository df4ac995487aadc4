//! What the program keeps: pins, accounts, invitations, buckets, over restarts, kills and a full disk.

#![cfg(unix)]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test"
)]

mod full;
mod home;
mod killed;
mod live;
mod owner;
#[path = "../shared/person.rs"]
mod person;
mod rpc;
