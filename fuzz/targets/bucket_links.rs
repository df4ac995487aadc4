//! What may be sealed in an entry, and a bucket that holds it.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use primitives::{Argon2Cost, Secret, argon2id, hkdf_sha512, seal_in_place, sha256};
use rendezvous::bucket::{EntryKey, FindError, Host, Link, Passphrase, Slots};

/// One key, as `rendezvous` makes it and as the spec says.
static KEYS: LazyLock<(EntryKey, Secret<32>)> = LazyLock::new(|| {
    let host = Host::typed("meet.example").expect("a host");
    let words = Passphrase::new("words").expect("words");
    let salt = sha256(&[b"entrenous/v1/bucket/salt", host.as_str().as_bytes()]);
    let cost = Argon2Cost {
        memory_kib: 65_536,
        passes: 3,
    };
    let stretched = argon2id(b"words", &salt, cost).expect("a key");
    let raw = hkdf_sha512(stretched.expose(), &[], &[b"entrenous/v1/bucket/entry"]);
    (EntryKey::derive(&words, &host).expect("a key"), raw)
});

fuzz_target!(|bytes: &[u8]| {
    if let Ok(link) = Link::decode(bytes) {
        assert!(bytes.len() <= Link::MAX);
        assert_eq!(*link.encode(), bytes);
        let entry = KEYS.0.seal(&link, [1; 24]);
        assert_eq!(found(entry.as_bytes()), Ok(link));
    }
    // As whatever somebody sealed who knows the words.
    let mut plain = [0; 216];
    plain
        .iter_mut()
        .zip(bytes)
        .for_each(|(to, from)| *to = *from);
    let length = usize::from(plain[0]);
    let content = plain.get(1..1 + length).map(<[u8]>::to_vec);
    let is_padded = plain.iter().skip(1 + length).all(|&byte| byte == 0);
    let tag = seal_in_place(&KEYS.1, &[2; 24], &mut plain, &[]);
    let entry = [&[2; 24], &plain[..], &tag].concat();
    let expected = match content {
        Some(content) if is_padded => Link::decode(&content).map_err(FindError::Link),
        _ => Err(FindError::Link(rendezvous::bucket::LinkError::Padding)),
    };
    assert_eq!(found(&entry), expected);
    // As slots of a bucket: nothing opens.
    let slots: Vec<u8> = bytes.iter().copied().cycle().take(Slots::LEN).collect();
    if let Some(slots) = Slots::from_bytes(&slots) {
        assert_eq!(slots.find(&KEYS.0), Err(FindError::NoInvitation));
    }
});

fn found(entry: &[u8]) -> Result<Link, FindError> {
    let slots = [entry, &[0; Slots::LEN - 256]].concat();
    Slots::from_bytes(&slots).expect("slots").find(&KEYS.0)
}
