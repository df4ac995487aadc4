//! The kernels against plain integers.

extern crate std;

use std::vec::Vec;

use num_bigint::BigUint;
use proptest::prelude::*;

use super::{DIGIT, Ifma, TOP, Vectors};
use crate::{
    field::Field,
    mask::Mask,
    set::{Array, Set, Set511, Set1024},
};

type F1024 = Ifma<Set1024, 16, 3, 21>;
type F511 = Ifma<Set511, 8, 2, 12>;

fn integer(limbs: &[u64]) -> BigUint {
    limbs
        .iter()
        .rev()
        .fold(BigUint::ZERO, |all, limb| (all << 64) + *limb)
}

fn value<const Z: usize>(digits: &Vectors<Z>) -> BigUint {
    let digits = digits.0.as_flattened().iter().rev();
    digits.fold(BigUint::ZERO, |all, digit| (all << DIGIT) + *digit)
}

macro_rules! against_integers {
    ($name:ident, $field:ty, $set:ty, $limbs:literal, $vectors:literal, $digits:literal) => {
        mod $name {
            use super::*;

            fn modulus() -> BigUint {
                integer(&<$set>::MODULUS)
            }

            /// What the wire's integer says.
            fn meaning(element: &$field) -> BigUint {
                integer(&element.to_limbs())
            }

            /// The quotient of a product of wire integers.
            fn redc(product: BigUint) -> BigUint {
                let p = modulus();
                let inverse = (BigUint::from(1u8) << (64usize * $limbs))
                    .modinv(&p)
                    .unwrap();
                product * inverse % p
            }

            /// An element with any digits a reduced one may have.
            fn reduced(seed: &[u64]) -> $field {
                let mut digits = Vectors([[0; 8]; $vectors]);
                for i in 0..$digits {
                    let limit = if i + 1 == $digits {
                        1 << TOP
                    } else {
                        1 << DIGIT
                    };
                    let limit: u64 = limit + (1 << 10);
                    digits.0[i / 8][i % 8] = match seed[i] % 8 {
                        0 => limit - 1,
                        1 => 0,
                        _ => (seed[i] >> 3) % limit,
                    };
                }
                <$field>::wrap(digits)
            }

            fn check(a: &$field, b: &$field) {
                let p = modulus();
                let (x, y) = (meaning(a), meaning(b));
                assert!(x < p);
                assert_eq!(x, {
                    let r = BigUint::from(1u8) << (DIGIT * ($digits + 1usize));
                    let wire = BigUint::from(1u8) << (64usize * $limbs);
                    value(&a.0) * wire % &p * r.modinv(&p).unwrap() % &p
                });
                let is_reduced = |element: &$field| {
                    let digits = element.0.0.as_flattened();
                    digits.iter().enumerate().all(|(i, digit)| match i + 1 {
                        i if i < $digits => *digit < (1 << DIGIT) + (1 << 10),
                        i if i == $digits => *digit < (1 << TOP) + (1 << 10),
                        _ => *digit == 0,
                    })
                };
                for (got, expected) in [
                    (a.add(b), (&x + &y) % &p),
                    (a.sub(b), (&x + &p - &y) % &p),
                    (a.mul(b), redc(&x * &y)),
                    (a.sqr(), redc(&x * &x)),
                    (a.sum(b).mul(&b.diff(a)), redc((&x + &y) * (&y + &p - &x))),
                    (
                        a.diff(b).mul(&a.diff(b)),
                        redc((&x + &p - &y) * (&x + &p - &y)),
                    ),
                    (a.sum(b).sqr(), redc((&x + &y) * (&x + &y))),
                    (a.neg(), (&p - &x) % &p),
                ] {
                    assert!(is_reduced(&got));
                    assert_eq!(meaning(&got), expected);
                    assert_eq!(got.is_zero().word() != 0, expected == BigUint::ZERO);
                }
                for terms in 0..=9_u32 {
                    let operands: Vec<$field> = (0..terms)
                        .map(|i| if i % 3 == 0 { *b } else { *a })
                        .collect();
                    let sum = <$field>::dot(&operands, &[*b; 9]);
                    let (ours, theirs) = (terms.div_ceil(3), terms - terms.div_ceil(3));
                    assert!(is_reduced(&sum));
                    assert_eq!(
                        meaning(&sum),
                        redc(&y * (&y * ours + &x * theirs)),
                        "{terms}"
                    );
                }
                let (mut c, mut d) = (*a, *b);
                <$field>::cswap(&mut c, &mut d, Mask::NO);
                assert_eq!((c.0.0, d.0.0), (a.0.0, b.0.0));
                <$field>::cswap(&mut c, &mut d, Mask::YES);
                assert_eq!((c.0.0, d.0.0), (b.0.0, a.0.0));
                c.cmov(a, Mask::NO);
                assert_eq!(c.0.0, b.0.0);
                c.cmov(a, Mask::YES);
                assert_eq!(c.0.0, a.0.0);
            }

            #[test]
            fn agrees_at_the_edges() {
                let p = modulus();
                let limbs = |number: BigUint| {
                    let mut out = <[u64; $limbs]>::filled(0);
                    for (out, digit) in out.iter_mut().zip(number.iter_u64_digits()) {
                        *out = digit;
                    }
                    out
                };
                let mut edges: Vec<$field> = [
                    BigUint::ZERO,
                    BigUint::from(1u8),
                    BigUint::from(2u8),
                    &p - 1u8,
                    &p - 2u8,
                    &p >> 1,
                    (&p >> 1) + 1u8,
                ]
                .into_iter()
                .map(|number| {
                    let wire = limbs(number);
                    let element = <$field>::from_limbs(&wire);
                    assert_eq!(element.to_limbs(), wire);
                    element
                })
                .collect();
                edges.push(<$field>::ONE);
                edges.push(reduced(&[0; $digits])); // every digit as large as it may be
                // multiples of p as they may stand
                for factor in [1u64, 2, 4, 1 << 40, (1 << 49) - 1] {
                    let number = &p * factor;
                    let mut digits = Vectors([[0; 8]; $vectors]);
                    for i in 0..$digits {
                        let digit: BigUint = (&number >> (DIGIT * i)) % (1u64 << DIGIT);
                        digits.0[i / 8][i % 8] = digit.iter_u64_digits().next().unwrap_or(0);
                    }
                    let element = <$field>::wrap(digits);
                    assert!(element.is_zero().word() != 0);
                    edges.push(element);
                }
                for a in &edges {
                    for b in &edges {
                        check(a, b);
                    }
                }
            }

            #[test]
            fn powers_agree_with_the_portable_field() {
                let mut wire = <$set>::ONE;
                wire[0] ^= 0x1234_5678;
                let ours = <$field>::from_limbs(&wire);
                let portable = <$set as Set>::Portable::from_limbs(&wire);
                assert_eq!(ours.invert().to_limbs(), portable.invert().to_limbs());
                assert_eq!(ours.is_square().word(), portable.is_square().word(),);
                assert!(ours.sqr().is_square().word() != 0);
            }

            proptest! {
                #[test]
                fn agrees_on_any_reduced_digits(
                    a in prop::collection::vec(any::<u64>(), $digits),
                    b in prop::collection::vec(any::<u64>(), $digits),
                ) {
                    check(&reduced(&a), &reduced(&b));
                }
            }
        }
    };
}

against_integers!(set1024, F1024, Set1024, 16, 3, 21);
against_integers!(set511, F511, Set511, 8, 2, 12);
