//! Boards over a journal: several processes, restarts, what is stored.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test")]

mod faults;
mod restart;
mod several;
#[path = "../shared/store.rs"]
mod store;
mod stored;
mod world;
