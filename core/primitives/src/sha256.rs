use core::fmt;

use sha2::Digest;

/// SHA-256 (FIPS 180-4) of the concatenation of `parts`.
///
/// Parts are not delimited; where their lengths vary, the caller sees to it that no two meanings
/// give the same concatenation.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut state = Sha256::default();
    for part in parts {
        state.update(part);
    }
    state.finish()
}

/// SHA-256 of bytes that come one after the other, any number at a time. The state is erased on drop.
#[derive(Clone, Default)]
pub struct Sha256(sha2::Sha256);

impl Sha256 {
    /// Takes the bytes that follow.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all bytes that were taken.
    #[must_use]
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sha256")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_give_the_hash_of_the_whole() {
        let bytes: [u8; 200] = core::array::from_fn(|at| at.to_le_bytes()[0]);
        for at in [0, 1, 63, 64, 65, 128, 200] {
            let (one, other) = bytes.split_at(at);
            let mut state = Sha256::default();
            state.update(one);
            // what goes on from a copy is the same
            let mut state = state.clone();
            state.update(other);
            assert_eq!(state.finish(), sha256(&[&bytes]));
        }
    }

    #[test]
    fn the_hash_of_abc_is_that_of_fips_180_4() {
        let hash = sha256(&[b"a", b"bc"]);
        assert_eq!(hash[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert_eq!(hash[28..], [0xf2, 0x00, 0x15, 0xad]);
    }
}
