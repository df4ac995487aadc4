//! Hosts, connection links, bucket ids and entries.

use primitives::{Argon2Cost, argon2id, hkdf_sha512, sha256};
use rendezvous::bucket::{
    Entry, EntryKey, FindError, Hash, Host, Id, Link, LinkId, LinkKey, Passphrase, Slots,
};

use crate::file::{self, Entries, GoodEntry, Hosts, Ids, Links};

#[test]
fn hosts_match_vectors() {
    let hosts: Hosts = file::read("hosts");
    for case in hosts.good {
        let host: Host = case.host.parse().unwrap();
        assert_eq!(host.as_str(), case.host);
        assert_eq!(host.is_local(), case.local, "{host}");
    }
    for case in hosts.typed {
        let host = Host::typed(&case.text).ok();
        let host = host.as_ref().map(Host::as_str);
        assert_eq!(host, case.host.as_deref(), "{}", case.text);
    }
    for text in hosts.not_the_one_form {
        assert!(text.parse::<Host>().is_err(), "{text}");
    }
}

#[test]
fn links_match_vectors() {
    let links: Links = file::read("links");
    for case in links.good {
        let link = Link::decode(&case.bytes.0).unwrap();
        assert_eq!(link.host().as_str(), case.host, "{}", case.name);
        assert_eq!(*link.id(), LinkId::new(case.link_id.array()));
        assert_eq!(*link.key(), LinkKey::new(case.link_key.array()));
        assert_eq!(*link.encode(), case.bytes.0, "{}", case.name);
    }
    for case in links.refused {
        let error = Link::decode(&case.bytes.0).unwrap_err();
        assert_eq!(error.name(), case.refusal, "{}", case.name);
    }
}

#[test]
fn a_link_of_215_bytes_fits_and_is_the_longest() {
    let links: Links = file::read("links");
    let lengths = links.good.iter().map(|case| case.bytes.0.len());
    assert_eq!(lengths.max(), Some(Link::MAX));
    assert_eq!(Host::MAX + 59, Link::MAX);
}

#[test]
fn ids_match_vectors() {
    let ids: Ids = file::read("ids");
    for case in ids.good {
        let id = Id::new(case.seconds.parse().unwrap(), case.number);
        assert_eq!(id.to_bytes()[..], case.id.0);
        assert_eq!(Id::from_bytes(&case.id.0), Some(id));
        assert_eq!(id.hash().as_bytes()[..], case.hash.0);
        assert_eq!(Hash::from_bytes(&case.hash.0), Some(id.hash()));
    }
    for length in [0, 8, 11, 13] {
        assert_eq!(Id::from_bytes(&vec![0; length]), None);
    }
}

#[test]
fn entries_match_vectors() {
    let entries: Entries = file::read("entries");
    for case in &entries.good {
        let salt = sha256(&[b"entrenous/v1/bucket/salt", case.rendezvous_host.as_bytes()]);
        assert_eq!(salt[..], case.salt.0, "{}", case.name);
        let cost = Argon2Cost {
            memory_kib: 65_536,
            passes: 3,
        };
        let stretched = argon2id(&case.passphrase.0, &salt, cost).unwrap();
        assert_eq!(stretched.expose()[..], case.argon2id.0, "{}", case.name);
        let key = hkdf_sha512::<32>(stretched.expose(), &[], &[b"entrenous/v1/bucket/entry"]);
        assert_eq!(key.expose()[..], case.key.0, "{}", case.name);

        let link = Link::decode(&case.link.0).unwrap();
        let mut plain = [
            &[u8::try_from(case.link.0.len()).unwrap()],
            &case.link.0[..],
        ]
        .concat();
        plain.resize(216, 0);
        assert_eq!(plain, case.plain.0, "{}", case.name);
        let key = derive(case);
        let entry = key.seal(&link, case.nonce.array());
        assert_eq!(entry.as_bytes()[..], case.entry.0, "{}", case.name);
        assert_eq!(find(&case.entry.0, &key), Ok(link), "{}", case.name);
    }
    let key = derive(&entries.good[0]);
    for case in &entries.refused_with_key_of_usual {
        let name = match find(&case.entry.0, &key).unwrap_err() {
            FindError::Link(error) => Some(error.name()),
            _ => None,
        };
        assert_eq!(name, case.refusal.as_deref(), "{}", case.name);
    }
}

#[test]
fn only_256_bytes_are_an_entry() {
    for length in [0, 255, 257] {
        assert_eq!(Entry::from_bytes(&vec![0; length]), None);
    }
}

fn derive(case: &GoodEntry) -> EntryKey {
    let passphrase = Passphrase::new(case.passphrase.text()).unwrap();
    EntryKey::derive(&passphrase, &case.rendezvous_host.parse().unwrap()).unwrap()
}

/// What a bucket gives that has `entry` in its last slot, and nothing before it.
fn find(entry: &[u8], key: &EntryKey) -> Result<Link, FindError> {
    let slots = [&[0; Slots::LEN - 256], entry].concat();
    Slots::from_bytes(&slots).unwrap().find(key)
}
