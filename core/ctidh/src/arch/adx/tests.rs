//! The products against plain integers.

extern crate std;

use num_bigint::BigUint;
use proptest::prelude::*;
use std::vec::Vec;

use super::Adx;
use crate::{
    field::{Field, Fp},
    set::{Array, Set, Set511, Set1024},
};

fn integer(limbs: &[u64]) -> BigUint {
    limbs
        .iter()
        .rev()
        .fold(BigUint::ZERO, |all, limb| (all << 64) + *limb)
}

macro_rules! against_integers {
    ($name:ident, $set:ty, $limbs:literal, reduced below $multiple:literal) => {
        mod $name {
            use super::*;

            /// The element of an integer below the limit of reduced ones.
            fn element(number: &BigUint) -> Adx<$set, $limbs> {
                let mut limbs = <[u64; $limbs]>::filled(0);
                for (limb, digit) in limbs.iter_mut().zip(number.iter_u64_digits()) {
                    *limb = digit;
                }
                Adx(Fp::from_limbs(&limbs))
            }

            fn check(x: &BigUint, y: &BigUint) {
                let p = integer(&<$set>::MODULUS);
                let limit = &p * ($multiple as u8);
                let inverse = (BigUint::from(1u8) << (64usize * $limbs))
                    .modinv(&p)
                    .unwrap();
                let (a, b) = (element(x), element(y));
                for (got, expected) in [
                    (a.mul(&b), x * y),
                    (a.sqr(), x * x),
                    (a.sum(&b).mul(&a.diff(&b)), (x + y) * (x + &limit - y)),
                    (a.sum(&b).sqr(), (x + y) * (x + y)),
                    (a.diff(&b).sqr(), (x + &limit - y) * (x + &limit - y)),
                ] {
                    assert!(integer(got.0.limbs()) < limit);
                    let expected = expected * &inverse % &p;
                    assert_eq!(integer(&got.to_limbs()), expected, "{x} {y}");
                }
                for terms in [0, 1, 2, 3, 4, 16, 17, 33_u32] {
                    let operands: Vec<_> = (0..terms).map(|_| a).collect();
                    let got = Adx::dot(&operands, &[b; 33]);
                    assert!(integer(got.0.limbs()) < limit);
                    let expected = x * y * terms * &inverse % &p;
                    assert_eq!(integer(&got.to_limbs()), expected, "{terms} times {x} {y}");
                }
            }

            #[test]
            fn products_agree_at_the_edges() {
                let limit = integer(&<$set>::MODULUS) * ($multiple as u8);
                let mut edges: Vec<BigUint> = [0u8, 1, 2].map(BigUint::from).into();
                for top in [limit.clone(), &limit >> 1, integer(&<$set>::MODULUS)] {
                    edges.extend([1u8, 2].map(|less| &top - less));
                }
                // long runs of ones, for the carries
                for bits in [63, 64, 65, 128, 256, 448, 504, 510] {
                    edges.push((BigUint::from(1u8) << bits) - 1u8);
                    edges.push(&limit - (BigUint::from(1u8) << bits));
                }
                for x in &edges {
                    for y in &edges {
                        check(x, y);
                    }
                }
            }

            proptest! {
                #[test]
                fn products_agree_on_any_operands(
                    x in any::<[u64; $limbs]>(),
                    y in any::<[u64; $limbs]>(),
                ) {
                    let limit = integer(&<$set>::MODULUS) * ($multiple as u8);
                    check(&(integer(&x) % &limit), &(integer(&y) % &limit));
                }
            }
        }
    };
}

against_integers!(set1024, Set1024, 16, reduced below 2);
against_integers!(set511, Set511, 8, reduced below 1);
