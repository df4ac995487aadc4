//! A direct channel between two people: post-quantum, authenticated, encrypted. Kamune 0.7, bit for
//! bit; and where both sides are ours, keys that stand on two algorithms, a ratchet, messages that are
//! acknowledged, and nothing that can be shown to others ([`Mode`]).
//!
//! A [`Channel`] is one side as a value: frames and time go in, frames and events come out. Frames
//! travel over whatever carries them whole and in order. What an established session leaves behind
//! for the next connection is its [`Resumption`].
//!
//! Spec: `spec/20-channel.md`. This crate has no clock, socket or random source; time and randomness
//! are arguments.
#![no_std]

extern crate alloc;

mod envelope;
mod exchange;
mod keys;
mod machine;
mod mode;
mod padding;
mod ratchet;
mod resumption;
mod role;
mod route;
mod schedule;
mod session_id;
pub mod token;
mod trace;
#[cfg(test)]
mod vectors;
mod version;

pub use exchange::{Answered, ExchangeError, Offered, Tunnel};
pub use machine::{
    Channel, Config, End, Event, Input, Message, Output, Peer, SendError, Stamp, Stats,
};
pub use mode::Mode;
pub use padding::Padding;
pub use resumption::{RecordError, Resumption, Token};
pub use role::Role;
pub use route::Route;
pub use session_id::SessionId;
pub use version::Version;
