use alloc::vec::Vec;
use core::fmt;

use kernel::Kind;
use primitives::{Secret, Zeroizing};

use super::Host;

/// Where an invitation lies, and what opens it. It exists sealed, and in the two clients.
///
/// # Spec
///
/// `spec/11-buckets.md` section 2.2.
#[derive(Clone, Eq, PartialEq)]
pub struct Link {
    host: Host,
    id: LinkId,
    key: LinkKey,
}

/// Under which name an invitation lies on its messaging server: 24 random bytes.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LinkId([u8; 24]);

/// What opens the invitation; it never leaves the link.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LinkKey(Secret<32>);

impl Link {
    /// Most bytes of a link.
    pub const MAX: usize = 215;

    /// The invitation `id` at the messaging server `host`, opened by `key`.
    #[must_use]
    pub const fn new(host: Host, id: LinkId, key: LinkKey) -> Self {
        Self { host, id, key }
    }

    /// The messaging server.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// The name of the invitation.
    #[must_use]
    pub const fn id(&self) -> &LinkId {
        &self.id
    }

    /// What opens the invitation.
    #[must_use]
    pub const fn key(&self) -> &LinkKey {
        &self.key
    }

    /// The bytes, 61 to [`MAX`](Self::MAX).
    #[must_use]
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let host = self.host.as_str().as_bytes();
        // A host has at most 156 bytes.
        let length = u8::try_from(host.len()).unwrap_or(u8::MAX);
        let mut bytes = Zeroizing::new(Vec::with_capacity(Self::MAX));
        bytes.extend_from_slice(&[VERSION, length]);
        bytes.extend_from_slice(host);
        bytes.extend_from_slice(&self.id.0);
        bytes.extend_from_slice(self.key.0.expose());
        bytes.push(FLAGS);
        bytes
    }

    /// The link in `bytes`, any, chosen by whoever knows the passphrase.
    ///
    /// # Errors
    ///
    /// See [`LinkError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, LinkError> {
        let (&version, rest) = bytes.split_first().ok_or(LinkError::Length)?;
        if version != VERSION {
            return Err(LinkError::Version { got: version });
        }
        let parts = || {
            let (&length, rest) = rest.split_first()?;
            let (host, rest) = rest.split_at_checked(length.into())?;
            let (id, rest) = rest.split_first_chunk()?;
            let (key, rest) = rest.split_first_chunk()?;
            let &[flags] = rest else { return None };
            Some((host, *id, *key, flags))
        };
        let (host, id, key, flags) = parts().ok_or(LinkError::Length)?;
        let key = LinkKey::new(key);
        let host = str::from_utf8(host).map_err(|_| LinkError::Host)?;
        let host = host.parse().map_err(|_| LinkError::Host)?;
        match flags {
            FLAGS => Ok(Self::new(host, LinkId(id), key)),
            _ => Err(LinkError::Flags),
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link")
    }
}

impl LinkId {
    /// `bytes` must be uniform.
    #[must_use]
    pub const fn new(bytes: [u8; 24]) -> Self {
        Self(bytes)
    }

    /// The 24 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 24] {
        &self.0
    }
}

impl fmt::Debug for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkId")
    }
}

impl LinkKey {
    /// `bytes` must be uniform.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The key, for opening the invitation.
    #[must_use]
    pub const fn secret(&self) -> &Secret<32> {
        &self.0
    }
}

/// Why some bytes are no connection link.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// It is of another version, most likely a newer one.
    #[error("connection link has version {got}, this program knows version {VERSION}")]
    Version {
        /// Its version.
        got: u8,
    },
    /// It ends too early or too late.
    #[error("connection link has the wrong length")]
    Length,
    /// The messaging server is not in the one form of a host.
    #[error("connection link names no server")]
    Host,
    /// A flag is set that has no meaning.
    #[error("connection link has an unknown flag")]
    Flags,
    /// It is followed by something else than zeros.
    #[error("connection link is not padded with zeros")]
    Padding,
}

impl LinkError {
    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        Kind::PeerMisbehaved
    }

    /// The name of the refusal in the spec.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Version { .. } => "version",
            Self::Length => "length",
            Self::Host => "host",
            Self::Flags => "flags",
            Self::Padding => "padding",
        }
    }
}

const VERSION: u8 = 1;
const FLAGS: u8 = 0;
