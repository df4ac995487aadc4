//! The protocol of spec 40 with real sockets: a server on loopback, clients of a second WebSocket
//! library and of plain HTTP.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test"
)]

mod accounts;
mod carriers;
mod client;
mod clock;
mod home;
mod identities;
mod invitations;
mod lines;
mod person;
mod slow;
mod tls;
mod world;
