use alloc::boxed::Box;

use sha3::{Digest, Sha3_256};

use crate::signature::KeyError;
use crate::x25519::{x25519_of_known, x25519_public};
use crate::{MlKemKey, MlKemPublicKey, Secret, Shake256, array};

/// Bytes of a public key: one of ML-KEM-768, then one of X25519.
pub(crate) const PUBLIC_LEN: usize = 1216;
/// Bytes of what carries a secret: a ciphertext of ML-KEM-768, then a key of X25519.
pub(crate) const ENCAPSULATED_LEN: usize = 1120;

/// The secret half of an X-Wing key pair (draft-connolly-cfrg-xwing-kem-09). Erased on drop.
pub(crate) struct Key {
    ml_kem: MlKemKey,
    x25519: Secret<32>,
    x25519_public: [u8; 32],
}

impl Key {
    /// The pair of a seed, which is the decapsulation key of the draft.
    pub(crate) fn from_seed(seed: &Secret<32>) -> Self {
        let mut stream = Shake256::new(&[seed.expose()]);
        let mut draw = Secret::new([0; 64]);
        stream.fill(draw.expose_mut());
        let ml_kem = MlKemKey::from_seed(&draw);
        let mut x25519 = Secret::new([0; 32]);
        stream.fill(x25519.expose_mut());
        Self {
            ml_kem,
            x25519_public: x25519_public(&x25519),
            x25519,
        }
    }

    pub(crate) fn public(&self) -> Box<[u8; PUBLIC_LEN]> {
        joined(&*self.ml_kem.public(), &self.x25519_public)
    }

    /// The secret in `encapsulated`, which anyone may have chosen. What this key did not make gives a
    /// secret that nobody knows.
    pub(crate) fn decapsulate(&self, encapsulated: &[u8; ENCAPSULATED_LEN]) -> Secret<32> {
        let (ciphertext, theirs) = parts(encapsulated);
        let one = self.ml_kem.decapsulate(&ciphertext);
        let other = x25519_of_known(&self.x25519, &theirs);
        combined(&one, &other, &theirs, &self.x25519_public)
    }
}

/// The public half of an X-Wing key pair.
pub(crate) struct PublicKey {
    ml_kem: MlKemPublicKey,
    x25519: [u8; 32],
}

impl PublicKey {
    /// Takes a key of anyone's; an error if its ML-KEM part is not reduced.
    pub(crate) fn from_bytes(bytes: &[u8; PUBLIC_LEN]) -> Result<Self, KeyError> {
        let (ml_kem, x25519) = parts(bytes);
        let ml_kem = MlKemPublicKey::from_bytes(&ml_kem)?;
        Ok(Self { ml_kem, x25519 })
    }

    /// A secret, and what carries it. `seed` is 32 fresh random bytes for ML-KEM, then 32 for X25519.
    pub(crate) fn encapsulate(
        &self,
        seed: &Secret<64>,
    ) -> (Box<[u8; ENCAPSULATED_LEN]>, Secret<32>) {
        let (seeds, _) = seed.expose().as_chunks();
        let [m, ours] = core::array::from_fn(|at| {
            let seed = seeds.get(at).copied().unwrap_or_default();
            Secret::new(seed)
        });
        let (ciphertext, one) = self.ml_kem.encapsulate(&m);
        let other = x25519_of_known(&ours, &self.x25519);
        let ours = x25519_public(&ours);
        let secret = combined(&one, &other, &ours, &self.x25519);
        (joined(&*ciphertext, &ours), secret)
    }
}

/// The secret of both: `Combiner` of the draft.
fn combined(
    ml_kem: &Secret<32>,
    x25519: &Secret<32>,
    encapsulated: &[u8; 32],
    public: &[u8; 32],
) -> Secret<32> {
    let mut state = Sha3_256::new();
    for part in [ml_kem.expose(), x25519.expose(), encapsulated, public] {
        state.update(part);
    }
    state.update(LABEL);
    Secret::new(state.finalize().into())
}

/// What belongs to ML-KEM, and what to X25519.
fn parts<const N: usize>(bytes: &[u8]) -> (Box<[u8; N]>, [u8; 32]) {
    let (one, other) = bytes.split_at_checked(N).unwrap_or_default();
    (array(one), other.first_chunk().copied().unwrap_or_default())
}

fn joined<const N: usize>(one: &[u8], other: &[u8]) -> Box<[u8; N]> {
    let mut joined = Box::new([0; N]);
    for (to, from) in joined.iter_mut().zip(one.iter().chain(other)) {
        *to = *from;
    }
    joined
}

const LABEL: &[u8] = br"\.//^\";
