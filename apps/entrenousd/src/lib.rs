//! The Entrenous server: boards, accounts and invitations over HTTP.
//!
//! The program is [`main`]. It is a library so that tests and the fuzzer reach what reads files:
//! [`settle`].

mod cli;
mod command;
mod config;
mod control;
mod failure;
mod service;
mod ui;

pub use cli::main;
pub use config::settle;
