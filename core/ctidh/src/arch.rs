//! The only module with `unsafe`: what needs the processor and not only the language.

#[cfg(target_arch = "x86_64")]
mod adx;
#[cfg(target_arch = "x86_64")]
mod ifma;
#[cfg(ctidh_valgrind)]
pub mod valgrind;

#[cfg(target_arch = "x86_64")]
pub use adx::Adx;
#[cfg(target_arch = "x86_64")]
pub use ifma::Ifma;

/// The field with MULX, ADCX and ADOX, where there are none.
#[cfg(not(target_arch = "x86_64"))]
pub type Adx<S, const N: usize> = crate::field::Fp<S, N>;
/// The field with AVX-512 IFMA, where there is none.
#[cfg(not(target_arch = "x86_64"))]
pub type Ifma<S, const N: usize, const Z: usize, const D: usize> = crate::field::Fp<S, N>;

#[cfg(target_arch = "x86_64")]
cpufeatures::new!(adx_detected, "adx", "bmi2");
#[cfg(target_arch = "x86_64")]
cpufeatures::new!(ifma_detected, "avx512f", "avx512ifma");

/// Whether this processor has what [`Adx`] needs.
pub(crate) fn runs_adx() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        // Valgrind executes ADX, but announces a processor without it
        cfg!(ctidh_valgrind) || adx_detected::get()
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// Whether this processor, and the system, have what [`Ifma`] needs.
pub(crate) fn runs_ifma() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        ifma_detected::get()
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// The same word, in a way the optimiser cannot look through.
///
/// A compiler that knows a word to be 0 or all ones may turn the masking that follows into a
/// branch. After this it no longer knows.
#[inline]
pub fn barrier(word: u64) -> u64 {
    opaque(word)
}

/// Makes a value public: from here on the program may branch on it.
///
/// This is the only door from [`Mask`](crate::hazmat::Mask) to `bool`, so whoever wants to know
/// what an action reveals reads the calls of this function: the `ok` of a kernel point, and the
/// refusals of the samplers. Under `--cfg ctidh_valgrind` it tells Valgrind that the byte is
/// defined; any other branch on a secret is then reported.
#[inline]
#[must_use]
pub fn declassify(secret: crate::mask::Mask) -> bool {
    reveal(secret.word()) != 0
}

#[cfg(any(
    target_arch = "x86_64",
    target_arch = "x86",
    target_arch = "aarch64",
    target_arch = "arm",
    target_arch = "riscv64"
))]
#[inline]
#[expect(
    unsafe_code,
    reason = "an empty assembly block is the strongest barrier there is"
)]
fn opaque(mut word: u64) -> u64 {
    #[cfg(target_pointer_width = "64")]
    // SAFETY: the block is empty; it reads and writes one register, no memory, no flags.
    unsafe {
        core::arch::asm!("/* {0} */", inout(reg) word, options(pure, nomem, nostack, preserves_flags));
    }
    #[cfg(not(target_pointer_width = "64"))]
    {
        word = core::hint::black_box(word);
    }
    word
}

#[cfg(not(any(
    target_arch = "x86_64",
    target_arch = "x86",
    target_arch = "aarch64",
    target_arch = "arm",
    target_arch = "riscv64"
)))]
#[inline]
fn opaque(word: u64) -> u64 {
    core::hint::black_box(word)
}

#[cfg(not(ctidh_valgrind))]
#[inline]
fn reveal(word: u64) -> u64 {
    opaque(word)
}

#[cfg(ctidh_valgrind)]
fn reveal(word: u64) -> u64 {
    valgrind::public(word)
}
