//! CTIDH-1024 and CTIDH-511: constant-time isogeny key agreement in pure Rust.
#![no_std]

extern crate alloc;

mod action;
mod arch;
mod backend;
mod coins;
mod curve;
mod elligator;
mod field;
mod isogeny;
mod mask;
mod multiply;
mod public;
mod sample;
mod secret;
mod set;
mod shared;
#[cfg(test)]
mod tests;
mod validate;

pub use backend::Backend;
pub use public::{PublicKey, PublicKeyError};
pub use secret::{SecretKey, SecretKeyError};
pub use set::{Set, Set511, Set1024};
pub use shared::SharedSecret;

/// CTIDH-1024: the set that REUNION uses.
pub mod ctidh1024 {
    use crate::Set1024;

    /// A secret key of 130 bytes.
    pub type SecretKey = crate::SecretKey<Set1024>;
    /// A public key of 128 bytes.
    pub type PublicKey = crate::PublicKey<Set1024>;
    /// A shared secret of 128 bytes.
    pub type SharedSecret = crate::SharedSecret<Set1024>;
}

/// CTIDH-511: the same code on a small set, for tests.
pub mod ctidh511 {
    use crate::Set511;

    /// A secret key of 74 bytes.
    pub type SecretKey = crate::SecretKey<Set511>;
    /// A public key of 64 bytes.
    pub type PublicKey = crate::PublicKey<Set511>;
    /// A shared secret of 64 bytes.
    pub type SharedSecret = crate::SharedSecret<Set511>;
}

/// The parts below the key API, for benches, tests and the constant-time checker. Nothing here
/// validates anything.
pub mod hazmat {
    #[cfg(ctidh_valgrind)]
    pub use crate::arch::valgrind;
    pub use crate::{
        arch::{Adx, Ifma, barrier, declassify},
        backend::Task,
        field::{Field, Fp},
        mask::Mask,
        secret::from_draws,
        set::{Array, Batch, Chain, Steps},
    };
}
