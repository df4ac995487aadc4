//! Vectors of digits: the instructions.
//!
//! Every function here needs AVX-512 F and IFMA, and says so with `target_feature`.

#![expect(
    clippy::needless_range_loop,
    reason = "several vectors are walked in step, by their number"
)]

use core::arch::x86_64::{
    __m512i, __mmask8, _mm512_add_epi64, _mm512_alignr_epi64, _mm512_and_si512,
    _mm512_madd52hi_epu64, _mm512_madd52lo_epu64, _mm512_mask_add_epi64, _mm512_mask_and_epi64,
    _mm512_mask_mov_epi64, _mm512_maskz_srli_epi64, _mm512_permutexvar_epi64, _mm512_set1_epi64,
    _mm512_setzero_si512, _mm512_srli_epi64, _mm512_sub_epi64,
};

use super::{
    DIGIT, TOP, Vectors,
    constants::{MASK, Shifted},
};

type Lanes<const Z: usize> = [__m512i; Z];

/// What the kernels need to know of a field.
#[derive(Debug)]
pub(super) struct Constants<const Z: usize> {
    /// `2^-51`, `2^-102` and `2^-153` modulo p.
    pub(super) inverses: [Shifted<Z>; 3],
    /// `2^(51·(D - 1) + TOP)` modulo p.
    pub(super) top: Vectors<Z>,
    /// A multiple of p of which each digit exceeds that of a reduced element.
    pub(super) multiple: Vectors<Z>,
}

/// The sum of the `T` products divided by `2^(51·(D + 1))`.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn dot<const Z: usize, const D: usize, const T: usize>(
    a: [&Vectors<Z>; T],
    b: [&Vectors<Z>; T],
    constants: &Constants<Z>,
) -> Vectors<Z> {
    let [once, twice, thrice] = &constants.inverses;
    let a = a.map(|a| positions(load(a)));
    let mut total = Rows::new::<3, T>(&a, b, 0).total();
    let mut i = 3;
    while i < D - 3 {
        total = fold::<3, Z>(total, thrice, &Rows::new::<3, T>(&a, b, i));
        i += 3;
    }
    total = fold::<3, Z>(total, thrice, &Rows::new::<2, T>(&a, b, i));
    total = fold::<2, Z>(total, twice, &Rows::new::<1, T>(&a, b, i + 2));
    total = fold::<1, Z>(total, once, &Rows::new::<0, T>(&a, b, D));
    total = fold::<1, Z>(total, once, &Rows::new::<0, T>(&a, b, D));
    store(carry::<Z, D>(total))
}

/// The sum, its highest digit below `2^TOP + 2^10`.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn add<const Z: usize, const D: usize>(
    a: &Vectors<Z>,
    b: &Vectors<Z>,
    constants: &Constants<Z>,
) -> Vectors<Z> {
    store(reduce::<Z, D>(plus(load(a), load(b)), constants))
}

/// The difference, its highest digit below `2^TOP + 2^10`.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn sub<const Z: usize, const D: usize>(
    a: &Vectors<Z>,
    b: &Vectors<Z>,
    constants: &Constants<Z>,
) -> Vectors<Z> {
    let lifted = plus(load(a), load(&constants.multiple));
    store(reduce::<Z, D>(minus(lifted, load(b)), constants))
}

/// The sum, with a larger highest digit.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn sum<const Z: usize, const D: usize>(a: &Vectors<Z>, b: &Vectors<Z>) -> Vectors<Z> {
    store(carry::<Z, D>(plus(load(a), load(b))))
}

/// The difference, with a larger highest digit.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn diff<const Z: usize, const D: usize>(
    a: &Vectors<Z>,
    b: &Vectors<Z>,
    constants: &Constants<Z>,
) -> Vectors<Z> {
    let lifted = plus(load(a), load(&constants.multiple));
    store(carry::<Z, D>(minus(lifted, load(b))))
}

/// `b` where the bits of `mask` are set, else `a`.
#[target_feature(enable = "avx512f")]
pub(super) fn select<const Z: usize>(a: &Vectors<Z>, b: &Vectors<Z>, mask: __mmask8) -> Vectors<Z> {
    let (mut a, b) = (load(a), load(b));
    for z in 0..Z {
        a[z] = _mm512_mask_mov_epi64(a[z], mask, b[z]);
    }
    store(a)
}

/// Rows of a product: `low + 2·high`, digit by digit.
///
/// The upper 52 bits of a product of digits weigh `2^52`: twice the next digit, hence the factor 2
/// and a position one higher.
struct Rows<const Z: usize> {
    low: Lanes<Z>,
    high: Lanes<Z>,
}

impl<const Z: usize> Rows<Z> {
    /// The sum of each `a` times the `K` digits of its `b` from `first` on.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn new<const K: usize, const T: usize>(
        a: &[[Lanes<Z>; 4]; T],
        b: [&Vectors<Z>; T],
        first: usize,
    ) -> Self {
        let mut rows = Self {
            low: [_mm512_setzero_si512(); Z],
            high: [_mm512_setzero_si512(); Z],
        };
        for (a, b) in a.iter().zip(b) {
            for k in 0..K {
                let digit = b.0[(first + k) / 8][(first + k) % 8];
                let digit = _mm512_set1_epi64(digit.cast_signed());
                for z in 0..Z {
                    rows.low[z] = _mm512_madd52lo_epu64(rows.low[z], a[k][z], digit);
                    rows.high[z] = _mm512_madd52hi_epu64(rows.high[z], a[k + 1][z], digit);
                }
            }
        }
        rows
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn total(&self) -> Lanes<Z> {
        plus(self.low, plus(self.high, self.high))
    }
}

/// Divides `total` by `2^(51·K)` modulo p and adds `rows`: the lowest `K` digits are taken away, the
/// others moved down, and `inverse` of `2^(51·K)` is added as often as the lowest digits say.
///
/// With rows of T products, a lane gains less than `9·(T + 1)·2^52` in each fold, and leaves after
/// `D/3 + 1` of them at the latest: up to T = 4 it stays below `2^61`.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn fold<const K: usize, const Z: usize>(
    total: Lanes<Z>,
    inverse: &Shifted<Z>,
    rows: &Rows<Z>,
) -> Lanes<Z> {
    let zero = _mm512_setzero_si512();
    let mut digits = [zero; K];
    let mut carry = zero;
    for k in 0..K {
        let digit = _mm512_permutexvar_epi64(_mm512_set1_epi64(k as i64), total[0]);
        digits[k] = _mm512_add_epi64(_mm512_and_si512(digit, mask()), carry);
        carry = _mm512_srli_epi64::<{ DIGIT as u32 }>(digit);
    }
    let mut low = down::<K, Z>(total);
    low[0] = _mm512_mask_add_epi64(low[0], 1, low[0], carry);

    // The next fold waits for the lowest vector: there the products are summed as a tree.
    let (first, second) = (load(&inverse[0]), load(&inverse[1]));
    let mut high = rows.high;
    for z in 0..Z {
        low[z] = _mm512_madd52lo_epu64(low[z], first[z], digits[0]);
        high[z] = _mm512_madd52hi_epu64(high[z], second[z], digits[0]);
    }
    let mut more = Rows {
        low: rows.low,
        high: [zero; Z],
    };
    for k in 1..K {
        let (first, second) = (load(&inverse[k]), load(&inverse[k + 1]));
        for z in 0..Z {
            more.low[z] = _mm512_madd52lo_epu64(more.low[z], first[z], digits[k]);
            more.high[z] = _mm512_madd52hi_epu64(more.high[z], second[z], digits[k]);
        }
    }
    plus(plus(low, plus(high, high)), more.total())
}

/// Replaces what exceeds `TOP` bits in the highest digit, at most 2, by its residue, and carries.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn reduce<const Z: usize, const D: usize>(mut a: Lanes<Z>, constants: &Constants<Z>) -> Lanes<Z> {
    let (at, lane) = ((D - 1) / 8, (D - 1) % 8);
    let excess = _mm512_srli_epi64::<{ TOP as u32 }>(a[at]);
    let excess = _mm512_permutexvar_epi64(_mm512_set1_epi64(lane as i64), excess);
    let kept = _mm512_set1_epi64((1 << TOP) - 1);
    a[at] = _mm512_mask_and_epi64(a[at], 1 << lane, a[at], kept);
    let residue = load(&constants.top);
    for z in 0..Z {
        a[z] = _mm512_madd52lo_epu64(a[z], residue[z], excess);
    }
    carry::<Z, D>(a)
}

/// Moves what exceeds 51 bits in each digit but the highest into the next, once.
#[inline]
#[target_feature(enable = "avx512f")]
fn carry<const Z: usize, const D: usize>(a: Lanes<Z>) -> Lanes<Z> {
    let (top, lane) = ((D - 1) / 8, (D - 1) % 8);
    let mut out = a;
    let mut below = _mm512_setzero_si512();
    for z in 0..Z {
        let carry;
        if z == top {
            let others: __mmask8 = !(1 << lane);
            carry = _mm512_maskz_srli_epi64::<{ DIGIT as u32 }>(others, a[z]);
            out[z] = _mm512_mask_and_epi64(a[z], others, a[z], mask());
        } else {
            carry = _mm512_srli_epi64::<{ DIGIT as u32 }>(a[z]);
            out[z] = _mm512_and_si512(a[z], mask());
        }
        out[z] = _mm512_add_epi64(out[z], _mm512_alignr_epi64::<7>(carry, below));
        below = carry;
    }
    out
}

/// `a` moved up by 0, 1, 2 and 3 digits.
#[inline]
#[target_feature(enable = "avx512f")]
fn positions<const Z: usize>(a: Lanes<Z>) -> [Lanes<Z>; 4] {
    let mut out = [a; 4];
    let mut below = _mm512_setzero_si512();
    for z in 0..Z {
        out[1][z] = _mm512_alignr_epi64::<7>(a[z], below);
        out[2][z] = _mm512_alignr_epi64::<6>(a[z], below);
        out[3][z] = _mm512_alignr_epi64::<5>(a[z], below);
        below = a[z];
    }
    out
}

/// `a` moved down by `K` digits.
#[inline]
#[target_feature(enable = "avx512f")]
fn down<const K: usize, const Z: usize>(a: Lanes<Z>) -> Lanes<Z> {
    let mut out = a;
    for z in 0..Z {
        let above = if z + 1 < Z {
            a[z + 1]
        } else {
            _mm512_setzero_si512()
        };
        out[z] = match K {
            1 => _mm512_alignr_epi64::<1>(above, a[z]),
            2 => _mm512_alignr_epi64::<2>(above, a[z]),
            _ => _mm512_alignr_epi64::<3>(above, a[z]),
        };
    }
    out
}

#[inline]
#[target_feature(enable = "avx512f")]
fn plus<const Z: usize>(mut a: Lanes<Z>, b: Lanes<Z>) -> Lanes<Z> {
    for z in 0..Z {
        a[z] = _mm512_add_epi64(a[z], b[z]);
    }
    a
}

#[inline]
#[target_feature(enable = "avx512f")]
fn minus<const Z: usize>(mut a: Lanes<Z>, b: Lanes<Z>) -> Lanes<Z> {
    for z in 0..Z {
        a[z] = _mm512_sub_epi64(a[z], b[z]);
    }
    a
}

#[inline]
#[target_feature(enable = "avx512f")]
fn mask() -> __m512i {
    _mm512_set1_epi64(MASK.cast_signed())
}

#[inline]
#[target_feature(enable = "avx512f")]
#[expect(unsafe_code, reason = "an array of eight lanes is a register")]
fn load<const Z: usize>(a: &Vectors<Z>) -> Lanes<Z> {
    let mut out = [_mm512_setzero_si512(); Z];
    for z in 0..Z {
        // SAFETY: both types are 64 bytes without padding or invalid values.
        out[z] = unsafe { core::mem::transmute::<[u64; 8], __m512i>(a.0[z]) };
    }
    out
}

#[inline]
#[target_feature(enable = "avx512f")]
#[expect(unsafe_code, reason = "an array of eight lanes is a register")]
fn store<const Z: usize>(a: Lanes<Z>) -> Vectors<Z> {
    let mut out = Vectors([[0; 8]; Z]);
    for z in 0..Z {
        // SAFETY: both types are 64 bytes without padding or invalid values.
        out.0[z] = unsafe { core::mem::transmute::<__m512i, [u64; 8]>(a[z]) };
    }
    out
}
