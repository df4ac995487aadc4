use crate::{
    curve::{Curve, Point},
    field::Field,
};

/// A point on the curve and one on its twist, from one field element other than 0, 1 and -1.
///
/// With `w = u² - 1`: `x1 = A/(C·w)`, or `1/w` if `A = 0`; `x2 = -x1 - A/C`. Of the right-hand
/// sides of the curve equation at the two, one is -u² times the other (-1 times if `A = 0`), and
/// -1 is not a square.
pub(crate) fn points<F: Field>(curve: &Curve<F>, u: &F) -> [Point<F>; 2] {
    // twice A and twice C, so that nothing has to be halved
    let two_a = curve.plus.add(&curve.minus);
    let (a, c) = (two_a.add(&two_a), curve.four_c);
    let w = u.sqr().sub(&F::ONE);
    let mut x1 = a;
    x1.cmov(&c, a.is_zero());
    let [z, aw] = F::muls([(&c, &w), (&a, &w)]);
    let x2 = x1.add(&aw).neg();

    // z⁴ times the right-hand side at x1: x·z·(x² + (a·w)·x + z²)
    let [xx, zz] = F::sqrs([&x1, &z]);
    let [axw, xz] = F::muls([(&aw, &x1), (&x1, &z)]);
    let right = xz.mul(&xx.add(&zz).sum(&axw));
    let on_curve = right.is_square();

    let (mut first, mut second) = (Point { x: x1, z }, Point { x: x2, z });
    Point::cswap(&mut first, &mut second, !on_curve);
    [first, second]
}
