//! The words that every crate speaks: [`Time`], [`Kind`], [`Label`]. No behaviour, no IO.
//!
//! Spec: `spec/00-notation.md`.
#![no_std]

mod kind;
mod label;
mod time;

pub use kind::Kind;
pub use label::Label;
pub use time::Time;
