//! Nanoseconds per field operation and milliseconds per key operation, for each set and back end.

use criterion::{Criterion, criterion_group, criterion_main};
use ctidh::{
    Backend, PublicKey, SecretKey, Set, Set511, Set1024,
    hazmat::{Field, Task},
};

/// Benches the field of a back end.
struct Fields<'a, S> {
    criterion: &'a mut Criterion,
    backend: Backend,
    set: core::marker::PhantomData<S>,
}

impl<S: Set> Task for Fields<'_, S> {
    type Set = S;
    type Output = ();

    fn run<F: Field<Set = S>>(self) {
        let Self {
            criterion, backend, ..
        } = self;
        // any element will do: nothing here depends on values
        let x = (0..100).fold(F::ONE, |x, _| x.add(&x));
        let mut y = x.sqr();
        let mut bench = |operation: &str, run: &mut dyn FnMut()| {
            criterion.bench_function(&id::<S>(operation, backend), |b| b.iter(&mut *run));
        };
        bench("mul", &mut || y = y.mul(&x));
        bench("sqr", &mut || y = y.sqr());
        bench("add", &mut || y = y.add(&x));
        bench("sub", &mut || y = y.sub(&x));
        bench("8 muls", &mut || y = F::muls([(&x, &y); 8])[7]);
        bench("dot of 8", &mut || y = F::dot(&[y; 8], &[x; 8]));
    }
}

fn keys<S: Set>(criterion: &mut Criterion, backend: Backend) {
    let (secret, blind) = (SecretKey::<S>::from_seed(&[7; 32]), [9; 32]);
    let public = secret.public_key_with(backend, &blind);
    let mut number = 0_u64;
    let mut fresh = || {
        number += 1;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&number.to_le_bytes());
        seed
    };
    criterion.bench_function(&id::<S>("seed", backend), |b| {
        b.iter(|| SecretKey::<S>::from_seed(&fresh()));
    });
    criterion.bench_function(&id::<S>("validate", backend), |b| {
        b.iter(|| PublicKey::<S>::from_bytes_with(backend, public.as_bytes()));
    });
    criterion.bench_function(&id::<S>("action", backend), |b| {
        b.iter(|| secret.agree_with(backend, &public, &fresh()));
    });
}

fn id<S: Set>(operation: &str, backend: Backend) -> String {
    format!("{operation}/{}/{}", S::NAME, backend.name())
}

fn all(criterion: &mut Criterion) {
    for backend in Backend::available() {
        set::<Set511>(criterion, backend);
        set::<Set1024>(criterion, backend);
    }
}

fn set<S: Set>(criterion: &mut Criterion, backend: Backend) {
    backend.run(Fields::<S> {
        criterion,
        backend,
        set: core::marker::PhantomData,
    });
    keys::<S>(criterion, backend);
}

criterion_group!(name = benches; config = Criterion::default().sample_size(20); targets = all);
criterion_main!(benches);
