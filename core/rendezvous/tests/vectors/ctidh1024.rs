//! The two CTIDH lists among the primitives.

use ctidh::ctidh1024::{PublicKey, SecretKey};

use crate::file::FILE;

#[test]
fn keys_from_seeds_match() {
    for case in &FILE.primitives.ctidh1024_from_seed {
        let name = hex::encode(&case.seed.0);
        let secret = SecretKey::from_seed(&case.seed.array());
        assert_eq!(secret.to_bytes()[..], case.sk.0[..], "{name}");
        assert_eq!(
            secret.public_key(&[0; 32]).as_bytes()[..],
            case.pk.0[..],
            "{name}"
        );
    }
}

#[test]
fn shared_secrets_match() {
    for case in &FILE.primitives.ctidh1024_dh {
        let name = hex::encode(&case.pk.0);
        let secret = SecretKey::from_bytes(&case.sk.0).unwrap();
        let public = PublicKey::from_bytes(&case.pk.0).unwrap();
        let shared = secret.agree(&public, &[0; 32]).digest();
        assert_eq!(shared[..], case.shared.0[..], "{name}");
    }
}
