//! The sockets of a relay: a WebSocket at `/ws`, and streams of frames.
//!
//! Spec: `spec/22-switch.md` sections 1.1 and 3.6.

mod stream;
mod web;

pub(super) use stream::serve;
pub(super) use web::web;
