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

/// Structs whose members are exactly those of the file; members of one type share a line.
macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident { $($($field:ident),+: $type:ty;)+ })+) => {$(
        $(#[$doc])*
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            $($(pub(crate) $field: $type,)+)+
        }
    )+};
}

shapes! {
    Primitives {
        hash, argon2i, hkdf, aead, aead_reject, prp: Vec<IgnoredAny>;
        elligator_key_pair, unelligator, x25519: Vec<IgnoredAny>;
        ctidh1024_from_seed: Vec<FromSeed>;
        ctidh1024_dh: Vec<Dh>;
    }
    FromSeed {
        seed, sk, pk: Hex;
    }
    Dh {
        sk, pk, shared: Hex;
    }
    Meeting {
        name, description: String;
        parties: Vec<Party>;
        exchanges: Vec<Exchange>;
    }
    Party {
        name: String;
        passphrase, salt, payload: Hex;
        dh_seed, ctidh_seed, gamma_seed, delta_seed, dummy_seed: Hex;
        argon2i, pdk, dh_epk, dh_sk, csidh_sk, csidh_pk, sk_gamma, sk_delta, alpha_key: Hex;
        t1, t1_alpha, t1_beta, t1_gamma, t1_delta, t1_id: Hex;
    }
    /// A party of a capture: its inputs only.
    Seeded {
        name: String;
        payload, dh_seed, ctidh_seed, gamma_seed, delta_seed, dummy_seed: Hex;
    }
    Exchange {
        at, peer: String;
        peer_alpha_key, peer_dh_pk, dh_ss, csidh_ss, t2key_tx, t2key_rx: Hex;
        t2_sent, t2_received, t3_sent, t3_received: Hex;
        t3_sent_is_dummy: bool;
        t3key_rx, result: Option<Hex>;
    }
    Behaviour {
        name: String;
        parties: Vec<Party>;
        steps: Vec<Step>;
    }
    Answer {
        t3: Hex;
        is_dummy: bool;
    }
    Constructed {
        description, group: String;
        port: u16;
        packets: Vec<Packet>;
    }
    Packet {
        n: usize;
        from, to: String;
        udp_payload: Hex;
    }
    Multicast {
        description: String;
        passphrase, salt: Hex;
        parties: Vec<Seeded>;
        events: Vec<Event>;
    }
    Http {
        description: String;
        passphrase, salt: Hex;
        parties: Vec<Seeded>;
        events: Vec<Request>;
        stdout: Vec<String>;
    }
    Request {
        t: f64;
        client, request: String;
        body, response: Hex;
        status: u16;
    }
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
