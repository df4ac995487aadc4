//! What a device keeps has secrets in it: they are not printed, and erased on drop.

use core::fmt;

use zeroize::Zeroize;

use crate::v1::{KeptInvitation, KeptProfile};

impl fmt::Debug for KeptProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeptProfile")
    }
}

impl Drop for KeptProfile {
    fn drop(&mut self) {
        self.identity_seed.zeroize();
        self.ml_dsa_seed.zeroize();
        self.device_seed.zeroize();
    }
}

impl fmt::Debug for KeptInvitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeptInvitation")
    }
}

impl Drop for KeptInvitation {
    fn drop(&mut self) {
        self.key.zeroize();
        self.agreement.zeroize();
        self.words.zeroize();
    }
}
