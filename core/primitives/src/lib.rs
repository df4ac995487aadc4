//! The only crate that names a cipher, hash, curve or KEM.
