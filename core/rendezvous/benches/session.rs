//! The four steps of a session, the expensive two on every field this processor can run, and the
//! work on first messages on one thread and on two. `cargo xtask bench` reads the results.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use criterion::{BatchSize, Criterion, SamplingMode, criterion_group, criterion_main};
use ctidh::Backend;
use rendezvous::{Encounter, Opening, Passkey, Salt, Session, SessionSeeds, Wanted};

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(500));
    targets = expensive, threads, cheap
}
criterion_main!(benches);

/// `passkey`, `open/<back end>` and `process_t1/<back end>`.
fn expensive(c: &mut Criterion) {
    let Some((passkey, alice, bob)) = pair() else {
        return;
    };
    c.bench_function("passkey", |b| {
        b.iter(|| Passkey::derive(b"bench", Salt::ZERO))
    });
    for backend in Backend::available() {
        let mut group = c.benchmark_group("open");
        group.sampling_mode(SamplingMode::Flat);
        group.bench_function(backend.name(), |b| {
            b.iter_batched(
                || opening(&passkey, 3),
                |opening| opening.map(|opening| opening.run_with(backend)),
                BatchSize::PerIteration,
            );
        });
        group.finish();
        let mut group = c.benchmark_group("process_t1");
        group.sampling_mode(SamplingMode::Flat);
        group.bench_function(backend.name(), |b| {
            b.iter_batched(
                || encounter(&alice, &bob),
                |encounter| encounter.map(|encounter| encounter.run_with(backend)),
                BatchSize::PerIteration,
            );
        });
        group.finish();
    }
}

/// `sixteen_t1/1` and `sixteen_t1/2`: as many first messages, by one and by two threads that take
/// the next one each.
fn threads(c: &mut Criterion) {
    let Some((_, alice, bob)) = pair() else {
        return;
    };
    let mut group = c.benchmark_group("sixteen_t1");
    group.sampling_mode(SamplingMode::Flat);
    for number in [1_usize, 2] {
        group.bench_function(number.to_string(), |b| {
            b.iter(|| {
                let taken = AtomicUsize::new(0);
                let work = || {
                    while taken.fetch_add(1, Ordering::Relaxed) < 16 {
                        encounter(&alice, &bob).map(Encounter::run);
                    }
                };
                thread::scope(|scope| {
                    for _ in 0..number {
                        scope.spawn(work);
                    }
                });
            });
        });
    }
    group.finish();
}

/// `take_t2` and `take_t3`: what a session does at once.
fn cheap(c: &mut Criterion) {
    let Some((_, mut alice, mut bob)) = pair() else {
        return;
    };
    let (Some(met_alice), Some(met_bob)) = (encounter(&bob, &alice), encounter(&alice, &bob))
    else {
        return;
    };
    let (Ok((alice_id, for_alice)), Ok((bob_id, for_bob))) =
        (bob.admit(met_alice.run()), alice.admit(met_bob.run()))
    else {
        return;
    };
    let t3 = bob.take_t2(&alice_id, for_bob).t3;
    c.bench_function("take_t2", |b| b.iter(|| alice.take_t2(&bob_id, for_alice)));
    c.bench_function("take_t3", |b| {
        b.iter_batched(
            || alice.clone(),
            |mut alice| alice.take_t3(&bob_id, t3),
            BatchSize::SmallInput,
        );
    });
}

fn pair() -> Option<(Passkey, Session, Session)> {
    let passkey = Passkey::derive(b"bench", Salt::ZERO).ok()?;
    let [alice, bob] = [1, 2].map(|n| opening(&passkey, n).map(Opening::run));
    Some((passkey, alice?, bob?))
}

fn opening(passkey: &Passkey, number: u8) -> Option<Opening> {
    let seeds = [0, 1, 2, 3, 4].map(|kind| [number | kind << 4; 32]);
    let seeds = SessionSeeds::new(seeds).ok()?;
    Some(Opening::new(
        passkey.clone(),
        vec![number; 96],
        seeds,
        Wanted::Every,
    ))
}

fn encounter(own: &Session, peer: &Session) -> Option<Encounter> {
    own.encounter(peer.t1()).ok()
}
