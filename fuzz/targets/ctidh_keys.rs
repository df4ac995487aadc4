//! Keys of either set from any bytes: what is taken is given back unchanged.
#![no_main]

use ctidh::{PublicKey, SecretKey, Set, Set511, Set1024};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    keys::<Set511>(bytes);
    keys::<Set1024>(bytes);
});

fn keys<S: Set>(bytes: &[u8]) {
    if let Ok(key) = PublicKey::<S>::from_bytes(bytes) {
        assert_eq!(key.as_bytes(), bytes);
    }
    if let Ok(key) = SecretKey::<S>::from_bytes(bytes) {
        assert_eq!(&key.to_bytes()[..], bytes);
    }
}
