//! The only module with `unsafe`: what needs the processor and not only the language.

#[cfg(ctidh_valgrind)]
pub mod valgrind;

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
