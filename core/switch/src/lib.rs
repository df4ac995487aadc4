//! Two people who cannot reach each other directly meet at a server that knows neither. Kamune 0.7's
//! relay and broker, bit for bit, both sides of each.
//!
//! A [`Switch`] is a relay as a value: it brings together two connections that know one token, and
//! carries opaque frames between them. A [`Client`] is one connection to a relay, and a pipe for
//! frames once it has a place. A [`broker`] only tells two of each other's address, so that they talk
//! directly. A [`Link`] is the text by which one person tells another where to meet.
//!
//! ```
//! use switch::link::{Meeting, Relay};
//! use switch::{Link, Token};
//!
//! let relay: Relay = "wss://relay.example.org".parse()?;
//! // what the relay drew for us
//! let token = Token::from_bytes(&[7; 16])?;
//! let link = Link::Relay(Box::new(Meeting::new(relay, token)));
//! let text = link.to_text();
//! assert!(text.starts_with("relay://relay.example.org?token=0707"));
//!
//! // what the other side does with it
//! assert_eq!(text.parse::<Link>()?, link);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Spec: `spec/22-switch.md`. This crate has no clock, socket or random source; time and randomness
//! are arguments.
#![no_std]

extern crate alloc;

pub mod broker;
pub mod client;
mod frame;
pub mod link;
mod password;
pub mod server;
mod sources;
mod token;

pub use client::Client;
pub use link::Link;
pub use password::{Password, PasswordError};
pub use server::Switch;
pub use sources::Source;
pub use token::{Token, TokenError, Wish};
