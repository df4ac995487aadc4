//! What the vectors tell of keys beyond the key API: the sampler's stream, the verdict on a curve.

use super::{file::PublicKeyCheck, *};
use crate::{
    Backend,
    sample::{Draws, sample},
    validate::is_supersingular,
};

fn sections() -> (Section, Section) {
    let file = File::read();
    assert_eq!(file.readme.len(), 11, "chapters of the explanation");
    (file.ctidh511, file.ctidh1024)
}

#[test]
fn sections_are_named_after_their_size() {
    let (small, large) = sections();
    assert_eq!(std::format!("ctidh{}", small.bits), Set511::NAME);
    assert_eq!(std::format!("ctidh{}", large.bits), Set1024::NAME);
}

#[test]
fn the_sampler_draws_what_the_reference_drew() {
    let (small, large) = sections();
    draws::<Set511>(&small, 12);
    draws::<Set1024>(&large, 26);
}

fn draws<S: Set>(section: &Section, count: usize) {
    assert_eq!(section.keygen.len(), count, "keys of {}", S::NAME);
    let mut transcripts = 0;
    for case in &section.keygen {
        let (seed, name) = (bytes(&case.seed), &case.seed);
        let mut draws = Draws::new(case.context, &seed);
        let exponents = sample::<S>(&mut draws);
        let key: Vec<u8> = exponents
            .as_ref()
            .iter()
            .map(|e| e.cast_unsigned())
            .collect();
        assert_eq!(hex::encode(key), case.sk, "{name}");
        assert_eq!(draws.log.len(), case.rng_calls, "{name}");
        let drawn: usize = draws.log.iter().map(Vec::len).sum();
        assert_eq!(drawn, case.rng_bytes, "{name}");
        let Some(transcript) = &case.rng_transcript else {
            continue;
        };
        transcripts += 1;
        assert_eq!(draws.log.len(), transcript.len(), "{name}");
        for (i, (ours, call)) in draws.log.iter().zip(transcript).enumerate() {
            assert_eq!(ours.len(), call.len, "{name}, call {i}");
            assert_eq!(hex::encode(ours), call.out, "{name}, call {i}");
        }
    }
    assert_eq!(transcripts, 2, "transcripts of {}", S::NAME);
}

#[test]
fn curves_are_judged_as_by_the_reference() {
    let (small, large) = sections();
    judge::<Set511>(&small.public_key_checks);
    judge::<Set1024>(&large.public_key_checks);
}

fn judge<S: Set>(cases: &[PublicKeyCheck]) {
    let mut exceptions = Vec::new();
    let mut judged = 0;
    for case in cases {
        let (bytes, label) = (bytes(&case.pk), &case.label);
        let mut encoding = S::Encoding::filled(0);
        if bytes.len() != encoding.as_ref().len() {
            assert_eq!(case.c_validate, None, "{label}");
            assert_eq!(case.dh_without_frombytes_check, None, "{label}");
            continue;
        }
        encoding.as_mut().copy_from_slice(&bytes);
        judged += 1;
        let valid = case.c_validate.unwrap();
        let canonical = S::is_canonical(&S::limbs(&encoding)).word() & 1 == 1;
        for backend in Backend::available() {
            let ours = canonical && is_supersingular::<S>(backend, &encoding);
            assert_eq!(ours, valid, "{backend:?} {label}");
        }
        // the reference's agreement asks its validator and nothing else
        let agreed = case.dh_without_frombytes_check.as_deref().unwrap();
        assert_eq!(agreed, if valid { "ok" } else { "CSIDHError" }, "{label}");
        if valid != (case.frombytes == "accepted") {
            exceptions.push(bytes);
        }
    }
    assert_eq!(judged, 17, "keys of the right length in {}", S::NAME);
    // the base curve is supersingular, and no public key: the decoders refuse it, theirs and ours
    let zero = S::Encoding::filled(0);
    assert_eq!(exceptions, [zero.as_ref()]);
}

#[test]
fn published_steps_fit_their_primes() {
    let (small, large) = sections();
    steps::<Set511>(&small, 15);
    steps::<Set1024>(&large, 23);
}

/// The reference's choice of baby and giant steps. Ours may differ, as the result does not depend
/// on it; so this only checks that the choice is possible.
fn steps<S: Set>(section: &Section, count: usize) {
    let steps = &section.sqrtvelu_steps_per_batch_lowest_prime;
    assert_eq!(steps.len(), count, "steps of {}", S::NAME);
    assert_eq!(steps.len(), S::BATCHES.len());
    for (steps, batch) in steps.iter().zip(S::BATCHES) {
        let l = steps.l;
        assert_eq!(l, S::PRIMES[batch.start]);
        assert_eq!(steps.bs == 0, steps.gs == 0, "{l}: both or plain Vélu");
        assert_eq!(steps.bs % 2, 0, "{l}");
        assert!(4 * steps.bs * steps.gs < l, "{l}");
    }
}
