use std::fmt;

use primitives::{
    NONCE_LEN, Secret, TAG_LEN, Zeroizing, hmac_sha256, open_in_place, seal_in_place,
};

use crate::{
    bytes::{Reader, push_long, push_short},
    keys::Keys,
};

/// A kind of record: what one chapter keeps, and how its older forms are read.
///
/// Kinds are given out in `spec/16-vault.md` 7. Make each a constant.
#[derive(Clone, Copy, Debug)]
pub struct RecordKind {
    pub(crate) id: u16,
    pub(crate) version: u16,
    pub(crate) title: &'static str,
    pub(crate) upgrade: Upgrade,
}

/// Brings a body of an older `version` to the present one. `None`: that version never existed.
pub type Upgrade = fn(version: u16, body: &[u8]) -> Option<Zeroizing<Vec<u8>>>;

impl RecordKind {
    /// Kind `id`, whose bodies are written in `version` of their own format; `title` is for errors.
    ///
    /// Records of an older version are refused, until [`upgraded_by`](Self::upgraded_by) says
    /// how to read them.
    #[must_use]
    pub const fn new(id: u16, version: u16, title: &'static str) -> Self {
        Self {
            id,
            version,
            title,
            upgrade: |_, _| None,
        }
    }

    /// This kind, its older records brought forward by `upgrade` whenever they are read.
    #[must_use]
    pub const fn upgraded_by(self, upgrade: Upgrade) -> Self {
        Self { upgrade, ..self }
    }
}

/// A named value of the store.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct Record {
    /// The commit that wrote it.
    pub revision: u64,
    /// The name, unique within the kind.
    pub name: Vec<u8>,
    /// The value, in the present version of its kind. Erased on drop.
    pub body: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Record");
        debug.field("revision", &self.revision);
        debug.finish_non_exhaustive()
    }
}

/// A record as it is sealed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain<'a> {
    pub(crate) revision: u64,
    pub(crate) kind: u16,
    pub(crate) version: u16,
    pub(crate) name: &'a [u8],
    pub(crate) body: &'a [u8],
}

/// A row: `seal` is nonce and tag.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Row {
    pub(crate) name: RowName,
    pub(crate) seal: [u8; SEAL_LEN],
    pub(crate) body: Vec<u8>,
}

pub(crate) type RowName = [u8; NAME_LEN];

/// # Spec
///
/// `spec/16-vault.md` 4.1.
pub(crate) fn row_name(keys: &Keys, kind: u16, name: &[u8]) -> RowName {
    let hash = hmac_sha256(keys.names.expose(), &[&[1], &kind.to_le_bytes(), name]);
    let mut row = [0; NAME_LEN];
    let parts = row_prefix(keys, kind).into_iter().chain(hash);
    for (to, from) in row.iter_mut().zip(parts) {
        *to = from;
    }
    row
}

/// What the names of all rows of `kind` begin with.
pub(crate) fn row_prefix(keys: &Keys, kind: u16) -> [u8; PREFIX_LEN] {
    let hash = hmac_sha256(keys.names.expose(), &[&[0], &kind.to_le_bytes()]);
    let mut prefix = [0; PREFIX_LEN];
    for (to, from) in prefix.iter_mut().zip(hash) {
        *to = from;
    }
    prefix
}

impl Row {
    /// `None`: a length that does not fit its field; the limits forbid it.
    ///
    /// # Spec
    ///
    /// `spec/16-vault.md` 4.2.
    pub(crate) fn seal(keys: &Keys, plain: &Plain<'_>, nonce: [u8; NONCE_LEN]) -> Option<Self> {
        let name = row_name(keys, plain.kind, plain.name);
        let mut body = plain.encode()?;
        let tag = seal_in_place(&keys.records, &nonce, &mut body, &name);
        let mut seal = [0; SEAL_LEN];
        for (to, from) in seal.iter_mut().zip(nonce.into_iter().chain(tag)) {
            *to = from;
        }
        Some(Self { name, seal, body })
    }

    /// Decrypts in place, then hands out what it opened. `None`: damaged.
    pub(crate) fn open(self, keys: &Keys) -> Option<Opened> {
        let (nonce, tag) = self.seal.split_first_chunk::<NONCE_LEN>()?;
        let tag: &[u8; TAG_LEN] = tag.try_into().ok()?;
        let mut text = Zeroizing::new(self.body);
        open_in_place(&keys.records, nonce, &mut text, tag, &self.name).ok()?;
        Plain::decode(&text)?;
        Some(Opened(text))
    }
}

/// The text of a record, verified. Erased on drop.
pub(crate) struct Opened(Zeroizing<Vec<u8>>);

impl Opened {
    pub(crate) fn plain(&self) -> Option<Plain<'_>> {
        Plain::decode(&self.0)
    }
}

impl<'a> Plain<'a> {
    fn encode(&self) -> Option<Vec<u8>> {
        let length = FIXED_LEN
            .checked_add(self.name.len())?
            .checked_add(self.body.len())?
            .checked_next_multiple_of(STEP)?;
        let mut text = Vec::with_capacity(length);
        text.extend_from_slice(&self.revision.to_le_bytes());
        text.extend_from_slice(&self.kind.to_le_bytes());
        text.extend_from_slice(&self.version.to_le_bytes());
        push_short(&mut text, self.name)?;
        push_long(&mut text, self.body)?;
        text.resize(length, 0);
        Some(text)
    }

    fn decode(text: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(text);
        let plain = Self {
            revision: reader.le64()?,
            kind: reader.le16()?,
            version: reader.le16()?,
            name: reader.short()?,
            body: reader.long()?,
        };
        let padding = reader.rest();
        let whole = text.len().is_multiple_of(STEP) && padding.len() < STEP;
        (whole && padding.iter().all(|&byte| byte == 0)).then_some(plain)
    }
}

/// What one row adds to the hash of all rows. Spec `16-vault` 4.3.
pub(crate) fn set_item(key: &Secret<32>, name: &RowName, seal: &[u8; SEAL_LEN]) -> [u8; 32] {
    hmac_sha256(key.expose(), &[name, seal])
}

pub(crate) const NAME_LEN: usize = 32;
pub(crate) const PREFIX_LEN: usize = 8;
pub(crate) const SEAL_LEN: usize = NONCE_LEN + TAG_LEN;
/// The most bytes a record's name has.
pub const MAX_NAME_LEN: usize = 1_024;
/// The most bytes a record's body has.
pub const MAX_BODY_LEN: usize = 1 << 24;
const FIXED_LEN: usize = 8 + 2 + 2 + 2 + 4;
const STEP: usize = 64;
