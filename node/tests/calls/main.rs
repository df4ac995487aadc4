//! Two nodes that call each other.
#![cfg_attr(
    target_os = "linux",
    expect(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        reason = "a gateway for tests reads what is asked of it"
    )
)]
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at what does not hold"
)]

mod broken;
mod files;
mod outside;
mod people;
mod proxy;
mod talking;
mod ways;
