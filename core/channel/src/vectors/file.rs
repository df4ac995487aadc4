//! `vectors/channel/go.json`, as far as this crate reads it.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(rename = "README")]
    _readme: Value,
    pub(super) connection: Connection,
    pub(super) resumption: Resumed,
    pub(super) envelopes: Envelopes,
    pub(super) sizes: Vec<Size>,
    pub(super) versions: Vec<Version>,
    pub(super) session_keys: Vec<SessionKey>,
    pub(super) static_tokens: Vec<Static>,
    pub(super) pool: Pool,
    // read elsewhere
    #[serde(rename = "fingerprints")]
    _fingerprints: Value,
    #[serde(rename = "kcp")]
    _kcp: Value,
    #[serde(rename = "relay")]
    _relay: Value,
    #[serde(rename = "own_tokens")]
    _own_tokens: Value,
    #[serde(rename = "broker")]
    _broker: Value,
    #[serde(rename = "share_urls")]
    _share_urls: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Connection {
    pub(super) initiator: Person,
    pub(super) responder: Person,
    pub(super) version: String,
    pub(super) session_id: String,
    pub(super) hpke_to_initiator: Hpke,
    pub(super) hpke_to_responder: Hpke,
    pub(super) request: Half,
    pub(super) answer: Half,
    pub(super) mlkem_seed: Hex,
    pub(super) mlkem_random: Hex,
    pub(super) mlkem_secret: Hex,
    #[serde(rename = "transcript")]
    _transcript: Hex,
    pub(super) key_initiator: Hex,
    pub(super) key_responder: Hex,
    pub(super) challenge_initiator: Hex,
    pub(super) challenge_responder: Hex,
    #[serde(rename = "resumption_root")]
    _resumption_root: Hex,
    pub(super) resumption_tokens: Vec<Hex>,
    pub(super) frames: Vec<Frame>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) seed: Hex,
    pub(super) public_key: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hpke {
    pub(super) recipient_seed: Hex,
    pub(super) recipient_key: Hex,
    pub(super) mlkem_random: Hex,
    pub(super) x25519_random: Hex,
    pub(super) enc: Hex,
    // inside the library
    #[serde(rename = "shared_secret")]
    _shared_secret: Hex,
    #[serde(rename = "key")]
    _key: Hex,
    #[serde(rename = "base_nonce")]
    _base_nonce: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Half {
    pub(super) key: Hex,
    pub(super) salt: Hex,
    pub(super) session_key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Frame {
    pub(super) number: usize,
    pub(super) from: String,
    pub(super) frame: Hex,
    pub(super) envelope: Option<Opened>,
    #[serde(rename = "what", default)]
    _what: String,
    #[serde(rename = "hpke_sequence", default)]
    _hpke_sequence: Option<u64>,
}

/// What a frame opens to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Opened {
    pub(super) data: Hex,
    pub(super) metadata: Hex,
    pub(super) signature: Hex,
    pub(super) id: String,
    pub(super) route: u32,
    pub(super) sequence: u64,
    pub(super) timestamp_s: u64,
    pub(super) timestamp_ns: u32,
    pub(super) padding_bytes: usize,
    pub(super) envelope_bytes: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Resumed {
    pub(super) initiator_seed: Hex,
    pub(super) responder_seed: Hex,
    pub(super) session_id: String,
    #[serde(rename = "resumption_root")]
    _resumption_root: Hex,
    pub(super) resumption_tokens: Vec<Hex>,
    pub(super) accepted: Accepted,
    pub(super) rejected: Rejected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Accepted {
    pub(super) initiator_hpke_seed: Hex,
    pub(super) responder_hpke_seed: Hex,
    pub(super) mlkem_secret: Hex,
    #[serde(rename = "mlkem_seed")]
    _mlkem_seed: Hex,
    #[serde(rename = "mlkem_random")]
    _mlkem_random: Hex,
    #[serde(rename = "transcript")]
    _transcript: Hex,
    pub(super) key_initiator: Hex,
    pub(super) key_responder: Hex,
    pub(super) challenge_initiator: Hex,
    pub(super) challenge_responder: Hex,
    #[serde(rename = "resumption_root")]
    _resumption_root: Hex,
    pub(super) resumption_tokens: Vec<Hex>,
    pub(super) frames: Vec<Frame>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rejected {
    pub(super) initiator_hpke_seed: Hex,
    pub(super) responder_hpke_seed: Hex,
    pub(super) frames: Vec<Frame>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Envelopes {
    pub(super) seed: Hex,
    pub(super) cases: Vec<Signed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signed {
    pub(super) name: String,
    pub(super) data: Hex,
    pub(super) metadata: Hex,
    pub(super) signature: Hex,
    pub(super) envelope: Hex,
    pub(super) id: String,
    pub(super) route: u32,
    pub(super) sequence: u64,
    pub(super) timestamp_s: u64,
    pub(super) timestamp_ns: u32,
    pub(super) padding_bytes: usize,
    pub(super) envelope_bytes: usize,
    /// The bytes under the signature, which are inside here.
    #[serde(rename = "signed")]
    _signed: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Size {
    pub(super) text_bytes: usize,
    #[serde(default)]
    pub(super) data_bytes: usize,
    #[serde(default)]
    pub(super) base_bytes: usize,
    #[serde(default)]
    pub(super) padding_bytes: usize,
    #[serde(default)]
    pub(super) envelope_bytes: usize,
    pub(super) refused: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Version {
    pub(super) version: String,
    pub(super) accepted: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionKey {
    pub(super) session_key: String,
    pub(super) accepted: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Static {
    pub(super) keys: [Hex; 2],
    pub(super) token: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pool {
    pub(super) secrets: [Hex; 2],
    pub(super) public_keys: [Hex; 2],
    pub(super) tokens: [Hex; 3],
    #[serde(rename = "shared")]
    _shared: Hex,
    #[serde(rename = "route")]
    _route: u32,
    #[serde(rename = "sequence")]
    _sequence: u64,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Hex(pub(super) Vec<u8>);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        hex::decode(text)
            .map(Self)
            .map_err(|error| serde::de::Error::custom(error.to_string()))
    }
}

impl Hex {
    pub(super) fn array<const N: usize>(&self) -> [u8; N] {
        self.0[..].try_into().unwrap()
    }

    pub(super) fn secret<const N: usize>(&self) -> primitives::Secret<N> {
        primitives::Secret::new(self.array())
    }
}

pub(super) fn read() -> File {
    serde_json::from_str(include_str!("../../../../vectors/channel/go.json")).unwrap()
}
