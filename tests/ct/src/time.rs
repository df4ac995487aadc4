//! Whether two classes of secrets take the same time (as "dudect" does: Reparaz, Balasch and
//! Verbauwhede, "Dude, is my code constant time?", 2017).

use std::{marker::PhantomData, time::Instant};

use anyhow::{Result, ensure};
use ctidh::{
    Backend, PublicKey, SecretKey, Set, Set511, Set1024,
    hazmat::{Array, Field, Mask, Task},
};

mod welch;

/// Above this the classes differ. By chance it happens once in millions of tests.
const LIMIT: f64 = 5.0;

/// Multiplying zeros draws less power, and a processor that saves it runs up to a thousandth faster
/// (0.0007 on a Zen 5) without one instruction more or less. On 0 and 1 a difference counts
/// from this part of the time on; what code does for a special operand costs far more.
const POWER: f64 = 0.005;

/// Measures an action and the operations of the field, in both sets. Returns the names of what
/// takes another time for other secrets.
pub(crate) fn check(backend: Backend) -> Result<Vec<String>> {
    ensure!(
        Backend::available().any(|available| available == backend),
        "this processor cannot run the {} back end",
        backend.name()
    );
    Ok([faults::<Set511>(backend), faults::<Set1024>(backend)].concat())
}

/// The names of what shows a difference.
fn faults<S: Set>(backend: Backend) -> Vec<String> {
    let mut faults = backend.run(Fields::<S>(PhantomData));
    let mut actions = Actions::<S>::new(backend);
    faults.extend(decide::<S>("action", 400, 0.0, &mut actions));
    faults
}

/// Something to measure with a secret of either class.
trait Subject {
    /// Prepares a secret: the same one every time, or a random one. Both in the same way, because
    /// what it leaves in caches and buffers counts as well.
    fn prepare(&mut self, fixed: bool, random: u64);
    /// What is measured.
    fn run(&mut self);
}

/// Measures twice if need be: a difference counts only when it shows again, and from `part` of the
/// time on. Returns the name of what failed.
fn decide<S: Set>(
    what: &str,
    samples: usize,
    part: f64,
    subject: &mut dyn Subject,
) -> Option<String> {
    let name = format!("{} {what}", S::NAME);
    let mut shown = String::new();
    for _ in 0..2 {
        let times = measure(samples, subject);
        let (t, difference) = (times.largest(), times.difference());
        shown = format!("{name}: t = {t:.1}, difference {:.3} %", difference * 100.0);
        println!("{shown}");
        if t.abs() < LIMIT || difference.abs() < part {
            return None;
        }
    }
    Some(shown)
}

fn measure(samples: usize, subject: &mut dyn Subject) -> welch::Samples {
    let mut times = welch::Samples::default();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..samples {
        let fixed = random.next() & 1 == 1;
        subject.prepare(fixed, random.next());
        let start = Instant::now();
        subject.run();
        let took = start.elapsed().as_secs_f64();
        let class = if fixed {
            &mut times.fixed
        } else {
            &mut times.random
        };
        class.push(took);
    }
    times
}

/// A small generator: nothing here is secret.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Group actions: the key without any isogeny, whose isogenies are all dummies, or random keys.
struct Actions<S: Set> {
    backend: Backend,
    peer: PublicKey<S>,
    key: SecretKey<S>,
    blind: [u8; 32],
}

impl<S: Set> Actions<S> {
    fn new(backend: Backend) -> Self {
        let key = SecretKey::from_seed(&[1; 32]);
        Self {
            backend,
            peer: key.public_key(&[2; 32]),
            key,
            blind: [0; 32],
        }
    }
}

impl<S: Set> Subject for Actions<S> {
    fn prepare(&mut self, fixed: bool, random: u64) {
        self.blind[..8].copy_from_slice(&random.to_le_bytes());
        let mut bytes = SecretKey::<S>::from_seed(&self.blind).to_bytes();
        let keep = u8::from(fixed).wrapping_sub(1);
        bytes.iter_mut().for_each(|byte| *byte &= keep);
        if let Ok(key) = SecretKey::from_bytes(&bytes) {
            self.key = key;
        }
    }

    fn run(&mut self) {
        core::hint::black_box(self.key.agree_with(self.backend, &self.peer, &self.blind));
    }
}

/// The operations of a field: on the same elements every time, or on random ones.
struct Fields<S>(PhantomData<S>);

impl<S: Set> Task for Fields<S> {
    type Set = S;
    type Output = Vec<String>;

    fn run<F: Field<Set = S>>(self) -> Vec<String> {
        let operations: [(&str, Operation<F>); 6] = [
            ("field product", |a, b| a.mul(b)),
            ("field square", |a, _| a.sqr()),
            ("field sum", |a, b| a.add(b)),
            ("field difference", |a, b| a.sub(b)),
            ("field zero test", |a, b| {
                let mut a = *a;
                let zero = a.is_zero();
                a.cmov(b, zero);
                a
            }),
            ("field dot product", |a, b| {
                F::dot(&[*a, *b, *a], &[*b, *a, *b])
            }),
        ];
        let mut random = Random(2);
        let ordinary = (element(&mut random), element(&mut random));
        let mut faults = Vec::new();
        for (name, operation) in operations {
            for (kind, fixed, part) in [
                ("", ordinary, 0.0),
                (" of 0 and 1", (F::ZERO, F::ONE), POWER),
            ] {
                let mut subject = Operations {
                    operation,
                    fixed,
                    pairs: vec![fixed; 64],
                };
                faults.extend(decide::<S>(
                    &format!("{name}{kind}"),
                    4000,
                    part,
                    &mut subject,
                ));
            }
        }
        faults
    }
}

/// An element with random limbs.
fn element<F: Field>(random: &mut Random) -> F {
    let mut limbs = <F::Set as Set>::Limbs::filled(0);
    limbs.as_mut().fill_with(|| random.next());
    if let (Some(top), Some(of_p)) = (limbs.as_mut().last_mut(), F::Set::MODULUS.as_ref().last()) {
        *top &= (of_p >> 1).next_power_of_two().wrapping_sub(1); // below p
    }
    F::from_limbs(&limbs)
}

/// An operation on two elements.
type Operation<F> = fn(&F, &F) -> F;

struct Operations<F> {
    operation: Operation<F>,
    fixed: (F, F),
    pairs: Vec<(F, F)>,
}

impl<F: Field> Subject for Operations<F> {
    fn prepare(&mut self, fixed: bool, random: u64) {
        let fixed = Mask::from_bit(u64::from(fixed));
        let mut random = Random(random | 1);
        for pair in &mut self.pairs {
            *pair = (element(&mut random), element(&mut random));
            pair.0.cmov(&self.fixed.0, fixed);
            pair.1.cmov(&self.fixed.1, fixed);
        }
    }

    fn run(&mut self) {
        for (a, b) in &self.pairs {
            core::hint::black_box((self.operation)(a, b));
        }
    }
}
