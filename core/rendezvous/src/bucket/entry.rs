use core::fmt;

use kernel::{Kind, Label};
use primitives::{
    Argon2Cost, Choice, NONCE_LEN, PasswordError, Secret, TAG_LEN, Zeroizing, argon2id,
    hkdf_sha512, open_in_place, opens, seal_in_place, sha256,
};

use super::{Host, Link, LinkError, Passphrase};

/// A sealed connection link; to everyone without the key, 256 uniform bytes. Public.
///
/// # Spec
///
/// `spec/11-buckets.md` section 2.3.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Entry([u8; Self::LEN]);

impl Entry {
    /// Bytes of an entry.
    pub const LEN: usize = 256;

    /// Exactly 256 bytes, from anyone; otherwise `None`.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 256 bytes as they travel.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entry")
    }
}

/// The key of the entries of one passphrase on one rendezvous server.
#[derive(Clone, Debug)]
pub struct EntryKey(Secret<32>);

impl EntryKey {
    /// Stretches `passphrase` for the rendezvous server `host`. Costs about a fifth of a second and
    /// 64 MiB, so call it where waiting is harmless.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    ///
    /// # Spec
    ///
    /// `spec/11-buckets.md` section 2.3, `key`.
    pub fn derive(passphrase: &Passphrase, host: &Host) -> Result<Self, KeyError> {
        let salt = sha256(&[Label::BucketSalt.bytes(), host.as_str().as_bytes()]);
        let stretched =
            argon2id(passphrase.expose().as_bytes(), &salt, COST).map_err(|error| match error {
                PasswordError::Memory => KeyError::Memory,
                _ => KeyError::Input,
            })?;
        let info = [Label::BucketEntry.bytes()];
        Ok(Self(hkdf_sha512(stretched.expose(), &[], &info)))
    }

    /// Seals `link`. `nonce` must be uniform and never used with this key before.
    #[must_use]
    pub fn seal(&self, link: &Link, nonce: [u8; NONCE_LEN]) -> Entry {
        let link = link.encode();
        let mut plain = Zeroizing::new([0; PLAIN]);
        // A link has at most 215 bytes.
        if let Some((length, rest)) = plain.split_first_mut() {
            *length = u8::try_from(link.len()).unwrap_or(u8::MAX);
            rest.iter_mut()
                .zip(link.iter())
                .for_each(|(to, from)| *to = *from);
        }
        let tag = seal_in_place(&self.0, &nonce, &mut *plain, &[]);
        let mut entry = [0; Entry::LEN];
        let parts = nonce.iter().chain(plain.iter()).chain(&tag);
        entry
            .iter_mut()
            .zip(parts)
            .for_each(|(to, from)| *to = *from);
        Entry(entry)
    }

    /// Whether `slot` is an entry of this key, by the same work in both cases.
    pub(super) fn opens(&self, slot: &[u8; Entry::LEN]) -> Choice {
        match parts(slot) {
            Some((nonce, body, tag)) => opens(&self.0, nonce, body, tag, &[]),
            None => Choice::from(0),
        }
    }

    /// The link in `slot`; `None` if it is not an entry of this key.
    pub(super) fn open(&self, slot: &[u8; Entry::LEN]) -> Option<Result<Link, LinkError>> {
        let (nonce, body, tag) = parts(slot)?;
        let mut plain = Zeroizing::new([0; PLAIN]);
        plain.copy_from_slice(body);
        open_in_place(&self.0, nonce, &mut *plain, tag, &[]).ok()?;
        let (&length, rest) = plain.split_first()?;
        Some(match rest.split_at_checked(length.into()) {
            Some((link, padding)) if padding.iter().all(|&byte| byte == 0) => Link::decode(link),
            _ => Err(LinkError::Padding),
        })
    }
}

/// Nonce, ciphertext, tag.
fn parts(slot: &[u8; Entry::LEN]) -> Option<(&[u8; NONCE_LEN], &[u8], &[u8; TAG_LEN])> {
    let (nonce, rest) = slot.split_first_chunk()?;
    let (body, tag) = rest.split_last_chunk()?;
    Some((nonce, body, tag))
}

/// Why a passphrase did not become a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// There is no room for 64 MiB of working memory.
    #[error("not enough memory to stretch the passphrase: 64 MiB are needed")]
    Memory,
    /// Argon2 refused lengths that a passphrase and a salt cannot have.
    #[error("a passphrase of an impossible length")]
    Input,
}

impl KeyError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Memory => Kind::Exhausted,
            Self::Input => Kind::Bug,
        }
    }
}

const PLAIN: usize = 216;
const COST: Argon2Cost = Argon2Cost {
    memory_kib: 65_536,
    passes: 3,
};
