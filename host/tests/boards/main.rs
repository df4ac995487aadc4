//! Boards over a journal: several processes, restarts, what is stored.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test")]

mod faults;
mod restart;
mod several;
mod stored;
mod world;
