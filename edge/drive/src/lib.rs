//! Feeds a machine, does what it asks, in its order.
//!
//! [`drain`] is the loop that every driver shares; a [`World`] is what it acts on: sockets and
//! threads in `net`, a simulated network in `sim`. [`Pool`] runs a machine's jobs on all cores, a
//! [`Clock`] or a [`WallClock`] tells a machine the time. Sockets stay with the driver.

mod clock;
mod drain;
mod pool;
mod wall;

pub use clock::Clock;
pub use drain::{Machine, World, drain};
pub use pool::{Panicked, Pool};
pub use wall::WallClock;
