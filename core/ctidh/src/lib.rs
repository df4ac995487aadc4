//! CTIDH-1024 and CTIDH-511: constant-time isogeny key agreement in pure Rust.
//!
//! ```
//! use ctidh::ctidh511::{PublicKey, SecretKey};
//!
//! // 32 uniform bytes make a key; the blinds randomise the computation and nothing else
//! let (alice, bob) = (SecretKey::from_seed(&[1; 32]), SecretKey::from_seed(&[2; 32]));
//! let (for_bob, for_alice) = (alice.public_key(&[3; 32]), bob.public_key(&[4; 32]));
//!
//! // a key from the wire exists only validated
//! let received = PublicKey::from_bytes(for_bob.as_bytes())?;
//! let (one, other) = (alice.agree(&for_alice, &[5; 32]), bob.agree(&received, &[6; 32]));
//! assert_eq!(one.digest(), other.digest());
//! # Ok::<(), ctidh::PublicKeyError>(())
//! ```
//!
//! # How it works
//!
//! A public key is a supersingular elliptic curve over a prime field with `p + 1 = 4·l1·l2·…·ln`,
//! small odd primes. For each prime there is an isogeny to another such curve, and one back. A
//! secret key says how many of each to take; they commute, so two people who start from each
//! other's curve end on the same one.
//!
//! To keep the key out of the time this takes, the primes are grouped in batches. From outside an
//! action always computes the same number of isogenies of each batch; which prime of the batch, in
//! which direction, and whether it counts or is a dummy, is decided by masks.
//!
//! Read from the top: [`SecretKey`] and [`PublicKey`], then the modules `action` (rounds of
//! isogenies), `isogeny` (Vélu's formulas, and resultants for the large primes), `multiply` and
//! `curve` (points by x only), `field` (the trait that back ends implement), `arch` (the only
//! `unsafe` code). `sample` draws keys, `validate` judges foreign ones.
//!
//! # What it does not do
//!
//! There is no consensus on how hard this is for quantum computers. Use it beside X25519, as
//! REUNION does, and not in its place. A public key is not authenticated by itself, and a static
//! key is not ephemeral.
//!
//! Spec: `spec/10-rendezvous.md` section 1.2. Why it is as it is: `docs/adr/0002-ctidh-in-rust.md`.
//! Sources: Banegas, Bernstein, Campos, Chou, Lange, Meyer, Smith, Sotáková, "CTIDH: faster
//! constant-time CSIDH", 2021; Bernstein, De Feo, Leroux, Smith, "Faster computation of isogenies
//! of large prime degree", 2020.
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
