//! Sockets: multicast, HTTP and WebSockets.
//!
//! [`lan`] and [`board`] are where people meet; [`bucket`] is how they invite and join; [`server`]
//! asks a server for anything else. [`call`] is for two who are there at the same time, [`mapping`] lets
//! others call from outside a network.

mod address;
pub mod board;
pub mod bucket;
pub mod call;
mod circuit;
mod dial;
mod http;
pub mod lan;
pub mod mapping;
pub mod probe;
mod reply;
mod request_error;
mod roots;
mod running;
pub mod server;
mod workers;

pub use address::{AddressError, Proxy};
pub use drive::Panicked;
pub use request_error::RequestError;
pub use roots::{Root, RootsError, read_roots};
pub use running::{Running, Stop};
