//! The messages of a relay and its clients, as compiled from `proto/kamune/relay.proto`.
//!
//! [`decode`](crate::decode) holds incoming bytes to the bounds beside the fields. What holds a
//! password or a token is not printed, and erased on drop.

#![expect(
    clippy::exhaustive_structs,
    clippy::exhaustive_enums,
    reason = "generated: a message has the fields of its .proto file"
)]

use core::fmt;

use zeroize::Zeroize;

include!(concat!(env!("OUT_DIR"), "/kamune.relay.rs"));

macro_rules! secret {
    ($($message:ident { $field:ident })*) => {$(
        impl fmt::Debug for $message {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($message))
            }
        }

        impl Drop for $message {
            fn drop(&mut self) {
                self.$field.zeroize();
            }
        }
    )*};
}

secret! {
    Auth { psk }
    Register { token }
    Registered { token }
}
