//! A relay: it carries frames between two people and reads none of them.
//!
//! [`Config`] says what to run; [`http`](crate::http) has the sockets, WebSockets among them, since they
//! share its listeners, its certificate and its bounds. [`Relay`] is what all connections share: one
//! [`switch::Switch`], and the queues of what it has for each of them.
//!
//! Nothing of a relay is on a disk, and it logs no address, token or frame.
//!
//! Spec: `spec/22-switch.md` sections 1 to 4.

mod config;
mod connection;
mod count;
mod hall;

pub use config::{Config, PasswordFileError};
pub use hall::Relay;

pub(crate) use connection::{Connection, Incoming, Outgoing, Unread};
