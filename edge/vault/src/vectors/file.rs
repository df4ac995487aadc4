//! The shape of `vectors/vault/vault.json`; a member that is not read here is an error.

use serde::{Deserialize, Deserializer, de::Error as _};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(rename = "README")]
    pub(super) readme: String,
    pub(super) store: Store,
    pub(super) keys: Vec<Opens>,
    pub(super) salts: Vec<Salt>,
    pub(super) headers_refused: Vec<Refused>,
    pub(super) records: Vec<Record>,
    pub(super) heads: Vec<Head>,
    pub(super) marks: Vec<Mark>,
    pub(super) backups: Vec<Backup>,
    pub(super) backups_refused: Vec<Refused>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Store {
    pub(super) data_key: Hex,
    pub(super) id: Hex,
    pub(super) subkeys: Subkeys,
    pub(super) header: Hex,
    pub(super) next: u16,
    pub(super) longest_header: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Subkeys {
    pub(super) names: Hex,
    pub(super) records: Hex,
    pub(super) head: Hex,
    pub(super) set: Hex,
    pub(super) mark: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Opens {
    pub(super) number: u16,
    pub(super) passphrase: Option<Hex>,
    pub(super) cost: Option<[u32; 2]>,
    pub(super) key_file: Option<Hex>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Salt {
    pub(super) number: u16,
    pub(super) salt: Hex,
    pub(super) nonce: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Refused {
    pub(super) name: String,
    pub(super) hex: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    pub(super) revision: u64,
    pub(super) kind: u16,
    pub(super) version: u16,
    pub(super) name: Hex,
    pub(super) body: Hex,
    pub(super) nonce: Hex,
    pub(super) row_name: Hex,
    pub(super) seal: Hex,
    pub(super) sealed: Hex,
    pub(super) item: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub(super) revision: u64,
    pub(super) restored: u64,
    pub(super) records: usize,
    pub(super) nonce: Hex,
    pub(super) hex: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mark {
    pub(super) revision: u64,
    pub(super) hex: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Backup {
    pub(super) name: String,
    pub(super) salt: Hex,
    pub(super) revision: u64,
    pub(super) records: Vec<InBackup>,
    pub(super) length: usize,
    pub(super) sha256: Hex,
    pub(super) hex: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InBackup {
    pub(super) revision: u64,
    pub(super) kind: u16,
    pub(super) version: u16,
    pub(super) name: Hex,
    pub(super) seed: u8,
    pub(super) length: usize,
}

/// Bytes, written in hexadecimal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Hex(pub(super) Vec<u8>);

impl Hex {
    pub(super) fn array<const N: usize>(&self) -> [u8; N] {
        self.0[..].try_into().unwrap()
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(text).map(Self).map_err(D::Error::custom)
    }
}
