use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use ctidh::Backend;
use ctidh::ctidh1024::SecretKey;
use primitives::{HiddenKey, Prp, Zeroizing, hash_secret, seal};

use super::{BETA_LEN, JobKey, action_seed};
use crate::session::{Own, Prk};
use crate::{Id, Limits, Passkey, Session, SessionSeeds, Wanted};

/// A session to be: everything that making its keys and T1 needs.
pub struct Opening {
    passkey: Passkey,
    payload: Zeroizing<Vec<u8>>,
    seeds: Box<SessionSeeds>,
    wanted: Wanted,
    limits: Limits,
}

impl Opening {
    /// A session that offers `payload`, of any length; the transport bounds it.
    #[must_use]
    pub fn new(passkey: Passkey, payload: Vec<u8>, seeds: SessionSeeds, wanted: Wanted) -> Self {
        Self {
            passkey,
            payload: Zeroizing::new(payload),
            seeds: Box::new(seeds),
            wanted,
            limits: Limits::default(),
        }
    }

    /// The same with other bounds than the default ones.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Makes the session. Expensive: one CTIDH key and action. Constant time but for the number
    /// of candidates of the hidden key.
    ///
    /// # Spec
    ///
    /// `spec/10-rendezvous.md` 2.
    #[must_use]
    pub fn run(self) -> Session {
        self.run_with(Backend::best())
    }

    /// [`run`](Self::run) on a chosen implementation of the field; the result is the same.
    #[must_use]
    pub fn run_with(self, backend: Backend) -> Session {
        let (pdk, salt) = (self.passkey.pdk().expose(), self.passkey.salt().as_bytes());
        let key = HiddenKey::from_seed(&self.seeds.dh);
        let isogeny = SecretKey::from_seed(self.seeds.ctidh.expose());
        let blind = action_seed(&isogeny, &[0; BETA_LEN]);
        let beta = isogeny.public_key_with(backend, blind.expose());
        let sk_gamma = hash_secret(&[pdk, self.seeds.gamma.expose(), &self.payload]);
        let sk_delta = hash_secret(&[pdk, self.seeds.delta.expose(), &self.payload]);
        let gamma = seal(&sk_gamma, &[], salt);
        let delta = seal(&sk_delta, &self.payload, salt);
        let k = hash_secret(&[pdk, beta.as_bytes(), &gamma, &delta]);
        let alpha = Prp::new(&k).encrypt(key.hidden());
        let t1 = [&alpha[..], beta.as_bytes(), &gamma, &delta].concat();
        let own = Own {
            id: Id::of_t1(&t1),
            t1,
            scalar: key.scalar().clone(),
            isogeny,
            k,
            sk_gamma,
            sk_delta,
            dummy_prk: Prk::extract(self.seeds.dummy.expose(), salt),
            passkey: self.passkey,
        };
        Session::new(own, self.wanted, self.limits)
    }

    pub(super) fn key(&self) -> JobKey {
        let seeds = &self.seeds;
        let wanted = match self.wanted {
            Wanted::Every => 0u8,
            Wanted::First => 1,
        };
        JobKey::of(&[
            b"open",
            self.passkey.pdk().expose(),
            seeds.dh.expose(),
            seeds.ctidh.expose(),
            seeds.gamma.expose(),
            seeds.delta.expose(),
            seeds.dummy.expose(),
            &[wanted],
            &u64::try_from(self.limits.peers)
                .unwrap_or(u64::MAX)
                .to_le_bytes(),
            &u64::try_from(self.limits.refused)
                .unwrap_or(u64::MAX)
                .to_le_bytes(),
            &self.payload,
        ])
    }
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opening")
    }
}
