//! The store of the boards: records in memory, in order of arrival, bounded on every side.
//!
//! Pure: time is an argument, nothing leaves but values. One [`Store`] serves a whole server.

mod ledger;
mod limits;
mod shelf;
mod store;
mod view;

pub use limits::{Full, Limit, Limits, Quota};
pub use store::{Post, PostError, Source, Stats, Store};
pub use view::{Span, What};
