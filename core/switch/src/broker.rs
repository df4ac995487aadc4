//! A broker tells two who know one token where the other is, so that they talk directly, over UDP.
//!
//! [`Server`] is a broker as a value, [`Client`] one side of those who meet there. [`Request`] and
//! [`Notice`] are what they say. Programs in Go know IPv4 only, for the packets have room for nothing
//! else; where one of ours is reached by IPv6, they have. Each machine is of one kind: see [`Address`].
//!
//! A broker knows the addresses of both and their token, and vouches for nobody. What follows is a
//! channel, which does.
//!
//! Spec: `spec/22-switch.md` section 5.

mod address;
mod client;
mod notice;
mod request;
mod server;

use core::fmt;

use primitives::{Secret, x25519};

pub use address::{Address, echo, read_echo};
pub use client::{Client, ClientConfig, ClientInput, ClientOutput, ClientStats, End, Event};
pub use notice::Notice;
pub use request::{Register, Request};
pub use server::{Server, ServerConfig, ServerInput, ServerOutput, ServerStats};

/// The X25519 key under which somebody registers: one process's, and nobody's identity.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub struct PeerKey([u8; 32]);

impl PeerKey {
    /// Takes anyone's bytes. Whether anything can be sealed to them shows when it is tried.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key that belongs to a secret one.
    pub(crate) fn of(secret: &Secret<32>) -> Self {
        Self(*x25519(secret, &BASE).expose())
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for PeerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PeerKey")
    }
}

/// Whether a datagram is a broker's or for one, on a socket that carries other things too. No segment
/// of chapter 21 is: its fifth byte is never 1.
#[must_use]
pub fn is_broker(bytes: &[u8]) -> bool {
    bytes.starts_with(&HEADER)
}

/// What every packet begins with but one: the answer to an echo.
const HEADER: [u8; 5] = *b"KBRK\x01";
const ECHO: u8 = 1;
const REGISTER: u8 = 2;
const NOTIFY: u8 = 3;
/// The base point of X25519.
const BASE: [u8; 32] = {
    let mut base = [0; 32];
    base[0] = 9;
    base
};
