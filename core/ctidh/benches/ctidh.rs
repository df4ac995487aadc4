//! Nanoseconds per field operation, for each set and back end.

use criterion::{Criterion, criterion_group, criterion_main};
use ctidh::{Set, Set511, Set1024, hazmat::Field};

fn field<F: Field>(criterion: &mut Criterion, backend: &str) {
    let id = |operation: &str| format!("{operation}/{}/{backend}", <F::Set as Set>::NAME);
    // any element will do: nothing here depends on values
    let mut x = F::ONE;
    for _ in 0..100 {
        x = x.add(&x);
    }
    let mut y = x.sqr();
    criterion.bench_function(&id("mul"), |b| b.iter(|| y = y.mul(&x)));
    criterion.bench_function(&id("sqr"), |b| b.iter(|| y = y.sqr()));
    criterion.bench_function(&id("add"), |b| b.iter(|| y = y.add(&x)));
    criterion.bench_function(&id("sub"), |b| b.iter(|| y = y.sub(&x)));
    criterion.bench_function(&id("muls of 8"), |b| {
        b.iter(|| F::muls([(&x, &y); 8]));
    });
}

fn all(criterion: &mut Criterion) {
    field::<<Set511 as Set>::Portable>(criterion, "portable");
    field::<<Set1024 as Set>::Portable>(criterion, "portable");
}

criterion_group!(benches, all);
criterion_main!(benches);
