//! What both sides of a channel cost together, without sockets: to open one, a message of 1 KiB, one of
//! the longest, and beside it the same bytes sealed and opened by the cipher alone. `cargo xtask bench`
//! reads the results.

use std::sync::Arc;

use channel::{Channel, Config, Event, Input, Mode, Output};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use identity::IdentityKey;
use kernel::Time;
use primitives::{Secret, open_in_place, seal_in_place};

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(50);
    targets = opening, messages, plain
}
criterion_main!(benches);

/// `opening/ours` and `opening/kamune`: from the first frame to a session on both sides.
fn opening(c: &mut Criterion) {
    let mut group = c.benchmark_group("opening");
    for (name, mode) in MODES {
        group.bench_function(name, |b| {
            b.iter_batched(
                || Pair::new(mode),
                |pair| pair.and_then(Pair::opened),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// `message/ours` and the others: said by one side, heard by the other.
fn messages(c: &mut Criterion) {
    for (group, length) in [("message", 1024), ("bulk", LONGEST)] {
        let mut group = c.benchmark_group(group);
        for (name, mode) in MODES {
            let Some(mut pair) = Pair::new(mode).and_then(Pair::opened) else {
                continue;
            };
            let text = vec![7; length];
            group.bench_function(name, |b| b.iter(|| pair.says(&text)));
        }
        group.finish();
    }
}

/// `plain/seal` and `plain/open`: the longest message and XChaCha20-Poly1305.
fn plain(c: &mut Criterion) {
    let (key, nonce) = (Secret::new([1; 32]), [2; 24]);
    let mut group = c.benchmark_group("plain");
    let mut body = vec![7; LONGEST];
    group.bench_function("seal", |b| {
        b.iter(|| seal_in_place(&key, &nonce, &mut body, &[]));
    });
    let tag = seal_in_place(&key, &nonce, &mut body, &[]);
    group.bench_function("open", |b| {
        b.iter_batched_ref(
            || body.clone(),
            |body| open_in_place(&key, &nonce, body, &tag, &[]),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

/// Both sides, and the time.
struct Pair([Channel; 2]);

impl Pair {
    fn new(mode: Mode) -> Option<Self> {
        let mut config = Config::new("bench".parse().ok()?);
        config.mode = mode;
        config.hold = std::time::Duration::ZERO;
        let [one, other] = [1, 2].map(|number| Secret::new([number; 32]));
        let [here, there] =
            [&one, &other].map(|seed| Arc::new(IdentityKey::from_seeds(seed, None)));
        Some(Self([
            Channel::dial(NOW, config.clone(), here, None, one),
            Channel::answer(NOW, config, there, other),
        ]))
    }

    /// `None` if there is no session.
    fn opened(mut self) -> Option<Self> {
        (self.settle() == 2).then_some(self)
    }

    /// Whether the text came.
    fn says(&mut self, text: &[u8]) -> bool {
        let [caller, _] = &mut self.0;
        caller.send(NOW, text).is_ok() && self.settle() == 1
    }

    /// Carries frames until there are none; returns how many sessions began and messages came.
    fn settle(&mut self) -> usize {
        let mut count = 0_usize;
        let [caller, called] = &mut self.0;
        loop {
            let there = turn(caller, called, &mut count);
            let back = turn(called, caller, &mut count);
            if !there && !back {
                return count;
            }
        }
    }
}

/// Does what `from` says; whether it said something.
fn turn(from: &mut Channel, to: &mut Channel, count: &mut usize) -> bool {
    let mut said = false;
    loop {
        match from.poll() {
            Output::Send(frame) => to.handle(NOW, Input::Frame(&frame)),
            Output::Tell(Event::Introduced(_)) => from.accept(NOW),
            Output::Tell(Event::Established { .. } | Event::Message(_)) => {
                *count = count.saturating_add(1);
            }
            Output::Tell(_) | Output::Save(_) => {}
            Output::Close | Output::Wait(_) => return said,
        }
        said = true;
    }
}

const MODES: [(&str, Mode); 2] = [("kamune", Mode::Kamune), ("ours", Mode::Ours)];
const NOW: Time = Time::from_ms(1_000_000);
const LONGEST: usize = 61_435;
