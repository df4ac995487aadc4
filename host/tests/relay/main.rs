//! A relay with real sockets: clients of ours, and connections that keep to nothing.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test"
)]

mod carrying;
mod limits;
mod raw;
mod stopping;
mod talking;
mod world;
