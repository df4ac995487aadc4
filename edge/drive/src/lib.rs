//! Feeds a machine, does what it asks, in its order.
//!
//! [`drain`] is the loop that every driver shares; a [`World`] is what it acts on: sockets and
//! threads in `net`, a simulated network in `sim`. [`Pool`] runs a machine's jobs on all cores.
//! Clocks and sockets stay with the driver.

mod drain;
mod pool;

pub use drain::{Machine, World, drain};
pub use pool::Pool;
