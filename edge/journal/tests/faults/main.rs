//! The store when things break: the process is killed, the power fails, the disk is full, cannot write, or
//! holds garbage. Each check is shown to fail when it should.
//!
//! A process of its own, `storm`, puts the store under load and prints a line for each
//! acknowledged change; what was printed must be found afterwards. The disk is replaced where
//! needed by `disk.c`, loaded before the system's library: a write reaches the copy in another
//! directory only once it is synchronised, so after a kill that copy is what a power failure
//! leaves of an honest disk. Not covered: disks that lie, sectors half written, and the order in which
//! new names become durable.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test"
)]
#![cfg(target_os = "linux")]

mod broken;
mod garbage;
mod kill;
mod ledger;
mod preload;
mod storm;
