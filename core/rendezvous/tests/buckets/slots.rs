//! Buckets: how a server lays them out, and what a joiner finds in them.

use primitives::sha256;
use rendezvous::bucket::server::{Answer, Secret};
use rendezvous::bucket::{
    Entry, EntryKey, Hash, Host, Id, Link, LinkId, LinkKey, Passphrase, Slots,
};

use crate::file::{self, Bucket, Buckets, Entries};

#[test]
fn buckets_match_vectors() {
    let file: Buckets = file::read("buckets");
    let secret = Secret::new(file.server_secret.array());
    let key = usual_key(&file);
    for case in &file.cases {
        let bytes = answer(&secret, case).into_bytes();
        assert_eq!(bytes[0], 1);
        let slots = Slots::from_bytes(&bytes[1..]).unwrap();
        assert_eq!(sha256(&[slots.as_bytes()])[..], case.bucket_sha256.0);
        if let Some(bucket) = &case.bucket {
            assert_eq!(slots.as_bytes(), bucket.0, "{}", case.name);
        }
        for (entry, slot) in case.entries.iter().zip(&case.order) {
            assert_eq!(slots.as_bytes()[slot * 256..][..256], entry.0);
        }
        let found = slots.find(&key);
        let link = found.as_ref().ok().map(|link| link.encode().to_vec());
        assert_eq!(link, case.link.as_ref().map(|link| link.0.clone()));
        let refusal = found.as_ref().err().map(|error| error.name());
        assert_eq!(refusal, case.refusal.as_deref(), "{}", case.name);
    }
}

#[test]
fn no_such_bucket_is_an_answer_of_the_same_size() {
    let file: Buckets = file::read("buckets");
    let secret = Secret::new(file.server_secret.array());
    let hash = Hash::from_bytes(&file.no_such_bucket.hash.0).unwrap();
    let nothing = secret.answer(&hash, &[]);
    let digest = sha256(&[nothing.as_bytes()]);
    assert_eq!(digest[..], file.no_such_bucket.answer_sha256.0);
    for case in &file.cases {
        let found = answer(&secret, case);
        assert_eq!(found.as_bytes().len(), nothing.as_bytes().len());
    }
}

#[test]
fn a_thousand_buckets_with_one_right_entry_each_are_searched() {
    let file: Buckets = file::read("buckets");
    let key = usual_key(&file);
    let host: Host = "msg.example:443".parse().unwrap();
    for number in 0..1000_u16 {
        let mut id = [0; 24];
        id[..2].copy_from_slice(&number.to_be_bytes());
        let link = Link::new(host.clone(), LinkId::new(id), LinkKey::new([9; 32]));
        let entry = key.seal(&link, id);
        let others = (0..63).map(|n| Entry::from_bytes(&[n; 256]).unwrap());
        let mut entries: Vec<Entry> = others.collect();
        entries.insert(usize::from(number) % 64, entry);
        let id = Id::new(1_795_219_200, number.into());
        let answer = Secret::new([3; 32]).answer(&id.hash(), &entries);
        let slots = Slots::from_bytes(&answer.as_bytes()[1..]).unwrap();
        assert_eq!(slots.find(&key), Ok(link), "bucket {number}");
    }
}

#[test]
fn of_several_links_the_lowest_slot_counts() {
    let file: Buckets = file::read("buckets");
    let key = usual_key(&file);
    let host: Host = "msg.example:443".parse().unwrap();
    let link = |n| Link::new(host.clone(), LinkId::new([n; 24]), LinkKey::new([n; 32]));
    let mut bytes = vec![0; Slots::LEN];
    for slot in [50, 7, 20] {
        let n = u8::try_from(slot).unwrap();
        bytes[slot * 256..][..256].copy_from_slice(key.seal(&link(n), [n; 24]).as_bytes());
    }
    let slots = Slots::from_bytes(&bytes).unwrap();
    assert_eq!(slots.find(&key), Ok(link(7)));
}

fn answer(secret: &Secret, case: &Bucket) -> Answer {
    let id = Id::from_bytes(&case.id.0).unwrap();
    assert_eq!(id.hash().as_bytes()[..], case.hash.0, "{}", case.name);
    let entries = case.entries.iter().map(|entry| Entry::from_bytes(&entry.0));
    let entries: Vec<Entry> = entries.map(Option::unwrap).collect();
    secret.answer(&id.hash(), &entries)
}

/// The key of the usual entry, which the buckets are searched with.
fn usual_key(file: &Buckets) -> EntryKey {
    let entries: Entries = file::read("entries");
    let usual = &entries.good[0];
    assert_eq!(usual.key, file.key);
    let passphrase = Passphrase::new(usual.passphrase.text()).unwrap();
    EntryKey::derive(&passphrase, &usual.rendezvous_host.parse().unwrap()).unwrap()
}
