//! Times single operations on request, so that `cargo xtask bench` can take turns between this
//! program and the C library.
//!
//! Each line on standard input is `<operation> <set> <back end> <times>`, for example
//! `mul ctidh1024 ifma 1000`; the answer is a line with the nanoseconds one of them took. That is
//! processor time of the thread. The answers to `elapsed` and `pairs` are the elapsed time of that
//! many actions together, on one thread, and on each of two at once; to `burden`, the processor
//! time of both threads of `pairs`.

#![expect(clippy::print_stdout, reason = "the answers")]

use std::{
    hint::black_box,
    io::{self, BufRead},
};

use ctidh::{
    Backend, PublicKey, SecretKey, Set, Set511, Set1024,
    hazmat::{Field, Task},
};
use rustix::time::{ClockId, clock_gettime};

fn main() -> io::Result<()> {
    for line in io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split(' ').collect();
        let answer = match words[..] {
            [operation, "ctidh1024", backend, times] => {
                answer::<Set1024>(operation, backend, times)
            }
            [operation, "ctidh511", backend, times] => answer::<Set511>(operation, backend, times),
            _ => None,
        };
        match answer {
            Some(nanoseconds) => println!("{nanoseconds}"),
            None => println!("not here"),
        }
    }
    Ok(())
}

fn answer<S: Set>(operation: &str, backend: &str, times: &str) -> Option<f64> {
    let backend = Backend::available().find(|found| found.name() == backend)?;
    let times: u32 = times.parse().ok()?;
    let key = || SecretKey::<S>::from_seed(&any_seed());
    match operation {
        "mul" | "sqr" | "add" | "sub" => backend.run(Chain::<S> {
            operation,
            times,
            set: std::marker::PhantomData,
        }),
        "keygen" => Some(measure(ClockId::ThreadCPUTime, times, || {
            black_box(key());
        })),
        "action" => {
            let key = key();
            Some(measure(ClockId::ThreadCPUTime, times, || {
                black_box(key.public_key_with(backend, BLIND));
            }))
        }
        "elapsed" => {
            let key = key();
            Some(measure(ClockId::Monotonic, 1, || {
                for _ in 0..times {
                    black_box(key.public_key_with(backend, BLIND));
                }
            }))
        }
        "pairs" | "burden" => {
            let keys = [key(), key()];
            let clock = if operation == "pairs" {
                ClockId::Monotonic
            } else {
                ClockId::ProcessCPUTime
            };
            Some(measure(clock, 1, || {
                std::thread::scope(|scope| {
                    for key in &keys {
                        scope.spawn(|| {
                            for _ in 0..times {
                                black_box(key.public_key_with(backend, BLIND));
                            }
                        });
                    }
                });
            }))
        }
        "validate" => {
            let public = key().public_key_with(backend, BLIND);
            Some(measure(ClockId::ThreadCPUTime, times, || {
                let valid = PublicKey::<S>::from_bytes_with(backend, public.as_bytes());
                assert!(valid.is_ok(), "our own key is valid");
            }))
        }
        _ => None,
    }
}

/// A field operation, each on the result of the one before.
struct Chain<'a, S> {
    operation: &'a str,
    times: u32,
    set: std::marker::PhantomData<S>,
}

impl<S: Set> Task for Chain<'_, S> {
    type Set = S;
    type Output = Option<f64>;

    fn run<F: Field<Set = S>>(self) -> Option<f64> {
        let step = match self.operation {
            "mul" => F::mul,
            "add" => F::add,
            "sub" => F::sub,
            "sqr" => |x: &F, _: &F| x.sqr(),
            _ => return None,
        };
        // any element will do: nothing depends on values
        let y = F::ONE.add(&F::ONE).invert();
        let mut x = y;
        let spent = measure(ClockId::ThreadCPUTime, self.times, || x = step(&x, &y));
        black_box(x);
        Some(spent)
    }
}

/// Nanoseconds per call.
fn measure(clock: ClockId, times: u32, mut call: impl FnMut()) -> f64 {
    let start = seconds(clock);
    for _ in 0..times {
        call();
    }
    (seconds(clock) - start) * 1e9 / f64::from(times)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "times since the start of a program"
)]
fn seconds(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// A key for each call; which does not matter.
fn any_seed() -> [u8; 32] {
    let mut seed = [0; 32];
    let now = seconds(ClockId::Monotonic).to_le_bytes();
    for (byte, from) in seed.iter_mut().zip(now) {
        *byte = from;
    }
    seed
}

const BLIND: &[u8; 32] = b"any bytes: they are not visible.";
