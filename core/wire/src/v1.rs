//! The messages of version 1, as compiled from `proto/entrenous/v1`.
//!
//! Lengths and counts are beside the fields in those files, and [`decode`](crate::decode) holds
//! incoming bytes to them. A field that is absent reads as zero or empty.

#![expect(
    clippy::exhaustive_structs,
    clippy::exhaustive_enums,
    reason = "generated: a message has the fields of its .proto file"
)]

use core::fmt;

include!(concat!(env!("OUT_DIR"), "/entrenous.v1.rs"));

impl fmt::Debug for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Register")
    }
}

impl fmt::Debug for StoredServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredServer")
    }
}
