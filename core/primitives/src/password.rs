use alloc::vec::Vec;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use kernel::Kind;
use zeroize::Zeroize;

use crate::Secret;

/// Why a passphrase could not be stretched.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// The salt has fewer than 8 bytes, or an input has 4 GiB or more.
    #[error("salt or passphrase of an impossible length")]
    Length,
    /// The asked cost is outside what Argon2 allows: under 8 KiB, or no pass.
    #[error("impossible cost of stretching a passphrase")]
    Cost,
    /// There is no room for the working memory.
    #[error("not enough memory to stretch the passphrase")]
    Memory,
}

impl PasswordError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Length | Self::Cost => Kind::BadInput,
            Self::Memory => Kind::Exhausted,
        }
    }
}

/// Stretches `password` (any bytes, may be empty) with `salt` (at least 8 bytes).
///
/// Argon2i, version 0x13, 100,000 KiB, 3 passes, 1 lane. Costs about a quarter of a second and
/// 98 MiB, which are erased before returning.
///
/// # Errors
///
/// See [`PasswordError`].
///
/// # Spec
///
/// `spec/10-rendezvous.md` 1, `Argon2`.
pub fn argon2i(password: &[u8], salt: &[u8]) -> Result<Secret<32>, PasswordError> {
    let cost = Argon2Cost {
        memory_kib: 100_000,
        passes: 3,
    };
    stretch(Algorithm::Argon2i, password, salt, cost)
}

/// What one guess costs: memory, and how often it is run through. One lane always.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "lanes are one, and Argon2 has no other parameter of cost"
)]
pub struct Argon2Cost {
    /// Working memory in KiB, at least 8. Whoever reads it from a file bounds it first.
    pub memory_kib: u32,
    /// Passes over the memory, at least 1.
    pub passes: u32,
}

/// Stretches `password` (any bytes, may be empty) with `salt` (at least 8 bytes).
///
/// Argon2id, version 0x13, 1 lane, no secret, no associated data (RFC 9106). Takes
/// `cost.memory_kib` of memory, erased before returning.
///
/// # Errors
///
/// See [`PasswordError`].
pub fn argon2id(
    password: &[u8],
    salt: &[u8],
    cost: Argon2Cost,
) -> Result<Secret<32>, PasswordError> {
    stretch(Algorithm::Argon2id, password, salt, cost)
}

fn stretch(
    algorithm: Algorithm,
    password: &[u8],
    salt: &[u8],
    cost: Argon2Cost,
) -> Result<Secret<32>, PasswordError> {
    let params = Params::new(cost.memory_kib, cost.passes, LANES, Some(32))
        .map_err(|_| PasswordError::Cost)?;
    let mut memory = Memory::new(params.block_count())?;
    let mut tag = [0; 32];
    Argon2::new(algorithm, Version::V0x13, params)
        .hash_password_into_with_memory(password, salt, &mut tag, memory.0.as_mut_slice())
        .map_err(|_| PasswordError::Length)?;
    Ok(Secret::new(tag))
}

struct Memory(Vec<Block>);

impl Memory {
    fn new(blocks: usize) -> Result<Self, PasswordError> {
        let mut memory = Vec::new();
        memory
            .try_reserve_exact(blocks)
            .map_err(|_| PasswordError::Memory)?;
        memory.resize(blocks, Block::new());
        Ok(Self(memory))
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

const LANES: u32 = 1;
