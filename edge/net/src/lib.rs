//! Sockets: multicast and HTTP.

pub mod board;
pub mod lan;
mod meeting;
mod workers;

pub use drive::Panicked;
pub use meeting::{Meeting, Stop};
