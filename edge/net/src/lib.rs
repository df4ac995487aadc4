//! Sockets: multicast and HTTP.
