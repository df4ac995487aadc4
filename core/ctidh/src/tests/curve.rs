use serde_json::Value;

use super::*;
use crate::{
    curve::{Curve, Point},
    elligator,
    isogeny::{Degree, Resultant, isogeny},
    mask::Mask,
    multiply::SecretChain,
};

mod doubling {
    use super::*;
    on_every_field!(doubling_matches_vectors, "/curve/xDBL", 4, 4);

    fn check<F: Field>(cases: &[Value], set: &Value) {
        let curve = Curve::<F>::from_coefficient(&element(&set["curve"], "A"));
        for case in cases {
            let point = point(case, "P");
            for doubled in curve.double([&point, &point]) {
                assert_eq!(affine(&doubled), text(case, "2P"));
            }
        }
    }
}

mod multiplication {
    use super::*;
    on_every_field!(multiplication_matches_vectors, "/curve/xMUL", 15, 23);

    fn check<F: Field>(cases: &[Value], set: &Value) {
        let curve = Curve::<F>::from_coefficient(&element(&set["curve"], "A"));
        for case in cases {
            let (l, point) = (case["l"].as_u64().unwrap(), point(case, "P"));
            let index = F::Set::PRIMES
                .iter()
                .position(|p| u64::from(*p) == l)
                .unwrap();
            let chain = F::Set::CHAINS[index];
            let batch = F::Set::BATCHES
                .iter()
                .find(|batch| index < batch.stop)
                .unwrap();
            let secret = SecretChain {
                bits: chain.bits.into(),
                len: chain.len.into(),
                longest: batch.chain_len,
            };
            let [public] = curve.multiply([point], chain);
            assert_eq!(affine(&public), text(case, "lP"), "{l}");
            for padded in curve.multiply_secret([point, point], secret) {
                assert_eq!(affine(&padded), text(case, "lP"), "{l}");
            }
        }
    }
}

mod isogenies {
    use super::*;
    on_every_field!(isogenies_match_vectors, "/curve/isogeny", 29, 45);

    fn check<F: Field>(cases: &[Value], set: &Value) {
        let curve = Curve::<F>::from_coefficient(&element(&set["curve"], "A"));
        let coefficient = element::<F>(&set["curve"], "A");
        let mut space = Resultant::EMPTY;
        for case in cases {
            let l = case["l"].as_u64().unwrap();
            let index = F::Set::PRIMES
                .iter()
                .position(|p| u64::from(*p) == l)
                .unwrap();
            let batch = F::Set::BATCHES
                .iter()
                .find(|batch| index < batch.stop)
                .unwrap();
            let degree = Degree {
                prime: l,
                smallest: F::Set::PRIMES[batch.start].into(),
                largest: F::Set::PRIMES[batch.stop - 1].into(),
                steps: batch.steps,
            };
            // x³ + Ax² + x is a square on the curve, and not on the twist
            let x = element::<F>(case, "K");
            let square = x.mul(&x.mul(&x.add(&coefficient)).add(&F::ONE)).is_square();
            let on_curve = case["K_on_curve_not_twist"].as_bool().unwrap();
            assert_eq!(square.word() & 1 == 1, on_curve, "{l}");
            let kernel = point::<F>(case, "K");
            let mut images = [point(case, "P"), point(case, "P")];
            let end = isogeny(&curve, &kernel, degree, &mut images, &mut space);
            assert_eq!(hex(&end.coefficient()), text(case, "A_new"), "{l}");
            for image in &images {
                assert_eq!(affine(image), text(case, "P_image"), "{l}");
            }
            let mut images = [point(case, "P")];
            let end = isogeny(&curve, &kernel, degree, &mut images, &mut space);
            assert_eq!(hex(&end.coefficient()), text(case, "A_new"), "{l}");
            assert_eq!(affine(&images[0]), text(case, "P_image"), "{l}");
            let end = isogeny(&curve, &kernel, degree, &mut [], &mut space);
            assert_eq!(hex(&end.coefficient()), text(case, "A_new"), "{l}");
        }
    }
}

mod elligator_pairs {
    use super::*;
    on_every_field!(elligator_pairs_match_vectors, "/curve/elligator", 6, 6);

    fn check<F: Field>(cases: &[Value], _set: &Value) {
        for case in cases {
            let curve = Curve::<F>::from_coefficient(&element(case, "A"));
            let [on_curve, on_twist] = elligator::points(&curve, &element(case, "u"));
            assert_eq!(affine(&on_curve), text(case, "x_on_curve"));
            assert_eq!(affine(&on_twist), text(case, "x_on_twist"));
        }
    }
}

#[test]
fn an_undefined_addition_gives_the_operand_back() {
    // a point of order 3 times 5: 3P is a difference on the way for some chains of larger primes
    let file = file();
    let case = &file["ctidh511"]["curve"]["isogeny"][0];
    assert_eq!(case["l"], 3);
    let curve = Curve::from_coefficient(&element(&file["ctidh511"]["curve"], "A"));
    let kernel = point::<<Set511 as Set>::Portable>(case, "K");
    for chain in &Set511::CHAINS[1..] {
        let [multiple] = curve.multiply([kernel], *chain);
        assert_eq!(multiple.is_infinity().word(), Mask::NO.word());
        assert_eq!(affine(&multiple), text(case, "K"));
    }
}

fn point<F: Field>(case: &Value, name: &str) -> Point<F> {
    // any scale will do
    let scale = F::ONE.add(&F::ONE).add(&F::ONE);
    Point {
        x: element::<F>(case, name).mul(&scale),
        z: scale,
    }
}

fn affine<F: Field>(point: &Point<F>) -> String {
    hex(&point.x.mul(&point.z.invert()))
}
