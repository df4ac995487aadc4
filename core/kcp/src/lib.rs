//! KCP: a stream of bytes over datagrams that may be lost, repeated, late or forged.
//!
//! A [`Connection`] is one end of one stream, as a machine: datagrams and time go in, datagrams
//! come out. [`route`] tells a listener what a datagram is for. The wire is that of kcp-go with its
//! defaults, without encryption, checksum or forward error correction.
//!
//! ```
//! use kcp::{Config, Connection, Conv, Input, Output, Route, route};
//! use kernel::Time;
//!
//! let now = Time::ZERO;
//! let conv = Conv::new(0x1234_5678); // in earnest 4 bytes from the operating system
//! let mut dialer = Connection::new(Config::default(), conv, now);
//! assert_eq!(dialer.write(now, b"hello"), 5);
//! let Output::Send(datagram) = dialer.poll() else {
//!     return;
//! };
//!
//! let Route::Open(conv) = route(&datagram, &[]) else {
//!     return;
//! };
//! let mut listener = Connection::new(Config::default(), conv, now);
//! listener.handle(now, Input::Datagram(&datagram));
//! let mut bytes = [0; 16];
//! assert_eq!(listener.read(now, &mut bytes), 5);
//! assert_eq!(&bytes[..5], b"hello");
//! ```
//!
//! KCP neither hides nor proves anything: whoever knows a connection's `conv` and addresses can read
//! it, and put bytes into it. A channel above must encrypt and authenticate. There is no end of
//! stream either: what is above says goodbye.
//!
//! Spec: `spec/21-datagrams.md`. This crate has no clock, socket, thread or random source; all
//! that varies is an argument.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod config;
mod connection;
mod number;
mod route;
mod segment;
mod stats;

pub use config::{Config, Congestion, Pace};
pub use connection::{Connection, Input, Output};
pub use route::{Route, route};
pub use segment::{Command, Conv, DecodeError, HEADER, Segment};
pub use stats::Stats;
