use super::{file::FieldCase, *};

on_every_field!(field_arithmetic_matches_vectors, field, 32, 40);

fn check<F: Field>(cases: &[FieldCase], _section: &Section) {
    for (i, case) in cases.iter().enumerate() {
        let (a, b) = (element::<F>(&case.a), element::<F>(&case.b));
        assert_eq!(hex(&a), case.a, "{i}");
        assert_eq!(hex(&a.add(&b)), case.add, "{i}");
        assert_eq!(hex(&a.sub(&b)), case.sub, "{i}");
        assert_eq!(hex(&a.mul(&b)), case.mul, "{i}");
        assert_eq!(hex(&a.sqr()), case.sqr_a, "{i}");
        assert_eq!(hex(&a.invert()), case.inv_a, "{i}");
        assert_eq!(a.is_square().word() & 1, case.a_is_square, "{i}");
        assert_eq!(case.sqrt_a.is_some(), case.a_is_square == 1, "{i}");
        if let Some(root) = &case.sqrt_a {
            assert_eq!(hex(&element::<F>(root).sqr()), case.a, "{i}");
        }
        // times 1/R, which is what the wire's integer 1 means, the wire shows the plain integer
        let mut one = <F::Set as Set>::Limbs::filled(0);
        one.as_mut()[0] = 1;
        let plain = a.mul(&F::from_limbs(&one)).to_limbs();
        let plain: String = (plain.as_ref().iter().rev())
            .map(|limb| std::format!("{limb:016x}"))
            .collect();
        let expected = case.a_plain_be_hex.trim_start_matches('0');
        assert_eq!(plain.trim_start_matches('0'), expected, "{i}");
        // lazy operands and batches give the same products
        let (sum, diff) = (a.mul(&F::ONE).sum(&b), a.diff(&b));
        let product = a.add(&b).mul(&a.sub(&b));
        assert_eq!(hex(&sum.mul(&diff)), hex(&product), "{i}");
        assert_eq!(hex(&sum.sqr()), hex(&a.add(&b).sqr()), "{i}");
        let mut out = [F::ZERO; 9];
        F::mul_each(&mut out, &[sum; 9], &[diff; 9]);
        for each in out.iter().chain(&F::muls([(&sum, &diff), (&diff, &sum)])) {
            assert_eq!(hex(each), hex(&product), "{i}");
        }
        assert_eq!(hex(&F::sqrs([&a, &sum])[0]), case.sqr_a, "{i}");
        for len in [0, 1, 3, 4, 16, 17, 33] {
            let sum = (0..len).fold(F::ZERO, |sum, _| sum.add(&case_product(case)));
            assert_eq!(
                hex(&F::dot(&[a; 33][..len], &[b; 40])),
                hex(&sum),
                "{i} {len}"
            );
        }
        assert_eq!(hex(&a.neg().add(&a)), hex(&F::ZERO), "{i}");
    }
}

fn case_product<F: Field>(case: &FieldCase) -> F {
    element(&case.mul)
}
