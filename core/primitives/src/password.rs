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
    /// There is no room for the 98 MiB of working memory.
    #[error("not enough memory to stretch the passphrase: 98 MiB are needed")]
    Memory,
}

impl PasswordError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Length => Kind::BadInput,
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
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, Some(32)).map_err(|_| PasswordError::Length)?;
    let mut memory = Memory::new(params.block_count())?;
    let mut tag = [0; 32];
    Argon2::new(Algorithm::Argon2i, Version::V0x13, params)
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

const MEMORY_KIB: u32 = 100_000;
const PASSES: u32 = 3;
const LANES: u32 = 1;
