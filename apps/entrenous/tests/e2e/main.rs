//! The built programs, used as a person uses them.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod board;
mod call;
mod chat;
mod daemon;
mod demo;
mod doctor;
mod files;
mod folder;
mod invite;
mod keyring;
mod lan;
mod limits;
mod namespaces;
mod needs;
mod person;
mod profile;
mod proxy;
mod session;
mod terminal;
mod tmux;
