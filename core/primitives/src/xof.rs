use shake::{ExtendableOutput, Shake256 as Sponge, Shake256Reader, Update, XofReader};

/// SHAKE-256 (FIPS 202) as a stream of bytes.
///
/// The input is absorbed at once; every [`fill`](Self::fill) then squeezes the next bytes. Erased on
/// drop.
pub struct Shake256(Shake256Reader);

impl Shake256 {
    /// Absorbs the concatenation of `parts`.
    #[must_use]
    pub fn new(parts: &[&[u8]]) -> Self {
        let mut sponge = Sponge::default();
        for part in parts {
            sponge.update(part);
        }
        Self(sponge.finalize_xof())
    }

    /// Fills `out` with the next bytes of the stream.
    pub fn fill(&mut self, out: &mut [u8]) {
        self.0.read(out);
    }
}

impl core::fmt::Debug for Shake256 {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Shake256")
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    #[test]
    fn parts_are_joined_and_output_is_one_stream() {
        // FIPS 202: SHAKE-256 of no bytes
        let mut out = [0; 32];
        Shake256::new(&[]).fill(&mut out);
        let known = "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f";
        assert_eq!(hex::encode(out), known);

        let (mut whole, mut pieces) = ([0; 300], [0; 300]);
        Shake256::new(&[b"ab", b"", b"c"]).fill(&mut whole);
        let mut stream = Shake256::new(&[b"abc"]);
        pieces.chunks_mut(7).for_each(|piece| stream.fill(piece));
        assert_eq!(whole, pieces);
    }
}
