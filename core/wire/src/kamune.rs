//! The messages of Kamune 0.7, as compiled from `proto/kamune/v0.proto`.
//!
//! [`decode`](crate::decode) holds incoming bytes to the bounds beside the fields. Whoever verifies a
//! signature does so over the bytes that came.

#![expect(
    clippy::exhaustive_structs,
    reason = "generated: a message has the fields of its .proto file"
)]

include!(concat!(env!("OUT_DIR"), "/kamune.v0.rs"));
