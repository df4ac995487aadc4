use shake::{ExtendableOutput, Shake256 as Sponge, Shake256Reader, Update, XofReader};

/// SHAKE-256 (FIPS 202) as a stream of bytes.
///
/// The input is absorbed at once; every [`fill`](Self::fill) then squeezes the next bytes.
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
