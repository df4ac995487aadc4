//! The store as its users see it, on a real disk, killed, damaged and full.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers outside the test functions"
)]

mod backup;
mod crash;
mod damage;
#[cfg(unix)]
mod disk;
mod keys;
mod peek;
mod place;
mod records;
mod tools;
mod twins;
mod unfinished;
