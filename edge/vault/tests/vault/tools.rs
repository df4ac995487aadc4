//! What the tests share.

use std::path::{Path, PathBuf};

use vault::{Argon2Cost, Batch, Key, KeyFile, Passphrase, RecordKind, Setup, Vault};

/// Two kinds.
pub(crate) const NOTE: RecordKind = RecordKind::new(0xff00, 1, "note");
pub(crate) const LETTER: RecordKind = RecordKind::new(0xff01, 1, "letter");

/// So cheap that a test does not wait.
pub(crate) const CHEAP: Argon2Cost = Argon2Cost {
    memory_kib: 8,
    passes: 1,
};

/// A profile directory that goes away, and the key of its store.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) around: tempfile::TempDir,
    pub(crate) key: KeyFile,
}

impl Profile {
    pub(crate) fn new() -> Self {
        let around = tempfile::tempdir().unwrap();
        Self {
            key: KeyFile::create(&around.path().join("key")).unwrap(),
            around,
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.around.path().join("profile")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn create(&self) -> Vault {
        let keys = [Key::KeyFile(&self.key)];
        Vault::create(&self.path(), &Setup::new(&keys)).unwrap()
    }

    pub(crate) fn open(&self) -> Result<Vault, vault::OpenError> {
        Vault::open(&self.path(), &Key::KeyFile(&self.key))
    }
}

pub(crate) fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.as_bytes().to_vec().into()).unwrap()
}

pub(crate) fn put(vault: &mut Vault, kind: RecordKind, name: &str, body: &[u8]) -> u64 {
    let mut batch = Batch::new();
    batch.put(kind, name, body);
    vault.commit(&batch).unwrap()
}

pub(crate) fn body(vault: &Vault, kind: RecordKind, name: &str) -> Option<Vec<u8>> {
    let record = vault.get(kind, name.as_bytes()).unwrap();
    record.map(|record| record.body.to_vec())
}

/// Every file of a directory with its bytes.
pub(crate) fn files(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}
