//! Products of eight limbs by eight: the instructions.

/// What one product works on, in one piece, so that a single register reaches all of it.
///
/// The blocks below name their places in it by index.
#[repr(align(64))]
pub(super) struct Bench(pub(super) [u64; END]);

/// The first factor.
pub(super) const A: usize = 0;
/// The second factor.
pub(super) const B: usize = 16;
/// The modulus.
pub(super) const P: usize = 32;
/// The double-length product.
pub(super) const T: usize = 48;
/// Quotient digits.
pub(super) const M: usize = 80;
/// `-1/p mod 2^64`.
pub(super) const K: usize = 88;
const END: usize = 89;

/// Eight limbs that go from one block to the next.
pub(super) type Window = [u64; 8];

/// A row: adds `rdx · x` to the nine limbs `r0..r8`, of which the last is new. ADCX carries the
/// lower halves of the products, ADOX the upper ones, in two chains that do not wait for each
/// other.
macro_rules! row {
    ($r0:literal $r1:literal $r2:literal $r3:literal $r4:literal $r5:literal $r6:literal $r7:literal
     $r8:literal) => {
        concat!(
            "xor {", $r8, ":e}, {", $r8, ":e}\n", // and clears both carries
            row!(step "0", $r0, $r1),
            row!(step "8", $r1, $r2),
            row!(step "16", $r2, $r3),
            row!(step "24", $r3, $r4),
            row!(step "32", $r4, $r5),
            row!(step "40", $r5, $r6),
            row!(step "48", $r6, $r7),
            row!(step "56", $r7, $r8),
            "mov {low:e}, 0\n",
            "adcx {", $r8, "}, {low}\n",
        )
    };
    (step $offset:literal, $below:literal, $above:literal) => {
        concat!(
            "mulx {high}, {low}, [{bench} + 8*{x} + ", $offset, "]\n",
            "adcx {", $below, "}, {low}\n",
            "adox {", $above, "}, {high}\n",
        )
    };
}

/// Eight rows, each with what comes before and after it; every row the names of the limbs move on.
macro_rules! rows {
    ($before:ident $after:ident) => {
        concat!(
            $before!("0", "r0"), row!("r0" "r1" "r2" "r3" "r4" "r5" "r6" "r7" "r8"), $after!("0", "r0"),
            $before!("8", "r1"), row!("r1" "r2" "r3" "r4" "r5" "r6" "r7" "r8" "r0"), $after!("8", "r1"),
            $before!("16", "r2"), row!("r2" "r3" "r4" "r5" "r6" "r7" "r8" "r0" "r1"), $after!("16", "r2"),
            $before!("24", "r3"), row!("r3" "r4" "r5" "r6" "r7" "r8" "r0" "r1" "r2"), $after!("24", "r3"),
            $before!("32", "r4"), row!("r4" "r5" "r6" "r7" "r8" "r0" "r1" "r2" "r3"), $after!("32", "r4"),
            $before!("40", "r5"), row!("r5" "r6" "r7" "r8" "r0" "r1" "r2" "r3" "r4"), $after!("40", "r5"),
            $before!("48", "r6"), row!("r6" "r7" "r8" "r0" "r1" "r2" "r3" "r4" "r5"), $after!("48", "r6"),
            $before!("56", "r7"), row!("r7" "r8" "r0" "r1" "r2" "r3" "r4" "r5" "r6"), $after!("56", "r7"),
        )
    };
}

/// The next limb of the factor.
macro_rules! factor {
    ($offset:literal, $lowest:literal) => {
        concat!("mov rdx, [{bench} + 8*{y} + ", $offset, "]\n")
    };
}

/// The limb that is done.
macro_rules! done {
    ($offset:literal, $lowest:literal) => {
        concat!("mov [{bench} + 8*{out} + ", $offset, "], {", $lowest, "}\n")
    };
}

/// The next digit of the quotient, kept in its place.
macro_rules! digit {
    ($offset:literal, $lowest:literal) => {
        concat!(
            "mov rdx, [{bench} + 8*{k}]\n",
            "imul rdx, {",
            $lowest,
            "}\n",
            "mov [{bench} + 8*{out} + ",
            $offset,
            "], rdx\n",
        )
    };
}

/// The lowest limb, which is zero now.
macro_rules! nothing {
    ($offset:literal, $lowest:literal) => {
        ""
    };
}

/// Eight rows on a window, and how the window lies afterwards. For an unsafe block.
macro_rules! block {
    ($before:ident $after:ident, $bench:ident, $window:ident, $($place:ident = $index:expr),+) => {{
        let [mut r0, mut r1, mut r2, mut r3, mut r4, mut r5, mut r6, mut r7] = $window;
        let r8: u64;
        core::arch::asm!(
            rows!($before $after),
            bench = in(reg) $bench.0.as_mut_ptr(),
            $($place = const $index,)+
            r0 = inout(reg) r0,
            r1 = inout(reg) r1,
            r2 = inout(reg) r2,
            r3 = inout(reg) r3,
            r4 = inout(reg) r4,
            r5 = inout(reg) r5,
            r6 = inout(reg) r6,
            r7 = inout(reg) r7,
            r8 = out(reg) r8,
            low = out(reg) _,
            high = out(reg) _,
            out("rdx") _,
            options(nostack),
        );
        let _ = r7;
        [r8, r0, r1, r2, r3, r4, r5, r6]
    }};
}

/// Adds the product of the eight limbs at `X` and those at `Y` to the window; its low half goes to
/// `OUT`, its high half becomes the window.
///
/// # Safety
///
/// The processor has BMI2 and ADX. `X`, `Y` and `OUT` are at most `END - 8`.
#[inline]
#[expect(unsafe_code, reason = "no other way to two chains of carries")]
pub(super) unsafe fn multiply<const X: usize, const Y: usize, const OUT: usize>(
    bench: &mut Bench,
    window: Window,
) -> Window {
    const { assert!(X + 8 <= END && Y + 8 <= END && OUT + 8 <= END) };
    // SAFETY: the processor has the instructions, as the caller promises. The block reads eight limbs
    // each at X and Y and writes eight at OUT, all inside of `bench`, as was checked above, and which
    // is borrowed for writing. It keeps the stack and jumps nowhere.
    unsafe { block!(factor done, bench, window, x = X, y = Y, out = OUT) }
}

/// Adds the multiple of the eight limbs at `P` to the window that makes its low half zero, and puts
/// the factor at `M`; the high half becomes the window.
///
/// # Safety
///
/// The processor has BMI2 and ADX.
#[inline]
#[expect(unsafe_code, reason = "no other way to two chains of carries")]
pub(super) unsafe fn clear(bench: &mut Bench, window: Window) -> Window {
    // SAFETY: the processor has the instructions, as the caller promises. The block reads eight limbs
    // at P and one at K and writes eight at M, all inside of `bench`, which is borrowed for writing.
    // It keeps the stack and jumps nowhere.
    unsafe { block!(digit nothing, bench, window, x = P, k = K, out = M) }
}
