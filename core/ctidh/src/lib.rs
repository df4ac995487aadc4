//! CTIDH-1024 and CTIDH-511: constant-time isogeny key agreement in pure Rust.
#![no_std]

mod arch;
mod field;
mod mask;
mod set;
#[cfg(test)]
mod tests;

pub use set::{Set, Set511, Set1024};

/// The parts below the key API, for benches, tests and the constant-time checker. Nothing here
/// validates anything.
pub mod hazmat {
    pub use crate::{
        arch::{barrier, declassify},
        field::{Field, Fp},
        mask::Mask,
        set::{Array, Batch, Chain},
    };
}
