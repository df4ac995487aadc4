//! Two ends over a bad network: each reads exactly what the other wrote.
#![cfg(test)]
#![expect(clippy::arithmetic_side_effects, reason = "a test")]

#[path = "streams/between_ours.rs"]
mod between_ours;
#[path = "streams/network.rs"]
mod network;
#[path = "streams/oracle.rs"]
mod oracle;
#[path = "streams/ours.rs"]
mod ours;
