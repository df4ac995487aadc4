//! The Entrenous server.
fn main() {}
