//! CTIDH-1024 and CTIDH-511: constant-time isogeny key agreement in pure Rust.
