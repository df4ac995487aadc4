use std::{
    fs::File,
    io::{Read as _, Seek as _, Write as _},
    path::Path,
};

use primitives::{ConstantTimeEq as _, Secret, hmac_sha256};

use crate::{bytes::Reader, dir};

/// How far the store has come, beside the store: tells a damaged log from a crash.
///
/// Never flushed and never relied on to be there, so that it costs a commit nothing and may fail.
///
/// # Spec
///
/// `spec/16-vault.md` 4.4.
#[derive(Debug)]
pub(crate) struct Mark(Option<File>);

impl Mark {
    /// The revision the mark at `path` vouches for, if it says anything.
    pub(crate) fn read(path: &Path, key: &Secret<32>) -> Option<u64> {
        let mut bytes = Vec::with_capacity(LEN);
        let most = u64::try_from(LEN).ok()?.checked_add(1)?;
        File::open(path)
            .ok()?
            .take(most)
            .read_to_end(&mut bytes)
            .ok()?;
        decode(&bytes, key)
    }

    /// Opens or creates the mark for writing.
    pub(crate) fn open(path: &Path) -> Self {
        let file = dir::private().create(true).truncate(false).open(path).ok();
        let length = u64::try_from(LEN).unwrap_or(0);
        Self(file.filter(|file| file.set_len(length).is_ok()))
    }

    /// One write over the old bytes, so that a kill leaves either.
    pub(crate) fn set(&mut self, key: &Secret<32>, revision: u64) {
        if let Some(file) = &mut self.0 {
            let _ = file
                .rewind()
                .and_then(|()| file.write_all(&encode(key, revision)));
        }
    }
}

pub(crate) fn encode(key: &Secret<32>, revision: u64) -> Vec<u8> {
    let revision = revision.to_le_bytes();
    [&revision[..], &hmac_sha256(key.expose(), &[&revision])].concat()
}

pub(crate) fn decode(bytes: &[u8], key: &Secret<32>) -> Option<u64> {
    let mut reader = Reader::new(bytes);
    let (revision, sum) = (reader.le64()?, reader.array::<32>()?);
    let expected = hmac_sha256(key.expose(), &[&revision.to_le_bytes()]);
    let valid = reader.rest().is_empty() && bool::from(sum.ct_eq(&expected));
    valid.then_some(revision)
}

const LEN: usize = 40;
