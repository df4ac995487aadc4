use core::fmt;

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use zeroize::Zeroize;

use crate::Secret;

/// Random bytes of one machine from one 32-byte seed, as many as it wants: every draw replaces the
/// seed, so a seized process does not give away what came before.
///
/// # Spec
///
/// `spec/20-channel.md` 1.2.
#[derive(Clone)]
pub struct Generator(Secret<32>);

impl Generator {
    /// `seed` must be uniform and used for one machine only.
    #[must_use]
    pub const fn new(seed: Secret<32>) -> Self {
        Self(seed)
    }

    /// Fills `out`, up to 256 GiB.
    pub fn fill(&mut self, out: &mut [u8]) {
        out.fill(0);
        let mut next = [0; 32];
        let mut stream = ChaCha20::new(self.0.expose().into(), &[0; 12].into());
        stream.apply_keystream(&mut next);
        stream.apply_keystream(out);
        self.0 = Secret::new(next);
        next.zeroize();
    }

    /// The next `N` bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }

    /// The next `N` bytes, as a secret.
    pub fn secret<const N: usize>(&mut self) -> Secret<N> {
        let mut out = self.bytes();
        let secret = Secret::new(out);
        out.zeroize();
        secret
    }
}

impl fmt::Debug for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Generator")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_is_the_keystream_behind_the_next_seed() {
        // RFC 8439, appendix A.1, test vectors 1 and 2: the key of zeros, blocks 0 and 1
        let mut generator = Generator::new(Secret::new([0; 32]));
        let drawn: [u8; 40] = generator.bytes();
        assert_eq!(drawn[..4], [0xda, 0x41, 0x59, 0x7c]);
        assert_eq!(drawn[32..36], [0x9f, 0x07, 0xe7, 0xbe]);
        assert_eq!(generator.0.expose()[..4], [0x76, 0xb8, 0xe0, 0xad]);
        let again: [u8; 40] = generator.bytes();
        assert_ne!(drawn, again);
    }
}
