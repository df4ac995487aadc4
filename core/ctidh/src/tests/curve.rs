use super::{
    file::{Doubling, Elligator, Isogeny, Multiple},
    *,
};
use crate::{
    curve::{Curve, Point},
    elligator,
    isogeny::{Degree, Resultant, isogeny},
    mask::Mask,
    multiply::SecretChain,
};

mod doubling {
    use super::*;
    on_every_field!(doubling_matches_vectors, curve.doublings, 4, 4);

    fn check<F: Field>(cases: &[Doubling], section: &Section) {
        let curve = Curve::<F>::from_coefficient(&element(&section.curve.coefficient));
        for case in cases {
            let point = point(&case.point);
            for doubled in curve.double([&point, &point]) {
                assert_eq!(affine(&doubled), case.double);
            }
        }
    }
}

mod multiplication {
    use super::*;
    on_every_field!(multiplication_matches_vectors, curve.multiples, 15, 23);

    fn check<F: Field>(cases: &[Multiple], section: &Section) {
        let curve = Curve::<F>::from_coefficient(&element(&section.curve.coefficient));
        for case in cases {
            let (l, point) = (case.l, point(&case.point));
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
            assert_eq!(affine(&public), case.multiple, "{l}");
            for padded in curve.multiply_secret([point, point], secret) {
                assert_eq!(affine(&padded), case.multiple, "{l}");
            }
        }
    }
}

mod isogenies {
    use super::*;
    on_every_field!(isogenies_match_vectors, curve.isogeny, 29, 45);

    fn check<F: Field>(cases: &[Isogeny], section: &Section) {
        let curve = Curve::<F>::from_coefficient(&element(&section.curve.coefficient));
        let coefficient = element::<F>(&section.curve.coefficient);
        let mut space = Resultant::EMPTY;
        for case in cases {
            let l = case.l;
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
            let x = element::<F>(&case.kernel);
            let square = x.mul(&x.mul(&x.add(&coefficient)).add(&F::ONE)).is_square();
            assert_eq!(square.word() & 1 == 1, case.on_curve, "{l}");
            let kernel = point::<F>(&case.kernel);
            let mut images = [point(&case.point), point(&case.point)];
            let end = isogeny(&curve, &kernel, degree, &mut images, &mut space);
            assert_eq!(hex(&end.coefficient()), case.end, "{l}");
            for image in &images {
                assert_eq!(affine(image), case.image, "{l}");
            }
            let mut images = [point(&case.point)];
            let end = isogeny(&curve, &kernel, degree, &mut images, &mut space);
            assert_eq!(hex(&end.coefficient()), case.end, "{l}");
            assert_eq!(affine(&images[0]), case.image, "{l}");
            let end = isogeny(&curve, &kernel, degree, &mut [], &mut space);
            assert_eq!(hex(&end.coefficient()), case.end, "{l}");
        }
    }
}

mod elligator_pairs {
    use super::*;
    on_every_field!(elligator_pairs_match_vectors, curve.elligator, 6, 6);

    fn check<F: Field>(cases: &[Elligator], _section: &Section) {
        for case in cases {
            let curve = Curve::<F>::from_coefficient(&element(&case.coefficient));
            let [on_curve, on_twist] = elligator::points(&curve, &element(&case.u));
            assert_eq!(affine(&on_curve), case.x_on_curve);
            assert_eq!(affine(&on_twist), case.x_on_twist);
        }
    }
}

#[test]
fn an_undefined_addition_gives_the_operand_back() {
    // a point of order 3 times 5: 3P is a difference on the way for some chains of larger primes
    let curves = File::read().ctidh511.curve;
    let case = &curves.isogeny[0];
    assert_eq!(case.l, 3);
    let curve = Curve::from_coefficient(&element(&curves.coefficient));
    let kernel = point::<<Set511 as Set>::Portable>(&case.kernel);
    for chain in &Set511::CHAINS[1..] {
        let [multiple] = curve.multiply([kernel], *chain);
        assert_eq!(multiple.is_infinity().word(), Mask::NO.word());
        assert_eq!(affine(&multiple), case.kernel);
    }
}

fn point<F: Field>(x: &str) -> Point<F> {
    // any scale will do
    let scale = F::ONE.add(&F::ONE).add(&F::ONE);
    Point {
        x: element::<F>(x).mul(&scale),
        z: scale,
    }
}

fn affine<F: Field>(point: &Point<F>) -> String {
    hex(&point.x.mul(&point.z.invert()))
}
