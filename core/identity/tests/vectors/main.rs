//! Every case of `vectors/identity/*.json`, counted, named on failure.

#![cfg(test)]

use identity::{
    Card, DeviceChain, DeviceKey, Fingerprint, IdentityChain, IdentityKey, IdentityPublic, Merge,
    RecoveryError, RecoveryKey, Succession,
    words::{Phrase, PhraseError},
};
use kernel::{Label, Time};
use primitives::{Secret, VerifyingKey};

use file::{Cards, Chains, Devices, Fingerprints, Home, Keys, Recovery, Successions, Words};

mod file;
mod introductions;

#[test]
fn recovery_keys() {
    let file: Recovery = file::read(include_str!("../../../../vectors/identity/recovery.json"));
    let counts = (file.keys.len(), file.read.len(), file.refused.len());
    assert_eq!(counts, (5, 3, 10), "{}", file.source);
    for case in file.keys {
        let key = RecoveryKey::from_secret(case.secret.secret());
        assert_eq!(*key.to_words(), case.words);
        assert_eq!(key.public().to_bytes()[..], case.public.0);
        assert_eq!(key.hash().as_bytes()[..], case.hash.0);
        let seeded = primitives::SigningKey::from_seed(&case.seed.secret());
        assert_eq!(seeded.verifying_key(), key.public());
        let read = RecoveryKey::from_words(&case.words).unwrap();
        assert_eq!(*read.secret(), case.secret.secret());
    }
    for case in file.read {
        let key = RecoveryKey::from_words(&case.typed).unwrap();
        assert_eq!(*key.secret(), case.secret.secret(), "{}", case.typed);
    }
    for case in file.refused {
        let expected = match (case.why.as_str(), case.position) {
            ("unknown", Some(position)) => RecoveryError::Unknown { position },
            ("count", None) => RecoveryError::Count,
            ("checksum", None) => RecoveryError::Checksum,
            other => panic!("no such reason: {other:?}"),
        };
        let error = RecoveryKey::from_words(&case.typed).unwrap_err();
        assert_eq!(error, expected, "{}", case.typed);
    }
}

#[test]
fn keys_and_signatures() {
    let file: Keys = file::read(include_str!("../../../../vectors/identity/keys.json"));
    let counts = (
        file.identities.len(),
        file.devices.len(),
        file.refused.len(),
    );
    assert_eq!(counts, (3, 2, 7), "{}", file.source);
    for case in file.identities {
        let ml_dsa = case.ml_dsa_seed.map(|seed| seed.secret());
        let key = IdentityKey::from_seeds(&case.ed25519_seed.secret(), ml_dsa.as_ref());
        assert_eq!(key.public().to_bytes(), case.public.0);
        let signature = key.sign(Label::SignCard, &case.body.0);
        assert_eq!(signature.to_bytes(), case.signature.0);
        let verified = key
            .public()
            .verify(Label::SignCard, &case.body.0, &signature);
        assert_eq!(verified, Ok(()));
    }
    for case in file.devices {
        let device = DeviceKey::from_seed(&case.seed.secret());
        assert_eq!(device.public().signing().to_bytes()[..], case.ed25519.0);
        assert_eq!(device.public().agreement()[..], case.x25519.0);
    }
    for bytes in file.refused {
        let key = VerifyingKey::from_bytes(&bytes.array());
        assert!(key.is_err(), "{}", hex::encode(bytes.0));
    }
}

#[test]
fn successions() {
    let file: Successions =
        file::read(include_str!("../../../../vectors/identity/succession.json"));
    let counts = (file.good.len(), file.refused.len());
    assert_eq!(counts, (7, 23), "{}", file.source);
    for case in file.good {
        let succession = Succession::decode(&case.bytes.0).unwrap();
        assert_eq!(succession.to_bytes(), case.bytes.0, "{}", case.name);
        let key = IdentityPublic::decode(&case.key.0).unwrap();
        assert!(succession.verifies(&key), "{}", case.name);
        let former = succession.former().map(|former| former.key.to_bytes());
        assert!(former.eq(case.former.into_iter().map(|key| key.0)));
    }
    for case in file.refused {
        let key = IdentityPublic::decode(&case.key.0).unwrap();
        match Succession::decode(&case.bytes.0) {
            Ok(succession) => {
                assert_eq!(case.why, "signature", "{}", case.name);
                assert!(!succession.verifies(&key), "{}", case.name);
            }
            Err(_) => assert_eq!(case.why, "decode", "{}", case.name),
        }
    }
}

#[test]
fn identity_chains() {
    let file: Chains = file::read(include_str!("../../../../vectors/identity/chain.json"));
    let counts = (file.good.len(), file.refused.len(), file.merges.len());
    assert_eq!(counts, (7, 69, 10), "{}", file.source);
    for case in file.good {
        let name = &case.name;
        let chain = IdentityChain::replay(&case.bytes.0).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(chain.to_bytes(), case.bytes.0, "{name}");
        assert_eq!(chain.user_id().as_bytes()[..], case.user_id.0, "{name}");
        assert_eq!(chain.generation(), case.generation, "{name}");
        let state = chain.state();
        assert_eq!(state.head.as_bytes()[..], case.head.0, "{name}");
        assert_eq!(state.key.to_bytes(), case.key.0, "{name}");
        let recovery = state.recovery.map(|hash| hash.as_bytes().to_vec());
        assert_eq!(recovery, case.recovery.map(|hash| hash.0), "{name}");
        assert_eq!(state.home.as_ref().map(Home::of), case.home, "{name}");
        assert_eq!(state.closed, case.closed, "{name}");
    }
    for case in file.refused {
        let error = IdentityChain::replay(&case.bytes.0)
            .map(|_| ())
            .unwrap_err();
        assert_eq!(file::chain(error), case.why, "{}", case.name);
    }
    for case in file.merges {
        let mut held = IdentityChain::replay(&case.held.0).unwrap();
        let other = IdentityChain::replay(&case.other.0).unwrap();
        let result = match held.merge(other) {
            Ok(Merge::Unchanged) => "unchanged".into(),
            Ok(Merge::Extended) => "extended".into(),
            Ok(Merge::Recovered) => "recovered".into(),
            Err(error) => file::fork(error),
            other => panic!("no such outcome: {other:?}"),
        };
        assert_eq!(result, case.result, "{}", case.name);
        let replaced = matches!(case.result.as_str(), "extended" | "recovered");
        let now = if replaced { case.other.0 } else { case.held.0 };
        assert_eq!(held.to_bytes(), now, "{}", case.name);
    }
}

#[test]
fn device_chains() {
    let file: Devices = file::read(include_str!("../../../../vectors/identity/devices.json"));
    let counts = (file.good.len(), file.refused.len());
    assert_eq!(counts, (8, 42), "{}", file.source);
    for case in file.good {
        let name = &case.name;
        let identity = IdentityChain::replay(&case.identity.0).unwrap();
        let chain = DeviceChain::replay(&case.bytes.0, &identity);
        let chain = chain.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(chain.to_bytes(), case.bytes.0, "{name}");
        assert_eq!(chain.head().as_bytes()[..], case.head.0, "{name}");
        let ever: Vec<Vec<u8>> = chain
            .devices()
            .iter()
            .map(|one| [one.public.signing().to_bytes(), *one.public.agreement()].concat())
            .collect();
        let expected: Vec<Vec<u8>> = case.devices.into_iter().map(|hex| hex.0).collect();
        assert_eq!(ever, expected, "{name}");
        let live = chain
            .live()
            .map(|one| one.public.signing().to_bytes().to_vec());
        let expected: Vec<Vec<u8>> = case.live.into_iter().map(|hex| hex.0).collect();
        assert_eq!(live.collect::<Vec<_>>(), expected, "{name}");
    }
    for case in file.refused {
        let identity = IdentityChain::replay(&case.identity.0).unwrap();
        let chain = DeviceChain::replay(&case.bytes.0, &identity);
        let error = chain.map(|_| ()).unwrap_err();
        assert_eq!(file::chain(error), case.why, "{}", case.name);
    }
}

#[test]
fn contact_cards() {
    let file: Cards = file::read(include_str!("../../../../vectors/identity/card.json"));
    let counts = (file.good.len(), file.refused.len(), file.refused_text.len());
    assert_eq!(counts, (5, 45, 16), "{}", file.source);
    for case in file.good {
        let card = Card::decode(&case.bytes.0).unwrap();
        assert_eq!(
            (card.to_text(), card.to_qr()),
            (case.text.clone(), case.qr.clone())
        );
        assert_eq!(case.text.parse::<Card>().unwrap(), card);
        assert_eq!(case.qr.parse::<Card>().unwrap(), card);
        assert_eq!(card.user_id().as_bytes()[..], case.user_id.0);
        assert_eq!(card.generation(), case.generation);
        assert_eq!(card.key().to_bytes(), case.key.0);
        assert_eq!(card.issued(), Time::from_ms(case.issued_ms));
        let contents = card.contents();
        assert_eq!(contents.name.as_str(), case.name);
        assert_eq!(contents.home.as_ref().map(Home::of), case.home);
        assert_eq!(contents.token.as_bytes()[..], case.token.0);
        let fields = contents
            .fields
            .iter()
            .map(|field| (field.tag(), field.bytes()));
        let expected = case
            .fields
            .iter()
            .map(|field| (field.tag, field.bytes.0.as_slice()));
        assert!(fields.eq(expected), "{}", case.name);
    }
    for case in file.refused {
        let error = Card::decode(&case.bytes.0).map(|_| ()).unwrap_err();
        assert_eq!(file::card(error), case.why, "{}", case.name);
    }
    for text in file.refused_text {
        assert!(text.parse::<Card>().is_err(), "{text}");
    }
}

#[test]
fn fingerprints() {
    let file: Fingerprints = file::read(include_str!(
        "../../../../vectors/identity/fingerprint.json"
    ));
    assert_eq!(file.keys.len(), 6, "{}", file.source);
    for case in file.keys {
        let fingerprint = Fingerprint::of(&IdentityPublic::decode(&case.public.0).unwrap());
        assert_eq!(fingerprint.to_hex(), case.hex);
        assert_eq!(fingerprint.to_base64(), case.base64);
        assert_eq!(fingerprint.to_sum(), case.sum);
        assert_eq!(fingerprint.to_emoji(), case.emoji);
        assert_eq!(fingerprint.to_pseudonym(), case.pseudonym);
        assert_eq!(fingerprint.to_words(), case.words);
    }
}

#[test]
fn phrases() {
    let file: Words = file::read(include_str!("../../../../vectors/identity/words.json"));
    let counts = (file.drawn.len(), file.read.len(), file.refused.len());
    assert_eq!(counts, (5, 11, 13), "{}", file.source);
    for case in file.drawn {
        let phrase = Phrase::draw(case.count, &Secret::new(case.seed.array()));
        assert_eq!(*phrase.to_text(), case.text);
    }
    for case in file.read {
        let phrase = Phrase::read(&case.typed).unwrap();
        assert_eq!(*phrase.to_text(), case.text, "{}", case.typed);
    }
    for case in file.refused {
        let expected = match (case.why.as_str(), case.position) {
            ("unknown", Some(position)) => PhraseError::Unknown { position },
            ("count", None) => PhraseError::Count,
            other => panic!("no such reason: {other:?}"),
        };
        assert_eq!(Phrase::read(&case.typed), Err(expected), "{}", case.typed);
    }
}
