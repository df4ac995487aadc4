//! The buckets of a rendezvous server: sealed entries of strangers, kept in a [`journal::Store`] and
//! shown only by the 64.
//!
//! [`Buckets`] is the whole service; [`Config`] bounds it. It knows an entry's bytes, the time, and a
//! [`Source`](crate::board::Source), and keeps nothing that joins them.
//!
//! Spec: `spec/11-buckets.md` section 3.

mod error;
mod front;
mod limits;
mod record;
mod service;

pub use crate::pace::Allowance;
pub use error::{FetchError, LeaveError, OpenError};
pub use service::{Buckets, Config};
