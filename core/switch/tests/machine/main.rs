//! Clients, a switch, and the connections between them.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at what does not hold"
)]

mod carrying;
mod limits;
mod meeting;
mod world;
