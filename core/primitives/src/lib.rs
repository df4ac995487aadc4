//! The only crate that names a cipher, hash, curve or KEM. Everything above asks for a meaning
//! (`seal`, [`Prp`], [`HiddenKey`]), never for an algorithm.
//!
//! Spec: `spec/10-rendezvous.md` section 1. All functions are pure: randomness is an argument.
//! Secret values are [`Secret`]s: erased on drop, compared in constant time, never printed.
#![no_std]

extern crate alloc;

mod hash;
mod hidden_key;
mod hkdf;
mod password;
mod prp;
mod seal;
mod secret;
mod x25519;
mod xof;

pub use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
pub use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

pub use hash::{hash, hash_secret};
pub use hidden_key::{HiddenKey, reveal};
pub use hkdf::Prk;
pub use password::{PasswordError, argon2i};
pub use prp::Prp;
pub use seal::{OpenError, TAG_LEN, open, opens_empty, seal};
pub use secret::Secret;
pub use x25519::x25519;
pub use xof::Shake256;
