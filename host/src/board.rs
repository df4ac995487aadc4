//! The store of the boards: records in memory, in order of arrival, bounded on every side.
//!
//! Pure: time is an argument, nothing leaves but values. One [`Store`] serves a whole server.

mod shelf;
mod store;

pub use store::{Full, Limit, Limits, Post, PostError, Quota, Source, Span, Stats, Store, What};
