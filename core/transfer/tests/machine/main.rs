//! Two people with files, and a connection between them that the test is.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops at what does not hold"
)]

mod dying;
mod hostile;
mod limits;
mod names;
mod sending;
mod vectors;
mod world;
