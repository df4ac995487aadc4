//! What we tell Valgrind's memcheck about secrets. Only built with `--cfg ctidh_valgrind`.
//!
//! Memcheck follows every bit that is not initialised through memory and registers, and reports
//! when a branch or an address depends on one. Secrets marked as not initialised make it a checker
//! of constant time. Outside Valgrind all of this does nothing.

/// Makes `bytes` secret: from now on a branch on them is reported.
pub fn hide(bytes: &[u8]) {
    request(UNDEFINED, bytes.as_ptr(), bytes.len());
}

/// Makes `bytes` public.
pub fn show(bytes: &[u8]) {
    request(DEFINED, bytes.as_ptr(), bytes.len());
}

/// Whether this runs under Valgrind.
#[must_use]
pub fn is_watching() -> bool {
    request(RUNNING, core::ptr::null(), 0) != 0
}

/// A public copy of a word.
#[inline(never)]
pub(super) fn public(mut word: u64) -> u64 {
    // a mutable address: the compiler must read the word again
    request(DEFINED, (&raw mut word).cast(), size_of::<u64>());
    word
}

/// The numbers of `valgrind.h` and `memcheck.h`.
const RUNNING: u64 = 0x1001;
const UNDEFINED: u64 = 0x4d43_0001;
const DEFINED: u64 = 0x4d43_0002;

/// A client request: an instruction sequence without effect that Valgrind recognises. It reads six
/// words at `rax` and puts its answer into `rdx`.
#[cfg(target_arch = "x86_64")]
#[inline(never)]
#[expect(unsafe_code, reason = "a client request is an instruction sequence")]
fn request(number: u64, address: *const u8, len: usize) -> u64 {
    let words = [
        number,
        address.expose_provenance() as u64,
        len as u64,
        0,
        0,
        0,
    ];
    let mut answer = 0_u64;
    // SAFETY: the rotations add up to 128 bits and leave rdi as it was, exchanging rbx with itself
    // changes nothing; Valgrind reads `words`, which live, and changes no byte of ours.
    unsafe {
        core::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") words.as_ptr(),
            inout("rdx") answer,
            options(nostack),
        );
    }
    answer
}

#[cfg(not(target_arch = "x86_64"))]
compile_error!("the client requests are written for x86-64");
