//! Two channels and a network between them.
#![expect(clippy::unwrap_used, reason = "a test stops at what does not hold")]

mod between;
mod former;
mod opening;
mod ours;
mod pair;
mod resuming;
mod talking;
