//! Who someone is.
//!
//! Spec: `spec/15-identity.md`. This crate has no clock, file or random source; time and randomness
//! are arguments.
#![no_std]

extern crate alloc;

pub mod words;
