//! The constants that the compiler computed against the published ones.

use num_bigint::BigUint;

use super::{file::Params, *};

#[test]
fn constants_match_vectors() {
    let file = File::read();
    check::<Set511>(&file.ctidh511.params);
    check::<Set1024>(&file.ctidh1024.params);
}

fn check<S: Set>(params: &Params) {
    let p: Vec<String> = S::MODULUS
        .as_ref()
        .iter()
        .map(|l| std::format!("{l:016x}"))
        .collect();
    assert_eq!(p, params.p_limbs_le_u64);
    let big_endian: String = p.into_iter().rev().collect();
    assert_eq!(big_endian.trim_start_matches('0'), params.p_be_hex);
    assert_eq!(params.cofactor, 4);
    assert_eq!(params.r_log2, 64 * S::MODULUS.as_ref().len());
    assert_eq!(
        std::format!("{:x}", S::MINUS_INVERSE),
        params.minus_p_inv_mod_2_64
    );
    assert_eq!(params.sk_len, S::PRIMES.len());
    assert_eq!(params.pk_len, S::Encoding::filled(0).as_ref().len());
    assert_eq!(
        S::PRIMES
            .iter()
            .map(|&l| usize::from(l))
            .collect::<Vec<_>>(),
        params.primes
    );

    // the bound of a proof that a curve is supersingular: 4√p, rounded down
    let product: BigUint = S::PRIMES.iter().map(|&l| BigUint::from(l)).product();
    let p: BigUint = product * 4_u32 - 1_u32;
    let root = params.four_sqrt_p_floor_be_hex.as_bytes();
    assert_eq!(BigUint::parse_bytes(root, 16), Some((p * 16_u32).sqrt()));

    let one = <S::Portable as Field>::ONE;
    assert_eq!(hex(&one), params.one_mont);
    assert_eq!(hex(&one.add(&one)), params.two_mont);
    // R² as a plain integer is R in Montgomery form: 1 doubled as often as R has bits
    let mut r = one;
    for _ in 0..params.r_log2 {
        r = r.add(&r);
    }
    assert_eq!(hex(&r), params.r2_mod_p_le);

    let batches = |part: fn(&crate::set::Batch) -> usize| -> Vec<usize> {
        S::BATCHES.iter().map(part).collect()
    };
    assert_eq!(batches(|b| b.start), params.batch_start);
    assert_eq!(batches(|b| b.stop), params.batch_stop);
    assert_eq!(batches(|b| b.stop - b.start), params.batch_size);
    assert_eq!(batches(|b| usize::from(b.bound)), params.batch_bound);
    assert_eq!(
        batches(|b| usize::from(b.chain_len)),
        params.batch_max_chain_len
    );
    assert_eq!(
        S::CHAINS
            .iter()
            .map(|c| usize::from(c.len))
            .collect::<Vec<_>>(),
        params.chain_len
    );
    assert_eq!(params.chain_bits.len(), S::PRIMES.len());
    let published = params.chain_bits.iter().zip(&params.chain_len);
    for ((bits, len), &l) in published.zip(S::PRIMES) {
        assert_eq!(walk(*bits, *len), usize::from(l), "the published chain");
    }
}

#[test]
fn every_chain_ends_at_its_prime() {
    for (chain, &l) in Set1024::CHAINS.iter().zip(Set1024::PRIMES) {
        assert_eq!(walk(chain.bits.into(), chain.len.into()), usize::from(l));
    }
    for (chain, &l) in Set511::CHAINS.iter().zip(Set511::PRIMES) {
        assert_eq!(walk(chain.bits.into(), chain.len.into()), usize::from(l));
    }
}

/// The multiple that a chain computes.
fn walk(bits: usize, len: usize) -> usize {
    let (mut a, mut b, mut c) = (1, 2, 3);
    for step in 0..len {
        if bits >> step & 1 == 0 {
            (a, b) = (b, a);
        }
        assert_eq!(c - a, b, "the difference point is at hand");
        (a, b, c) = (a, c, a + c);
    }
    c
}
