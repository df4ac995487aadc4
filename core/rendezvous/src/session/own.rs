use alloc::vec::Vec;

use ctidh::ctidh1024::SecretKey;
use primitives::Secret;

use super::steps::Prk;
use crate::{Id, Passkey, T2};

/// The own half of a session, which never changes: shared with the work in progress.
pub(crate) struct Own {
    pub(crate) t1: Vec<u8>,
    pub(crate) id: Id,
    pub(crate) passkey: Passkey,
    /// `x`.
    pub(crate) scalar: Secret<32>,
    /// `C_sk`.
    pub(crate) isogeny: SecretKey,
    /// `K`.
    pub(crate) k: Secret<32>,
    pub(crate) sk_gamma: Secret<32>,
    pub(crate) sk_delta: Secret<32>,
    pub(crate) dummy_prk: Prk,
}

impl Own {
    pub(super) fn salt(&self) -> &[u8] {
        self.passkey.salt().as_bytes()
    }

    /// The T3 that says nothing, for this T2 of this peer.
    pub(super) fn dummy(&self, peer: &Id, t2: &T2) -> [u8; 32] {
        *self
            .dummy_prk
            .expand::<32>(&[peer.as_bytes(), t2.as_bytes()])
            .expose()
    }
}
