//! Any 32 bytes are a hidden key; any bytes may pretend to be sealed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use primitives::{Secret, open, reveal, seal, x25519};

fuzz_target!(|bytes: &[u8]| {
    let Some((hidden, rest)) = bytes.split_first_chunk::<32>() else {
        return;
    };
    let point = reveal(hidden);
    let mut same = *hidden;
    same[31] ^= 0xC0;
    assert_eq!(reveal(&same), point, "the two top bits mean nothing");
    let _ = x25519(&Secret::from(*hidden), &point);

    let key = Secret::from(*hidden);
    assert!(open(&key, rest, b"").is_err(), "forged");
    let sealed = seal(&key, rest, b"data");
    assert_eq!(open(&key, &sealed, b"data").as_deref(), Ok(rest));
});
