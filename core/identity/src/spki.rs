//! Ed25519 keys as Kamune writes them.

use kernel::Kind;
use primitives::{KeyError, VerifyingKey};

/// An Ed25519 key as a SubjectPublicKeyInfo (RFC 8410), the form in which Kamune names people.
///
/// # Spec
///
/// `spec/15-identity.md` 6.
#[must_use]
pub fn encode(key: &VerifyingKey) -> [u8; LEN] {
    let mut spki = [0; LEN];
    let (prefix, public) = spki.split_at_mut(PREFIX.len());
    prefix.copy_from_slice(&PREFIX);
    public.copy_from_slice(&key.to_bytes());
    spki
}

/// The inverse of [`encode`], for `bytes` of anyone's.
///
/// # Errors
///
/// [`SpkiError`]; a key that [`VerifyingKey::from_bytes`] refuses is one.
pub fn decode(bytes: &[u8; LEN]) -> Result<VerifyingKey, SpkiError> {
    let public = bytes.strip_prefix(&PREFIX).ok_or(SpkiError)?;
    let public = public.try_into().map_err(|_| SpkiError)?;
    VerifyingKey::from_bytes(public).map_err(|_: KeyError| SpkiError)
}

/// The bytes are no Ed25519 key in this form.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an Ed25519 key")]
#[non_exhaustive]
pub struct SpkiError;

impl SpkiError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::PeerMisbehaved
    }
}

/// Bytes of an Ed25519 key in this form.
pub const LEN: usize = 44;
const PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

#[cfg(test)]
mod tests {
    use primitives::{Secret, SigningKey};

    use super::*;

    #[test]
    fn what_was_written_reads_back_and_another_algorithm_does_not() {
        let key = SigningKey::from_seed(&Secret::new([1; 32])).verifying_key();
        let spki = encode(&key);
        assert_eq!(decode(&spki), Ok(key));
        for place in 0..PREFIX.len() {
            let mut other = spki;
            other[place] ^= 1;
            assert_eq!(decode(&other), Err(SpkiError), "{place}");
        }
        let mut no_point = spki;
        no_point[PREFIX.len()..].fill(0xff);
        assert_eq!(decode(&no_point), Err(SpkiError));
    }
}
