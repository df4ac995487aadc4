use primitives::{NONCE_LEN, TAG_LEN, open_in_place, seal_in_place, sha256};

use crate::{bytes::Reader, keys::Keys};

/// What the store knows about itself as a whole.
///
/// # Spec
///
/// `spec/16-vault.md` 4.3.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Head {
    pub(crate) revision: u64,
    pub(crate) restored: u64,
    pub(crate) records: u64,
    pub(crate) set: [u8; 32],
    pub(crate) header_hash: [u8; 32],
}

impl Head {
    /// Of a store that has no record and no commit yet.
    pub(crate) fn new(header: &[u8]) -> Self {
        Self {
            revision: 0,
            restored: 0,
            records: 0,
            set: [0; 32],
            header_hash: sha256(&[header]),
        }
    }

    /// Adds an item to the hash of all rows, or takes it away.
    pub(crate) fn toggle(&mut self, item: [u8; 32]) {
        for (to, from) in self.set.iter_mut().zip(item) {
            *to ^= from;
        }
    }

    pub(crate) fn seal(&self, keys: &Keys, nonce: [u8; NONCE_LEN]) -> Vec<u8> {
        let mut text = [
            &self.revision.to_le_bytes()[..],
            &self.restored.to_le_bytes(),
            &self.records.to_le_bytes(),
            &self.set,
            &self.header_hash,
        ]
        .concat();
        let tag = seal_in_place(&keys.head, &nonce, &mut text, &[]);
        [&nonce[..], &text, &tag].concat()
    }

    /// `None`: damaged, or of another store.
    pub(crate) fn open(keys: &Keys, bytes: &[u8]) -> Option<Self> {
        let (nonce, rest) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let (text, tag) = rest.split_last_chunk::<TAG_LEN>()?;
        let mut text = text.to_vec();
        open_in_place(&keys.head, nonce, &mut text, tag, &[]).ok()?;
        let mut reader = Reader::new(&text);
        let head = Self {
            revision: reader.le64()?,
            restored: reader.le64()?,
            records: reader.le64()?,
            set: reader.array()?,
            header_hash: reader.array()?,
        };
        reader.rest().is_empty().then_some(head)
    }
}
