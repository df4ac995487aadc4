use sha2::{Digest, Sha256};

/// SHA-256 (FIPS 180-4) of the concatenation of `parts`.
///
/// Parts are not delimited; where their lengths vary, the caller sees to it that no two meanings
/// give the same concatenation.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut state = Sha256::new();
    for part in parts {
        state.update(part);
    }
    state.finalize().into()
}
