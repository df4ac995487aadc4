//! What a device keeps has secrets in it: they are not printed, and erased on drop.

use core::fmt;

use zeroize::Zeroize;

use crate::v1::{
    KeptContact, KeptInvitation, KeptJoin, KeptLine, KeptProfile, KeptReached, KeptSession,
    KeptToken,
};

macro_rules! secret {
    ($($message:ident { $($field:ident)* })*) => {$(
        impl fmt::Debug for $message {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($message))
            }
        }

        impl Drop for $message {
            fn drop(&mut self) {
                $(self.$field.zeroize();)*
            }
        }
    )*};
}

secret! {
    KeptProfile { identity_seed ml_dsa_seed device_seed }
    KeptContact { token }
    KeptInvitation { key agreement token words }
    KeptJoin { key claim token }
    KeptLine { text }
    KeptSession { record }
    KeptReached { links }
    KeptToken { token }
}
