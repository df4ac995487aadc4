//! Every case of `primitives` in `vectors/rendezvous/reunion.json` but the CTIDH ones, which
//! `rendezvous` runs; one assertion each, named on failure.

use primitives::{HiddenKey, Prk, Prp, argon2i, hash, open, reveal, seal, x25519};

use file::primitives;

#[test]
fn the_file_has_every_case() {
    let all = primitives();
    assert_eq!(all.hash.len(), 5);
    assert_eq!(all.argon2i.len(), 6);
    assert_eq!(all.hkdf.len(), 6);
    assert_eq!(all.aead.len(), 20);
    assert_eq!(all.aead_reject.len(), 4);
    assert_eq!(all.prp.len(), 5);
    assert_eq!(all.elligator_key_pair.len(), 16);
    assert_eq!(all.unelligator.len(), 16);
    assert_eq!(all.x25519.len(), 9);
    assert_eq!(all.ctidh1024_from_seed.len(), 4);
    assert_eq!(all.ctidh1024_dh.len(), 3);
}

#[test]
fn hash_matches_vectors() {
    for case in primitives().hash {
        let name = case.r#in.name();
        assert_eq!(hash(&[&case.r#in.0]), case.out.array(), "{name}");
        assert_eq!(case.blake2b_512.0[..32], case.out.0, "{name}");
    }
}

#[test]
fn argon2i_matches_vectors() {
    for case in primitives().argon2i {
        let out = argon2i(&case.password.0, &case.salt.0).unwrap();
        assert_eq!(out, case.out.secret(), "{}", case.password.name());
    }
}

#[test]
fn hkdf_matches_vectors() {
    for case in primitives().hkdf {
        let prk = Prk::extract(&case.ikm.0, &case.salt.0);
        let info: [&[u8]; 1] = [&case.info.0];
        let out = match case.len {
            32 => prk.expand::<32>(&info).expose().to_vec(),
            64 => prk.expand::<64>(&info).expose().to_vec(),
            130 => prk.expand::<130>(&info).expose().to_vec(),
            other => panic!("a case of {other} bytes"),
        };
        assert_eq!(out, case.out.0, "{}", case.ikm.name());
    }
}

#[test]
fn seal_and_open_match_vectors() {
    for case in primitives().aead {
        let key = case.key.secret();
        let sealed = seal(&key, &case.pt.0, &case.ad.0);
        assert_eq!(sealed, case.mac_then_ct.0, "{}", case.key.name());
        assert_eq!(open(&key, &sealed, &case.ad.0).unwrap(), case.pt.0);
    }
}

#[test]
fn open_rejects_what_the_vectors_reject() {
    for case in primitives().aead_reject {
        let () = case.result;
        let opened = open(&case.key.secret(), &case.mac_then_ct.0, &case.ad.0);
        assert!(opened.is_err(), "{}", case.mac_then_ct.name());
    }
}

#[test]
fn prp_matches_vectors_both_ways() {
    for case in primitives().prp {
        let name = case.note.unwrap_or_else(|| case.key.name());
        let prp = Prp::new(&case.key.secret());
        assert_eq!(prp.encrypt(&case.pt.array()), case.ct.array(), "{name}");
        assert_eq!(prp.decrypt(&case.ct.array()), case.pt.array(), "{name}");
    }
}

#[test]
fn hidden_keys_match_vectors() {
    for case in primitives().elligator_key_pair {
        let name = case.seed.name();
        let key = HiddenKey::from_seed(&case.seed.secret());
        assert_eq!(key.hidden(), &case.hidden.array(), "{name}");
        assert_eq!(key.scalar(), &case.secret.secret(), "{name}");
        assert_eq!(reveal(key.hidden()), case.public.array(), "{name}");
    }
}

#[test]
fn reveal_matches_vectors() {
    for case in primitives().unelligator {
        let public = reveal(&case.hidden.array());
        assert_eq!(public, case.public.array(), "{}", case.hidden.name());
    }
}

#[test]
fn x25519_matches_vectors() {
    for case in primitives().x25519 {
        let name = case.note.unwrap_or_else(|| case.public.name());
        let shared = x25519(&case.secret.secret(), &case.public.array());
        assert_eq!(shared, case.shared.secret(), "{name}");
    }
}

/// The shape of the file, and nothing else may be in it.
#[cfg(test)]
mod file {
    use primitives::Secret;
    use serde::{Deserialize, Deserializer};

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Primitives {
        pub(super) hash: Vec<Hash>,
        pub(super) argon2i: Vec<Argon2>,
        pub(super) hkdf: Vec<Hkdf>,
        pub(super) aead: Vec<Aead>,
        pub(super) aead_reject: Vec<Reject>,
        pub(super) prp: Vec<PrpCase>,
        pub(super) elligator_key_pair: Vec<KeyPair>,
        pub(super) unelligator: Vec<Reveal>,
        pub(super) x25519: Vec<Agree>,
        pub(super) ctidh1024_from_seed: Vec<serde_json::Value>,
        pub(super) ctidh1024_dh: Vec<serde_json::Value>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Hash {
        pub(super) r#in: Hex,
        pub(super) out: Hex,
        pub(super) blake2b_512: Hex,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Argon2 {
        pub(super) password: Hex,
        pub(super) salt: Hex,
        pub(super) out: Hex,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Hkdf {
        pub(super) ikm: Hex,
        pub(super) salt: Hex,
        pub(super) info: Hex,
        pub(super) len: usize,
        pub(super) out: Hex,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Aead {
        pub(super) key: Hex,
        pub(super) ad: Hex,
        pub(super) pt: Hex,
        pub(super) mac_then_ct: Hex,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Reject {
        pub(super) key: Hex,
        pub(super) ad: Hex,
        pub(super) mac_then_ct: Hex,
        pub(super) result: (),
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct PrpCase {
        pub(super) key: Hex,
        pub(super) pt: Hex,
        pub(super) ct: Hex,
        pub(super) note: Option<String>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(
        dead_code,
        reason = "tries, tweak and clean_public are checked inside the crate"
    )]
    pub(super) struct KeyPair {
        pub(super) seed: Hex,
        pub(super) hidden: Hex,
        pub(super) secret: Hex,
        pub(super) public: Hex,
        pub(super) clean_public: Hex,
        pub(super) tries: usize,
        pub(super) tweak: Hex,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Reveal {
        pub(super) hidden: Hex,
        pub(super) public: Hex,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Agree {
        pub(super) secret: Hex,
        pub(super) public: Hex,
        pub(super) shared: Hex,
        pub(super) note: Option<String>,
    }

    /// Bytes written as hexadecimal.
    pub(super) struct Hex(pub(super) Vec<u8>);

    impl<'de> Deserialize<'de> for Hex {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            hex::decode(text)
                .map(Self)
                .map_err(serde::de::Error::custom)
        }
    }

    impl Hex {
        pub(super) fn array(&self) -> [u8; 32] {
            self.0.as_slice().try_into().unwrap()
        }

        pub(super) fn secret(&self) -> Secret<32> {
            Secret::new(self.array())
        }

        pub(super) fn name(&self) -> String {
            hex::encode(&self.0)
        }
    }

    pub(super) fn primitives() -> Primitives {
        let text = include_str!("../../../vectors/rendezvous/reunion.json");
        let mut file: serde_json::Value = serde_json::from_str(text).unwrap();
        serde_json::from_value(file["primitives"].take()).unwrap()
    }
}
