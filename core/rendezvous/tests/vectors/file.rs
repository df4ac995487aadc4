//! The shape of the file; nothing else may be in it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::de::{Error, IgnoredAny};
use serde::{Deserialize, Deserializer};

/// The whole file, read once.
pub(crate) static FILE: LazyLock<File> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../../vectors/rendezvous/reunion.json")).unwrap()
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    #[serde(rename = "README")]
    pub(crate) readme: BTreeMap<String, IgnoredAny>,
    pub(crate) primitives: Primitives,
    pub(crate) sessions: Vec<Meeting>,
    pub(crate) behaviours: Vec<Behaviour>,
    pub(crate) multicast_constructed: Constructed,
    pub(crate) multicast_captured: Multicast,
    pub(crate) http_captured: Http,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Primitives {
    pub(crate) hash: Vec<IgnoredAny>,
    pub(crate) argon2i: Vec<IgnoredAny>,
    pub(crate) hkdf: Vec<IgnoredAny>,
    pub(crate) aead: Vec<IgnoredAny>,
    pub(crate) aead_reject: Vec<IgnoredAny>,
    pub(crate) prp: Vec<IgnoredAny>,
    pub(crate) elligator_key_pair: Vec<IgnoredAny>,
    pub(crate) unelligator: Vec<IgnoredAny>,
    pub(crate) x25519: Vec<IgnoredAny>,
    pub(crate) ctidh1024_from_seed: Vec<FromSeed>,
    pub(crate) ctidh1024_dh: Vec<Dh>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FromSeed {
    pub(crate) seed: Hex,
    pub(crate) sk: Hex,
    pub(crate) pk: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dh {
    pub(crate) sk: Hex,
    pub(crate) pk: Hex,
    pub(crate) shared: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Meeting {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) parties: Vec<Party>,
    pub(crate) exchanges: Vec<Exchange>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Party {
    pub(crate) name: String,
    pub(crate) passphrase: Hex,
    pub(crate) salt: Hex,
    pub(crate) payload: Hex,
    pub(crate) dh_seed: Hex,
    pub(crate) ctidh_seed: Hex,
    pub(crate) gamma_seed: Hex,
    pub(crate) delta_seed: Hex,
    pub(crate) dummy_seed: Hex,
    pub(crate) argon2i: Hex,
    pub(crate) pdk: Hex,
    pub(crate) dh_epk: Hex,
    pub(crate) dh_sk: Hex,
    pub(crate) csidh_sk: Hex,
    pub(crate) csidh_pk: Hex,
    pub(crate) sk_gamma: Hex,
    pub(crate) sk_delta: Hex,
    pub(crate) alpha_key: Hex,
    pub(crate) t1: Hex,
    pub(crate) t1_alpha: Hex,
    pub(crate) t1_beta: Hex,
    pub(crate) t1_gamma: Hex,
    pub(crate) t1_delta: Hex,
    pub(crate) t1_id: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exchange {
    pub(crate) at: String,
    pub(crate) peer: String,
    pub(crate) peer_alpha_key: Hex,
    pub(crate) peer_dh_pk: Hex,
    pub(crate) dh_ss: Hex,
    pub(crate) csidh_ss: Hex,
    pub(crate) t2key_tx: Hex,
    pub(crate) t2key_rx: Hex,
    pub(crate) t2_sent: Hex,
    pub(crate) t2_received: Hex,
    pub(crate) t3_sent: Hex,
    pub(crate) t3_sent_is_dummy: bool,
    pub(crate) t3key_rx: Option<Hex>,
    pub(crate) t3_received: Hex,
    pub(crate) result: Option<Hex>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Behaviour {
    pub(crate) name: String,
    pub(crate) parties: Vec<Party>,
    pub(crate) steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) step: String,
    pub(crate) at: String,
    #[serde(default)]
    pub(crate) input: Option<Input>,
    #[serde(default, deserialize_with = "present")]
    pub(crate) returns: Option<Returned>,
    pub(crate) raises: Option<String>,
}

/// A T1, or an id and a T2 or T3.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Input {
    T1(Hex),
    Later(Hex, Hex),
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Returned {
    Nothing(()),
    Bytes(Hex),
    Count(usize),
    Answer(Answer),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    pub(crate) t3: Hex,
    pub(crate) is_dummy: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Constructed {
    pub(crate) description: String,
    pub(crate) group: String,
    pub(crate) port: u16,
    pub(crate) packets: Vec<Packet>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Packet {
    pub(crate) n: usize,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) udp_payload: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Multicast {
    pub(crate) description: String,
    pub(crate) passphrase: Hex,
    pub(crate) salt: Hex,
    pub(crate) parties: Vec<Seeded>,
    pub(crate) events: Vec<Event>,
}

/// A party of a capture: its inputs only.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seeded {
    pub(crate) name: String,
    pub(crate) payload: Hex,
    pub(crate) dh_seed: Hex,
    pub(crate) ctidh_seed: Hex,
    pub(crate) gamma_seed: Hex,
    pub(crate) delta_seed: Hex,
    pub(crate) dummy_seed: Hex,
}

#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Event {
    Send {
        t: f64,
        node: String,
        to: String,
        from: String,
        udp_payload: Hex,
    },
    Recv {
        t: f64,
        node: String,
        from: String,
        udp_payload: Hex,
    },
    Result {
        t: f64,
        node: String,
        result_text: Hex,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Http {
    pub(crate) description: String,
    pub(crate) passphrase: Hex,
    pub(crate) salt: Hex,
    pub(crate) parties: Vec<Seeded>,
    pub(crate) events: Vec<Request>,
    pub(crate) stdout: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) t: f64,
    pub(crate) client: String,
    pub(crate) request: String,
    pub(crate) body: Hex,
    pub(crate) status: u16,
    pub(crate) response: Hex,
}

/// Bytes written as hexadecimal.
#[derive(Clone, Debug, Eq, PartialEq)]
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
}

/// Tells `null` from a field that is not there.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Returned>, D::Error> {
    Returned::deserialize(deserializer).map(Some)
}

#[test]
fn the_file_has_every_case() {
    let all = &FILE.primitives;
    let other = [
        all.hash.len(),
        all.argon2i.len(),
        all.hkdf.len(),
        all.aead.len(),
        all.aead_reject.len(),
        all.prp.len(),
        all.elligator_key_pair.len(),
        all.unelligator.len(),
        all.x25519.len(),
    ];
    assert_eq!(FILE.readme.len(), 8);
    assert_eq!(other, [5, 6, 6, 20, 4, 5, 16, 16, 9]);
    assert_eq!(
        (all.ctidh1024_from_seed.len(), all.ctidh1024_dh.len()),
        (4, 3)
    );
    let names: Vec<&str> = FILE
        .sessions
        .iter()
        .map(|case| case.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "s01", "s02", "s03", "s04", "s05", "s06", "s07", "s08", "s09", "s10", "s11"
        ]
    );
    let steps: Vec<usize> = FILE
        .behaviours
        .iter()
        .map(|case| case.steps.len())
        .collect();
    assert_eq!(steps, [22, 16, 9]);
    assert_eq!(FILE.multicast_constructed.packets.len(), 6);
    assert_eq!(FILE.multicast_captured.events.len(), 18);
    assert_eq!(FILE.http_captured.events.len(), 18);
}
