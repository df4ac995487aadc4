use vault::{Key, KeyFile, Passphrase};

/// What opens a profile, handed over to be erased.
#[derive(Debug)]
#[non_exhaustive]
pub enum Unlock {
    /// Words that a person keeps.
    Passphrase(Passphrase),
    /// A file that a machine keeps.
    KeyFile(KeyFile),
}

impl Unlock {
    pub(crate) const fn as_key(&self) -> Key<'_> {
        match self {
            Self::Passphrase(passphrase) => Key::Passphrase(passphrase),
            Self::KeyFile(file) => Key::KeyFile(file),
        }
    }
}
