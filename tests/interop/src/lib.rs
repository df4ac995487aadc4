//! What the interop tests stand on: the reference programs of `rendez` 1.2.1, the authority Pebble
//! and a Go peer that speaks Kamune 0.7, installed into the build directory, our own programs, a
//! private network for each test, and running programs whose output is read while they run.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "part of tests: a panic is a failure, and the terminal is a test's"
)]

mod go;
pub mod kamune;
pub mod ours;
pub mod pebble;
pub mod program;
pub mod python;
pub mod reference;
pub mod room;
pub mod said;
pub mod theirs;
