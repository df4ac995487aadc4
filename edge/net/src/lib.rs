//! Sockets: multicast and HTTP.

pub mod board;
pub mod lan;
