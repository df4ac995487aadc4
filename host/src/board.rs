//! The boards where people meet: records in a [`journal::Store`], in order of arrival, bounded on
//! every side.
//!
//! [`Boards`] is the whole service; [`Limits`] bounds it. The logs of the store say what is there. Beside
//! them a process keeps what it needs to refuse and to answer fast, and can make anew at any time: who
//! of its visitors holds how much, which records there are (by hash), and the newest posts. It
//! stores nothing that tells who posted.
//!
//! Spec: `spec/10-rendezvous.md` section 5, `spec/40-server.md` section 9.

mod bell;
mod index;
mod ledger;
mod limits;
mod post;
mod record;
mod service;
mod shelf;
mod tail;
mod view;

pub use bell::Bell;
pub use index::Stats;
pub use limits::{Full, Limit, Limits, Quota};
pub use post::{Post, PostError, ReadError, Source};
pub use service::{Boards, Which};
pub use view::{Span, What};
