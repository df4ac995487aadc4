use kernel::Label;
use primitives::{
    Argon2Cost, NONCE_LEN, PasswordError, Secret, TAG_LEN, Zeroize, argon2id, hkdf_sha256,
    open_in_place, seal_in_place,
};

use crate::{bytes::Reader, header::ID_LEN, key::Key};

/// The data key, sealed under one key.
///
/// # Spec
///
/// `spec/16-vault.md` 3.2.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Wrap {
    pub(crate) number: u16,
    way: Way,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Way {
    Passphrase {
        cost: Argon2Cost,
        sealed: Sealed,
    },
    KeyFile {
        sealed: Sealed,
    },
    /// Of a kind that a later program made; kept as it stands.
    Unknown {
        kind: u8,
        body: Vec<u8>,
    },
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Sealed {
    salt: [u8; SALT_LEN],
    nonce: [u8; NONCE_LEN],
    key: [u8; KEY_LEN],
    tag: [u8; TAG_LEN],
}

/// What a wrap is random in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Salts {
    pub(crate) salt: [u8; SALT_LEN],
    pub(crate) nonce: [u8; NONCE_LEN],
}

impl Wrap {
    /// Wraps `data_key` of the store `id` under `key`; `cost` is what a passphrase costs.
    pub(crate) fn new(
        (id, number): (&[u8; ID_LEN], u16),
        data_key: &Secret<KEY_LEN>,
        (key, cost): (&Key<'_>, Argon2Cost),
        salts: Salts,
    ) -> Result<Self, PasswordError> {
        let sealed = Sealed {
            salt: salts.salt,
            nonce: salts.nonce,
            key: [0; KEY_LEN],
            tag: [0; TAG_LEN],
        };
        let way = match key {
            Key::Passphrase(_) => Way::Passphrase { cost, sealed },
            Key::KeyFile(_) => Way::KeyFile { sealed },
        };
        let mut wrap = Self { number, way };
        let data = wrap.data(id);
        let wrapping = wrap.wrapping_key(key)?;
        if let (Some(sealed), Some(wrapping)) = (wrap.sealed_mut(), wrapping) {
            sealed.key = *data_key.expose();
            sealed.tag = seal_in_place(&wrapping, &salts.nonce, &mut sealed.key, &data);
        }
        Ok(wrap)
    }

    /// The data key, if `key` is of this wrap's kind and opens it.
    pub(crate) fn open(
        &self,
        id: &[u8; ID_LEN],
        key: &Key<'_>,
    ) -> Result<Option<Secret<KEY_LEN>>, PasswordError> {
        let Some(wrapping) = self.wrapping_key(key)? else {
            return Ok(None);
        };
        let (Way::Passphrase { sealed, .. } | Way::KeyFile { sealed }) = &self.way else {
            return Ok(None);
        };
        let mut data_key = sealed.key;
        let opened = open_in_place(
            &wrapping,
            &sealed.nonce,
            &mut data_key,
            &sealed.tag,
            &self.data(id),
        );
        let opened = opened.is_ok().then(|| Secret::new(data_key));
        data_key.zeroize();
        Ok(opened)
    }

    /// Whether `key` is of the kind that opens such a wrap.
    pub(crate) const fn fits(&self, key: &Key<'_>) -> bool {
        matches!(
            (&self.way, key),
            (Way::Passphrase { .. }, Key::Passphrase(_)) | (Way::KeyFile { .. }, Key::KeyFile(_))
        )
    }

    /// Whether this program knows the kind.
    pub(crate) const fn is_known(&self) -> bool {
        !matches!(self.way, Way::Unknown { .. })
    }

    /// What a passphrase costs here.
    pub(crate) const fn cost(&self) -> Option<Argon2Cost> {
        match self.way {
            Way::Passphrase { cost, .. } => Some(cost),
            _ => None,
        }
    }

    pub(crate) const fn kind(&self) -> u8 {
        match self.way {
            Way::Passphrase { .. } => PASSPHRASE,
            Way::KeyFile { .. } => KEY_FILE,
            Way::Unknown { kind, .. } => kind,
        }
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        let (Way::Passphrase { sealed, .. } | Way::KeyFile { sealed }) = &self.way else {
            return self.start();
        };
        [&self.start()[..], &sealed.nonce, &sealed.key, &sealed.tag].concat()
    }

    /// `None`: damaged.
    pub(crate) fn decode(number: u16, kind: u8, body: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let way = match kind {
            PASSPHRASE => {
                let salt = reader.array()?;
                let (memory_kib, passes) = (reader.le32()?, reader.le32()?);
                let cost = Argon2Cost { memory_kib, passes };
                if !is_bearable(cost) {
                    return None;
                }
                let sealed = Sealed::decode(salt, &mut reader)?;
                Way::Passphrase { cost, sealed }
            }
            KEY_FILE => {
                let sealed = Sealed::decode(reader.array()?, &mut reader)?;
                Way::KeyFile { sealed }
            }
            _ => {
                let body = reader.take(body.len())?.to_vec();
                Way::Unknown { kind, body }
            }
        };
        let wrap = Self { number, way };
        reader.rest().is_empty().then_some(wrap)
    }

    fn wrapping_key(&self, key: &Key<'_>) -> Result<Option<Secret<KEY_LEN>>, PasswordError> {
        match (&self.way, key) {
            (Way::Passphrase { cost, sealed }, Key::Passphrase(words)) => {
                argon2id(words.expose(), &sealed.salt, *cost).map(Some)
            }
            (Way::KeyFile { sealed }, Key::KeyFile(file)) => {
                let label = Label::VaultKeyFile.bytes();
                Ok(Some(hkdf_sha256(file.expose(), &sealed.salt, &[label])))
            }
            _ => Ok(None),
        }
    }

    /// The body up to the nonce.
    fn start(&self) -> Vec<u8> {
        match &self.way {
            Way::Passphrase { cost, sealed } => {
                let (memory, passes) = (cost.memory_kib.to_le_bytes(), cost.passes.to_le_bytes());
                [&sealed.salt[..], &memory, &passes].concat()
            }
            Way::KeyFile { sealed } => sealed.salt.to_vec(),
            Way::Unknown { body, .. } => body.clone(),
        }
    }

    fn data(&self, id: &[u8; ID_LEN]) -> Vec<u8> {
        let (label, number) = (Label::VaultWrap.bytes(), self.number.to_le_bytes());
        [label, id, &number, &[self.kind()], &self.start()].concat()
    }

    const fn sealed_mut(&mut self) -> Option<&mut Sealed> {
        match &mut self.way {
            Way::Passphrase { sealed, .. } | Way::KeyFile { sealed } => Some(sealed),
            Way::Unknown { .. } => None,
        }
    }
}

impl Sealed {
    fn decode(salt: [u8; SALT_LEN], reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            salt,
            nonce: reader.array()?,
            key: reader.array()?,
            tag: reader.array()?,
        })
    }
}

/// Whether a file may ask for this cost.
pub(crate) const fn is_bearable(cost: Argon2Cost) -> bool {
    let memory = cost.memory_kib >= 8 && cost.memory_kib <= MAX_MEMORY_KIB;
    memory && cost.passes >= 1 && cost.passes <= MAX_PASSES
}

pub(crate) const KEY_LEN: usize = 32;
pub(crate) const SALT_LEN: usize = 16;
const PASSPHRASE: u8 = 1;
const KEY_FILE: u8 = 2;
const MAX_MEMORY_KIB: u32 = 1 << 20;
const MAX_PASSES: u32 = 64;
