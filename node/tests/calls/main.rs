//! Two nodes that call each other.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at what does not hold"
)]

mod broken;
mod files;
mod people;
mod proxy;
mod talking;
mod ways;
