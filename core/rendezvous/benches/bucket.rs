//! What a joiner pays: the key, on purpose slow, and then the search of a full bucket, which is to
//! take at most 100 microseconds. `cargo xtask bench` reads the results.

use criterion::{Criterion, criterion_group, criterion_main};
use rendezvous::bucket::{Entry, EntryKey, Host, Link, LinkId, LinkKey, Passphrase, Slots};

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(50);
    targets = key, find
}
criterion_main!(benches);

/// `bucket_key`: Argon2id and HKDF.
fn key(c: &mut Criterion) {
    let Some((words, host)) = words() else { return };
    let mut group = c.benchmark_group("bucket_key");
    group.sample_size(10);
    group.bench_function("derive", |b| b.iter(|| EntryKey::derive(&words, &host)));
    group.finish();
}

/// `bucket_find/last`: a full bucket whose last slot opens; `bucket_find/none`: one where none does.
fn find(c: &mut Criterion) {
    let Some((words, host)) = words() else { return };
    let Ok(key) = EntryKey::derive(&words, &host) else {
        return;
    };
    let link = Link::new(host, LinkId::new([1; 24]), LinkKey::new([2; 32]));
    let mut bytes = vec![7; Slots::LEN];
    let none = Slots::from_bytes(&bytes);
    bytes.truncate(Slots::LEN.saturating_sub(Entry::LEN));
    bytes.extend_from_slice(key.seal(&link, [3; 24]).as_bytes());
    let last = Slots::from_bytes(&bytes);
    let mut group = c.benchmark_group("bucket_find");
    for (name, slots) in [("none", none), ("last", last)] {
        let Some(slots) = slots else { return };
        group.bench_function(name, |b| b.iter(|| slots.find(&key)));
    }
    group.finish();
}

fn words() -> Option<(Passphrase, Host)> {
    let words = Passphrase::new("able baker candle dove ember fable garden harbor").ok()?;
    Some((words, Host::typed("meet.example").ok()?))
}
