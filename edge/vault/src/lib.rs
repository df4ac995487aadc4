//! A device's encrypted store: one per profile, sealed at rest, whole after any crash.
//!
//! Records have a [`RecordKind`], a name and a body. A [`Batch`] of changes is committed together or not
//! at all; a commit that was acknowledged survives `kill -9` at any instant, and a loss of power as
//! far as the disk does what it says. What was damaged is told, never taken for data.
//!
//! The store opens with any of its wraps: passphrases, key files. One process has it at a time.
//! Without a key its files still show sizes, counts and times: `spec/16-vault.md` section 8.
//!
//! Every call blocks, on the disk or on stretching a passphrase: call it from a thread that may wait.
//! The crate decides nothing about what is in a record, and knows neither prompts nor the places of
//! profiles. A keyring of the operating system is the caller's: it keeps the bytes of a key file
//! ([`KeyFile::from_secret`]).
//!
//! Spec: `spec/16-vault.md`.
//!
//! ```
//! use vault::{Batch, Key, KeyFile, RecordKind, Setup, Vault};
//!
//! const NOTE: RecordKind = RecordKind::new(0xff00, 1, "note");
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let temporary = tempfile::tempdir()?;
//! # let (dir, file) = (temporary.path().join("profile"), temporary.path().join("key"));
//! let key = KeyFile::create(&file)?;
//! let mut vault = Vault::create(&dir, &Setup::new(&[Key::KeyFile(&key)]))?;
//! let mut batch = Batch::new();
//! batch.put(NOTE, "shopping", "bread, coffee");
//! vault.commit(&batch)?;
//! vault.close()?;
//!
//! let vault = Vault::open(&dir, &Key::KeyFile(&KeyFile::read(&file)?))?;
//! let note = vault.get(NOTE, b"shopping")?.ok_or("gone")?;
//! assert_eq!(note.body[..], b"bread, coffee"[..]);
//! # Ok(())
//! # }
//! ```

mod backup;
mod batch;
mod build;
mod bytes;
mod dir;
mod engine;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod head;
mod header;
mod key;
mod keys;
mod mark;
mod mode;
mod peek;
mod random;
mod record;
mod unlock;
mod vault;
#[cfg(test)]
mod vectors;
mod wrap;

pub use primitives::Argon2Cost;

pub use backup::{BackupError, BackupKey, RestoreError, Summary, check_backup};
pub use batch::{Batch, Expect, MAX_CHANGES, MAX_COMMIT_LEN};
pub use build::{CreateError, DEFAULT_COST, Setup, SetupError};
pub use dir::LockError;
pub use error::{Part, StoreError};
pub use header::MAX_WRAPS;
pub use key::{
    KEY_FILE_LEN, Key, KeyFile, KeyFileError, MAX_PASSPHRASE_LEN, Passphrase, PassphraseError,
};
pub use mode::ModeError;
pub use peek::{Peek, peek};
pub use record::{MAX_BODY_LEN, MAX_NAME_LEN, Record, RecordKind, Upgrade};
pub use unlock::UnlockError;
pub use vault::{CommitError, OpenError, ReadError, Vault, WrapError, WrapInfo, WrapKind};
