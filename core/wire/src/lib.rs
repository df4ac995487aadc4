//! What a client and a server say to each other.
//!
//! [`v1`] holds the messages, compiled from `proto/`. [`decode`] checks bytes against the bounds
//! that are written beside the fields before it builds anything; [`encode`] is its inverse.
//! [`Code`] and [`Refusal`] are the typed errors, [`signed`] the bytes under a proof.
//!
//! [`kamune`] holds those that a caller and a called person swap, [`relay`] those of a client and a
//! relay, both as Kamune 0.7 has them.
//!
//! What was signed or sealed by somebody travels inside as opaque bytes. There is no IO here.
//!
//! Spec: `spec/40-server.md`, `spec/20-channel.md`, `spec/22-switch.md`.
#![no_std]

extern crate alloc;

mod codec;
pub mod kamune;
mod kept;
mod proof;
mod refusal;
pub mod relay;
mod shape;
pub mod v1;

pub use codec::{Bounded, DecodeError, FRAME_MAX, SERVER_FRAME_MAX, STORED_MAX, decode, encode};
pub use proof::{Binding, Signed, signed};
pub use refusal::{Code, Refusal};
pub use shape::{Fault, Shape};
