//! What is in the files; nothing else may be.

use identity::{CardError, ChainError, ForkError};
use primitives::Secret;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};

pub(crate) fn read<T: Explained>(text: &str) -> T {
    let file: T = serde_json::from_str(text).unwrap();
    assert!(!file.readme().is_empty());
    file
}

pub(crate) trait Explained: DeserializeOwned {
    fn readme(&self) -> &str;
}

/// Whole files, each with its explanation and its origin.
macro_rules! files {
    ($($name:ident { $($field:ident: $type:ty),* })*) => {$(
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            #[serde(rename = "README")]
            readme: String,
            pub(crate) source: String,
            $(pub(crate) $field: $type,)*
        }

        impl Explained for $name {
            fn readme(&self) -> &str {
                &self.readme
            }
        }
    )*};
}

macro_rules! cases {
    ($($name:ident { $($field:ident: $type:ty),* })*) => {$(
        #[derive(Debug, Deserialize, PartialEq)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            $(pub(crate) $field: $type,)*
        }
    )*};
}

files! {
    Recovery { keys: Vec<RecoveryKey>, read: Vec<TypedKey>, refused: Vec<Refused> }
    Keys { identities: Vec<Identity>, devices: Vec<Device>, refused: Vec<Hex> }
    Chains { good: Vec<Chain>, refused: Vec<Wrong>, merges: Vec<Merge> }
    Devices { good: Vec<DeviceChain>, refused: Vec<WrongDevices> }
    Cards { good: Vec<Card>, refused: Vec<Wrong>, refused_text: Vec<String> }
    Fingerprints { keys: Vec<Fingerprint> }
    Successions { good: Vec<Succession>, refused: Vec<WrongSuccession> }
    Introductions {
        link_key: Hex, link_id: Hex, agreement: Hex,
        opened: Vec<Opened>, refused: Vec<Closed>, unchecked: Vec<Unchecked>
    }
    Words { drawn: Vec<Drawn>, read: Vec<TypedPhrase>, refused: Vec<Refused> }
}

cases! {
    Opened {
        name: String, role: String, seed: Hex, ml_dsa_seed: Option<Hex>, card: Hex, chain: Hex, introduction: Hex, scalar: Hex,
        agreement: Hex, offer: Hex, nonce: Hex, sealed: Hex
    }
    Closed { role: String, name: String, why: String, offer: Hex, sealed: Hex }
    Unchecked { why: String, offer: Hex, sealed: Hex }
    RecoveryKey { secret: Hex, words: String, seed: Hex, public: Hex, hash: Hex }
    TypedKey { typed: String, secret: Hex }
    Refused { typed: String, why: String, position: Option<usize> }
    Identity { ed25519_seed: Hex, ml_dsa_seed: Option<Hex>, public: Hex, body: Hex, signature: Hex }
    Device { seed: Hex, ed25519: Hex, x25519: Hex }
    Chain {
        name: String, bytes: Hex, user_id: Hex, generation: u32, head: Hex, key: Hex,
        recovery: Option<Hex>, home: Option<Home>, closed: bool
    }
    Home { address: String, key: Hex }
    Wrong { name: String, bytes: Hex, why: String }
    Merge { name: String, held: Hex, other: Hex, result: String }
    DeviceChain { name: String, identity: Hex, bytes: Hex, head: Hex, devices: Vec<Hex>, live: Vec<Hex> }
    WrongDevices { name: String, identity: Hex, bytes: Hex, why: String }
    Card {
        bytes: Hex, text: String, qr: String, user_id: Hex, generation: u32, key: Hex, name: String,
        home: Option<Home>, token: Hex, fields: Vec<Field>, issued_ms: u64
    }
    Field { tag: u8, bytes: Hex }
    Fingerprint {
        public: Hex, hex: String, base64: String, sum: String, emoji: String, pseudonym: String,
        words: String
    }
    Succession { name: String, key: Hex, former: Vec<Hex>, bytes: Hex }
    WrongSuccession { name: String, key: Hex, bytes: Hex, why: String }
    Drawn { seed: Hex, count: usize, text: String }
    TypedPhrase { typed: String, text: String }
}

impl Home {
    pub(crate) fn of(home: &identity::Home) -> Self {
        Self {
            address: home.address().to_owned(),
            key: Hex(home.key().to_bytes().to_vec()),
        }
    }
}

/// Bytes written as hexadecimal.
#[derive(Debug, PartialEq)]
pub(crate) struct Hex(pub(crate) Vec<u8>);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(text).map(Self).map_err(Error::custom)
    }
}

impl Hex {
    pub(crate) fn array<const N: usize>(&self) -> [u8; N] {
        self.0.as_slice().try_into().unwrap()
    }

    pub(crate) fn secret(&self) -> Secret<32> {
        Secret::new(self.array())
    }
}

/// The reason as the files name it.
pub(crate) fn chain(error: ChainError) -> &'static str {
    match error {
        ChainError::Decode(_) => "decode",
        ChainError::TooLong => "too_long",
        ChainError::NotNext => "not_next",
        ChainError::Closed => "closed",
        ChainError::Signers => "signers",
        ChainError::OtherRecoveryKey => "other_recovery_key",
        ChainError::Signature(_) => "signature",
        ChainError::RecoveryChanged => "recovery_changed",
        ChainError::NothingNew => "nothing_new",
        ChainError::Generation => "generation",
        ChainError::DeviceKnown => "device_known",
        ChainError::DeviceUnknown => "device_unknown",
        ChainError::TooManyDevices => "too_many_devices",
        _ => "a reason that no file names",
    }
}

pub(crate) fn card(error: CardError) -> &'static str {
    match error {
        CardError::Decode(_) => "decode",
        CardError::Signature(_) => "signature",
        _ => "a reason that no file names",
    }
}

pub(crate) fn fork(error: ForkError) -> String {
    match error {
        ForkError::OtherAccount => "other_account".to_owned(),
        ForkError::Fork { after } => format!("fork {after}"),
        _ => "a reason that no file names".to_owned(),
    }
}
