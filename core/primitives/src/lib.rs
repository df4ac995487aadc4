//! The only crate that names a cipher, hash, curve or KEM. Everything above asks for a meaning
//! (`seal`, [`Prp`], [`HiddenKey`]), never for an algorithm.
//!
//! Spec: `spec/10-rendezvous.md` section 1, `spec/15-identity.md` section 1, `spec/20-channel.md`
//! section 1. All functions are pure: randomness is an argument.
//! Secret values are [`Secret`]s: erased on drop, compared in constant time, never printed.
#![no_std]

extern crate alloc;

mod ed25519;
mod generator;
mod hash;
mod hidden_key;
mod hkdf;
mod hmac;
mod hpke;
mod ml_dsa;
mod ml_kem;
mod password;
mod prp;
mod seal;
mod secret;
mod sha256;
mod signature;
mod x25519;
mod x_wing;
mod xof;

pub use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
pub use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

pub use ed25519::{SigningKey, VerifyingKey};
pub use generator::Generator;
pub use hash::{hash, hash_secret};
pub use hidden_key::{HiddenKey, reveal};
pub use hkdf::{Prk, Prk512, hkdf_sha256, hkdf_sha512};
pub use hmac::{hmac_sha256, hmac_sha512};
pub use hpke::{HpkeKey, HpkePublicKey, HpkeRecipient, HpkeSender};
pub use ml_dsa::{MlDsaSigningKey, MlDsaVerifyingKey};
pub use ml_kem::{MlKemKey, MlKemPublicKey};
pub use password::{Argon2Cost, PasswordError, argon2i, argon2id};
pub use prp::Prp;
pub use seal::{
    NONCE_LEN, OpenError, TAG_LEN, open, open_in_place, opens, opens_empty, seal, seal_in_place,
};
pub use secret::Secret;
pub use sha256::{Sha256, sha256};
pub use signature::{KeyError, VerifyError};
pub use x25519::{x25519, x25519_public};
pub use xof::Shake256;

/// `bytes`, which have this length by their type elsewhere, as an array on the heap.
fn array<const N: usize>(bytes: &[u8]) -> alloc::boxed::Box<[u8; N]> {
    let mut array = alloc::boxed::Box::new([0; N]);
    for (to, from) in array.iter_mut().zip(bytes) {
        *to = *from;
    }
    array
}
