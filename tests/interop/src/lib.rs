//! What the interop tests stand on: the reference programs of `rendez` 1.2.1, installed into the
//! build directory, our own binaries, and a private network for each test.

pub mod reference;
