//! Sockets: multicast and HTTP.

pub mod lan;
