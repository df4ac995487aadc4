use alloc::boxed::Box;
use alloc::vec::Vec;

use primitives::{Choice, ConditionallySelectable, Secret, TAG_LEN};

use super::Own;
use super::steps::{Prp, hash_secret, open, opens_empty};
use crate::{Id, T2, T3};

/// What is kept of a peer: not its T1, only what the later messages need.
#[derive(Clone)]
pub(crate) struct Peer {
    gamma: [u8; TAG_LEN],
    delta: Box<[u8]>,
    k_tx: Secret<32>,
    k_rx: Secret<32>,
    t2: T2,
    /// `k3`, of no meaning before a valid T2.
    k3: Secret<32>,
    valid_t2: bool,
    /// The latest, tried again after each T2: it may have come too early.
    last_t3: Option<T3>,
    matched: bool,
}

impl Peer {
    pub(crate) fn new(
        (gamma, delta): ([u8; TAG_LEN], Box<[u8]>),
        (k_tx, k_rx): (Secret<32>, Secret<32>),
        sk_gamma: &Secret<32>,
    ) -> Self {
        let t2 = T2::new(Prp::new(&k_tx).encrypt(sk_gamma.expose()));
        Self {
            gamma,
            delta,
            k_tx,
            k_rx,
            t2,
            k3: Secret::new([0; 32]),
            valid_t2: false,
            last_t3: None,
            matched: false,
        }
    }

    pub(super) const fn t2(&self) -> T2 {
        self.t2
    }

    /// The T3 for `theirs`, and whether it is real. Both are always computed, and the key for
    /// their T3 too; only selections depend on what is valid.
    pub(super) fn take_t2(
        &mut self,
        own: &Own,
        id: &Id,
        theirs: &T2,
        may_reveal: Choice,
    ) -> (T3, Choice) {
        let ours = self.t2.as_bytes();
        let g = Secret::new(Prp::new(&self.k_rx).decrypt(theirs.as_bytes()));
        let valid = opens_empty(&g, &self.gamma, own.salt());

        let k3 = hash_secret(&[self.k_rx.expose(), theirs.as_bytes(), ours]);
        self.k3 = Secret::select(&self.k3, &k3, valid);
        self.valid_t2 |= bool::from(valid);

        let reveal = hash_secret(&[self.k_tx.expose(), ours, theirs.as_bytes()]);
        let real = Prp::new(&reveal).encrypt(own.sk_delta.expose());
        let dummy = own.dummy(id, theirs);
        let is_real = valid & may_reveal;
        let t3 = <[u8; 32]>::conditional_select(&dummy, &real, is_real);
        (T3::new(t3), is_real)
    }

    /// The payload, if `t3` opens it for the first time.
    pub(super) fn take_t3(&mut self, salt: &[u8], t3: T3) -> Option<Vec<u8>> {
        self.last_t3 = Some(t3);
        self.open(salt, &t3)
    }

    /// [`take_t3`](Self::take_t3) with the T3 that came last, if there was one.
    pub(super) fn retry_t3(&mut self, salt: &[u8]) -> Option<Vec<u8>> {
        let t3 = self.last_t3?;
        self.open(salt, &t3)
    }

    /// Authenticates and decrypts in any case, also before a valid T2 and after a match, so the
    /// work up to the result says nothing about it. What a caller does with a payload is more
    /// work, and has to wait until the answers are out.
    fn open(&mut self, salt: &[u8], t3: &T3) -> Option<Vec<u8>> {
        let d = Secret::new(Prp::new(&self.k3).decrypt(t3.as_bytes()));
        let opened = open(&d, &self.delta, salt).ok();
        let payload = opened.filter(|_| self.valid_t2 && !self.matched)?;
        self.matched = true;
        Some(payload)
    }
}

#[cfg(test)]
mod tests;
