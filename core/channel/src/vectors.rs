//! What the Go program did, done again.

mod file;
mod ours;

use alloc::vec::Vec;

use identity::spki;
use primitives::{
    Generator, HpkeKey, HpkePublicKey, HpkeRecipient, HpkeSender, MlKemKey, MlKemPublicKey, Secret,
    SigningKey, VerifyingKey,
};
use prost::Message as _;
use wire::encode;
use wire::kamune::{Body, Handshake, Introduce, Metadata, ResumeAccept, ResumeRequest, Timestamp};

use crate::envelope::Envelope;
use crate::keys::Keys;
use crate::session_id::Half;
use crate::token::{self, Pool};
use crate::{Padding, Role, Route, SessionId, Token, Version};
use file::{Frame, Hex, Opened, read};

/// Opens what both sides of a connection sent, in its order.
struct Reader {
    to_caller: HpkeRecipient,
    to_called: HpkeRecipient,
    keys: Option<Keys>,
    caller: VerifyingKey,
    called: VerifyingKey,
}

impl Reader {
    fn new(frames: &[Frame], seeds: [&Hex; 2], people: [&Hex; 2]) -> Self {
        let key = |seed: &Hex| HpkeKey::from_seed(&seed.secret());
        let [caller, called] = seeds.map(key);
        assert_eq!(frames[0].frame.0, caller.public()[..]);
        let (length, rest) = frames[1].frame.0.split_at(2);
        let (encapsulated, public) = rest.split_at(1120);
        assert_eq!(length, 1120_u16.to_be_bytes());
        assert_eq!(public, &called.public()[..]);
        let person = |seed: &Hex| SigningKey::from_seed(&seed.secret()).verifying_key();
        let [one, other] = people.map(person);
        Self {
            to_caller: HpkeRecipient::new(&caller, encapsulated.try_into().unwrap()),
            to_called: HpkeRecipient::new(&called, &frames[2].frame.array()),
            keys: None,
            caller: one,
            called: other,
        }
    }

    /// The envelope in a frame, and its bytes.
    fn open(&mut self, frame: &Frame) -> (Envelope, Vec<u8>) {
        let (tunnel, key, reader) = match frame.from.as_str() {
            "initiator" => (&mut self.to_called, &self.caller, Role::Called),
            "responder" => (&mut self.to_caller, &self.called, Role::Caller),
            other => panic!("{other}"),
        };
        let mut bytes = frame.frame.0.clone();
        if frame.number <= 11 {
            bytes = tunnel.open(&bytes).unwrap();
        }
        if frame.number >= 8 {
            bytes = self.keys.as_ref().unwrap().open(reader, &bytes).unwrap();
        }
        let envelope = Envelope::decode(&bytes).unwrap();
        envelope.verify(key).unwrap();
        (envelope, bytes)
    }
}

/// That an envelope is what the file says, and is signed and written in the same way here.
fn check(envelope: &Envelope, bytes: &[u8], opened: &Opened, seed: &Hex) {
    assert_eq!(envelope.data(), opened.data.0);
    assert_eq!(envelope.sequence(), opened.sequence);
    assert_eq!(envelope.route.map(Route::number), Some(opened.route));
    let ms = u64::from(opened.timestamp_ns / 1_000_000);
    let ms = ms.saturating_add(opened.timestamp_s.saturating_mul(1000));
    assert_eq!(envelope.signed_ms(), ms);
    assert_eq!(bytes.len(), opened.envelope_bytes);
    let timestamp = (opened.timestamp_s > 0).then_some(Timestamp {
        seconds: opened.timestamp_s,
        nanos: opened.timestamp_ns,
    });
    let metadata = Metadata {
        id: opened.id.clone(),
        timestamp,
        sequence: opened.sequence,
        route: opened.route,
    };
    assert_eq!(encode(&metadata), opened.metadata.0);
    let key = SigningKey::from_seed(&seed.secret());
    let ours = Envelope::sign(&key, metadata, opened.data.0.clone());
    assert_eq!(ours.signature(), opened.signature.0);
    let padding = envelope.padding();
    assert_eq!(padding.len(), opened.padding_bytes);
    assert_eq!(ours.with(padding.to_vec()), bytes);
}

fn role(frame: &Frame) -> Role {
    match frame.from.as_str() {
        "initiator" => Role::Caller,
        _ => Role::Called,
    }
}

#[test]
fn every_frame_of_a_connection_opens_to_what_it_was_made_of() {
    let file = read().connection;
    let seeds = [
        &file.hpke_to_initiator.recipient_seed,
        &file.hpke_to_responder.recipient_seed,
    ];
    let people = [&file.initiator.seed, &file.responder.seed];
    let mut reader = Reader::new(&file.frames, seeds, people);
    let session = SessionId::parse(&file.session_id).unwrap();
    let [request, accept] = [&file.request, &file.answer].map(|half| Handshake {
        key: half.key.0.clone(),
        salt: half.salt.0.clone(),
        session_key: half.session_key.clone(),
        binding: Vec::new(),
    });
    let mut count = 0;
    for frame in file.frames.iter().filter(|frame| frame.number > 3) {
        if frame.number == 8 {
            reader.keys = Some(Keys::derive(
                &file.mlkem_secret.secret(),
                &request,
                &accept,
                session,
            ));
        }
        let (envelope, bytes) = reader.open(frame);
        let person = match role(frame) {
            Role::Caller => &file.initiator,
            Role::Called => &file.responder,
        };
        let opened = frame.envelope.as_ref().unwrap();
        check(&envelope, &bytes, opened, &person.seed);
        let data = &opened.data.0;
        match frame.number {
            4 | 5 => {
                let introduce = Introduce {
                    name: person.name.clone(),
                    public_key: person.public_key.0.clone(),
                    app_version: file.version.clone(),
                    ours: Vec::new(),
                };
                assert_eq!(&encode(&introduce), data);
            }
            6 => assert_eq!(&encode(&request), data),
            7 => assert_eq!(&encode(&accept), data),
            8 | 9 => assert_eq!(&body(&file.challenge_initiator), data),
            10 | 11 => assert_eq!(&body(&file.challenge_responder), data),
            _ => {}
        }
        count += 1;
    }
    assert_eq!(count, 17);
    let keys = reader.keys.unwrap();
    assert_eq!(
        keys.challenge(Role::Caller),
        &file.challenge_initiator.secret()
    );
    assert_eq!(
        keys.challenge(Role::Called),
        &file.challenge_responder.secret()
    );
    assert_eq!(
        keys.shown(),
        (file.key_initiator.secret(), file.key_responder.secret())
    );
    assert_eq!(keys.tokens, tokens(&file.resumption_tokens));
}

fn body(value: &Hex) -> Vec<u8> {
    encode(&Body {
        value: value.0.clone(),
    })
}

fn tokens(hex: &[Hex]) -> Vec<Token> {
    hex.iter().map(|token| Token::new(token.secret())).collect()
}

#[test]
fn the_same_randomness_gives_the_same_frames() {
    let file = read().connection;
    for (hpke, from) in [
        (&file.hpke_to_responder, "initiator"),
        (&file.hpke_to_initiator, "responder"),
    ] {
        let key = HpkeKey::from_seed(&hpke.recipient_seed.secret());
        assert_eq!(key.public()[..], hpke.recipient_key.0);
        let mut seed = [0; 64];
        seed[..32].copy_from_slice(&hpke.mlkem_random.0);
        seed[32..].copy_from_slice(&hpke.x25519_random.0);
        let public = HpkePublicKey::from_bytes(&key.public()).unwrap();
        let (mut sender, encapsulated) = HpkeSender::new(&public, &Secret::new(seed));
        assert_eq!(encapsulated[..], hpke.enc.0);
        let mut recipient = HpkeRecipient::new(&key, &encapsulated);
        for frame in file.frames.iter().filter(|frame| frame.from == from) {
            if (4..=11).contains(&frame.number) {
                let plain = recipient.open(&frame.frame.0).unwrap();
                assert_eq!(sender.seal(&plain).unwrap(), frame.frame.0);
            }
        }
    }
    let key = MlKemKey::from_seed(&file.mlkem_seed.secret());
    assert_eq!(key.public()[..], file.request.key.0);
    let public = MlKemPublicKey::from_bytes(&key.public()).unwrap();
    let (ciphertext, secret) = public.encapsulate(&file.mlkem_random.secret());
    assert_eq!(ciphertext[..], file.answer.key.0);
    assert_eq!(secret, file.mlkem_secret.secret());
    assert_eq!(key.decapsulate(&ciphertext), secret);
}

#[test]
fn a_session_that_goes_on_has_the_keys_of_the_new_agreement() {
    let file = read().resumption;
    let people = [&file.initiator_seed, &file.responder_seed];
    let session = SessionId::parse(&file.session_id).unwrap();
    let accepted = &file.accepted;
    let seeds = [&accepted.initiator_hpke_seed, &accepted.responder_hpke_seed];
    let mut reader = Reader::new(&accepted.frames, seeds, people);
    let mut halves = Vec::new();
    for frame in accepted.frames.iter().filter(|frame| frame.number > 3) {
        if let (8, [request, accept]) = (frame.number, &halves[..]) {
            let secret = accepted.mlkem_secret.secret();
            reader.keys = Some(Keys::derive(&secret, request, accept, session));
        }
        let (envelope, bytes) = reader.open(frame);
        let seed = match role(frame) {
            Role::Caller => &file.initiator_seed,
            Role::Called => &file.responder_seed,
        };
        check(&envelope, &bytes, frame.envelope.as_ref().unwrap(), seed);
        match frame.number {
            4 => {
                let request = ResumeRequest {
                    session_id: file.session_id.clone(),
                    token: file.resumption_tokens[0].0.clone(),
                };
                assert_eq!(encode(&request), envelope.data());
            }
            5 => {
                let accept = ResumeAccept::decode(envelope.data()).unwrap();
                assert!(accept.accepted);
            }
            6 | 7 => halves.push(Handshake::decode(envelope.data()).unwrap()),
            8 | 9 => assert_eq!(body(&accepted.challenge_initiator), envelope.data()),
            10 | 11 => assert_eq!(body(&accepted.challenge_responder), envelope.data()),
            _ => {}
        }
    }
    assert!(
        halves
            .iter()
            .all(|half| half.session_key == file.session_id)
    );
    let keys = reader.keys.unwrap();
    let (caller, called) = keys.shown();
    assert_eq!(caller, accepted.key_initiator.secret());
    assert_eq!(called, accepted.key_responder.secret());
    assert_eq!(keys.tokens, tokens(&accepted.resumption_tokens));
    assert_eq!(keys.tokens.len(), 20);
}

#[test]
fn a_session_that_does_not_go_on_is_refused_with_the_one_reason() {
    let file = read().resumption;
    let people = [&file.initiator_seed, &file.responder_seed];
    let rejected = &file.rejected;
    let seeds = [&rejected.initiator_hpke_seed, &rejected.responder_hpke_seed];
    let mut reader = Reader::new(&rejected.frames, seeds, people);
    let (_, last) = rejected.frames[3..].split_first().unwrap();
    reader.open(&rejected.frames[3]);
    let (envelope, _) = reader.open(&last[0]);
    let answer = ResumeAccept::decode(envelope.data()).unwrap();
    assert!(!answer.accepted && last.len() == 1);
    assert_eq!(answer.reason, "resumption not available");
}

#[test]
fn envelopes_are_signed_alike() {
    let file = read().envelopes;
    let key = SigningKey::from_seed(&file.seed.secret()).verifying_key();
    assert_eq!(file.cases.len(), 5);
    for case in file.cases {
        let envelope = Envelope::decode(&case.envelope.0).unwrap();
        assert!(envelope.verify(&key).is_ok(), "{}", case.name);
        let opened = Opened {
            data: case.data,
            metadata: case.metadata,
            signature: case.signature,
            id: case.id,
            route: case.route,
            sequence: case.sequence,
            timestamp_s: case.timestamp_s,
            timestamp_ns: case.timestamp_ns,
            padding_bytes: case.padding_bytes,
            envelope_bytes: case.envelope_bytes,
        };
        check(&envelope, &case.envelope.0, &opened, &file.seed);
    }
}

#[test]
fn envelopes_have_the_same_lengths() {
    let sizes = read().sizes;
    assert_eq!(sizes.len(), 43);
    let key = SigningKey::from_seed(&Secret::new([1; 32]));
    let mut generator = Generator::new(Secret::new([2; 32]));
    for size in sizes {
        if size.refused.is_some() {
            assert!(size.text_bytes > Padding::Direct.most_text());
            continue;
        }
        assert!(size.text_bytes <= Padding::Direct.most_text());
        let value = alloc::vec![b'x'; size.text_bytes];
        let data = encode(&Body { value });
        assert_eq!(data.len(), size.data_bytes);
        let metadata = Metadata {
            id: "A".repeat(26),
            timestamp: Some(Timestamp {
                seconds: 1_700_000_000,
                nanos: 987_654_321,
            }),
            sequence: 3,
            route: 7,
        };
        let envelope = || Envelope::sign(&key, metadata.clone(), data.clone());
        assert_eq!(envelope().with(Vec::new()).len(), size.base_bytes);
        // the shortest of many is the one without a step
        let lengths = (0..40).map(|_| envelope().pad(Padding::Direct, &mut generator).unwrap());
        let shortest = lengths.min_by_key(Vec::len).unwrap();
        assert_eq!(shortest.len(), size.envelope_bytes, "{}", size.text_bytes);
        let padding = Envelope::decode(&shortest).unwrap().padding().len();
        assert_eq!(padding, size.padding_bytes, "{}", size.text_bytes);
    }
}

#[test]
fn versions_and_halves_of_names_are_taken_alike() {
    let file = read();
    assert_eq!((file.versions.len(), file.session_keys.len()), (18, 10));
    for case in file.versions {
        let version = Version::parse(&case.version);
        let talks = version.is_some_and(|version| version.talks_to(Version::OURS));
        assert_eq!(talks, case.accepted, "{}", case.version);
    }
    for case in file.session_keys {
        // Section 6.1: a whole name where a half belongs is refused here.
        let expected = case.accepted && case.session_key.len() == 12;
        let half = Half::parse(&case.session_key);
        assert_eq!(half.is_some(), expected, "{}", case.session_key);
    }
}

#[test]
fn tokens_of_two_people_are_alike() {
    let file = read();
    assert_eq!(file.static_tokens.len(), 3);
    for case in file.static_tokens {
        let [one, other] = case
            .keys
            .map(|key| VerifyingKey::from_bytes(&key.array()).unwrap());
        assert_eq!(token::fixed(&one, &other), case.token.array());
    }
    let [one, other] = file.pool.secrets.map(|secret| Pool::of(secret.secret()));
    let publics = file.pool.public_keys.map(|key| key.array());
    assert_eq!([one.public(), other.public()], publics);
    let expected = file.pool.tokens.map(|token| token.secret());
    assert_eq!(one.tokens(&other.public()), expected);
    assert_eq!(other.tokens(&one.public()), expected);
}

#[test]
fn keys_of_people_are_written_alike() {
    let file = read().connection;
    for person in [file.initiator, file.responder] {
        let key = SigningKey::from_seed(&person.seed.secret()).verifying_key();
        assert_eq!(spki::encode(&key)[..], person.public_key.0);
    }
}
