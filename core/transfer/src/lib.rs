//! Files between two people who talk on a channel: wanted first, then sent, checked as a whole, and
//! gone on with after a broken connection or a restart of either program.
//!
//! [`Transfers`] is one side of one conversation as a value: asides of a channel, and what a disk said,
//! go in; asides, and what a disk should do, come out. The driver
//!
//! - gives it every record that it kept ([`Transfers::restore`]), then, for each connection,
//!   [`back`](Transfers::back) and [`lost`](Transfers::lost);
//! - hands it every aside whose first byte is [`PROTOCOL`], by [`handle`](Transfers::handle);
//! - does what [`poll`](Transfers::poll) says until that is [`Output::Wait`], after every call.
//!
//! It decides where files lie and whom to ask; the machine names none and opens none.
//!
//! Spec: `spec/23-files.md`. This crate has no clock, file or random source; ids are arguments.
#![no_std]

extern crate alloc;

mod error;
mod file;
mod frame;
mod id;
mod kept;
mod machine;
mod name;
mod output;
mod reason;

pub use error::{AcceptError, OfferError};
pub use file::File;
pub use frame::PROTOCOL;
pub use id::Id;
pub use kept::{Kept, RecordError, Stage};
pub use machine::Transfers;
pub use output::{By, Event, Output, Stats, Way};
pub use reason::Reason;
