mod receiver;
mod sender;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::fmt;

use kernel::Label;
use primitives::{Secret, hkdf_sha512, hmac_sha256, open, seal, x25519};

pub(crate) use receiver::Receiver;
pub(crate) use sender::Sender;

use crate::Role;

/// One direction: frame after frame under a key of its own.
///
/// # Spec
///
/// `spec/20-channel.md` 15.
#[cfg_attr(test, derive(Clone))]
pub(crate) struct Chain {
    root: Secret<32>,
    chain: Secret<32>,
    by: Role,
}

/// A step's kind.
#[derive(Clone, Copy)]
pub(crate) enum Step {
    Light,
    Heavy,
}

impl Chain {
    /// From 64 bytes: a root, a chain. `by` is who speaks.
    pub(crate) fn new(bytes: &Secret<64>, by: Role) -> Self {
        let [root, chain] = halves(bytes);
        Self { root, chain, by }
    }

    /// The key of the next frame; the chain moves past it.
    fn next(&mut self) -> Secret<32> {
        let [key, chain] =
            [1, 2].map(|number| Secret::new(hmac_sha256(self.chain.expose(), &[&[number]])));
        self.chain = chain;
        key
    }

    /// Goes on with a fresh secret.
    fn step(&mut self, kind: Step, secret: &Secret<32>) {
        let kind = match kind {
            Step::Light => 1,
            Step::Heavy => 2,
        };
        let info = [Label::ChannelStep.bytes(), &[kind, self.by.number()]];
        let bytes = hkdf_sha512(secret.expose(), self.root.expose(), &info);
        [self.root, self.chain] = halves(&bytes);
    }

    fn seal(&mut self, plain: &[u8]) -> Vec<u8> {
        seal(&self.next(), plain, &[])
    }

    /// Opens the next frame, of anyone. One that does not open ends the direction.
    fn open(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        open(&self.next(), frame, &[]).ok()
    }
}

#[cfg(test)]
impl Chain {
    /// Its root and chain.
    pub(crate) fn shown(&self) -> [Secret<32>; 2] {
        [self.root.clone(), self.chain.clone()]
    }

    pub(crate) fn seal_next(&mut self, plain: &[u8]) -> Vec<u8> {
        self.seal(plain)
    }

    pub(crate) fn open_next(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        self.open(frame)
    }

    /// Steps lightly, to a key of which we have the secret, with one that was sent back.
    pub(crate) fn step_light(&mut self, offered: &Secret<32>, sent: &[u8; 32]) {
        let secret = agree(offered, sent).unwrap();
        self.step(Step::Light, &secret);
    }

    pub(crate) fn step_heavy(&mut self, secret: &Secret<32>) {
        self.step(Step::Heavy, secret);
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chain")
    }
}

fn halves(bytes: &Secret<64>) -> [Secret<32>; 2] {
    let (parts, _) = bytes.expose().as_chunks();
    core::array::from_fn(|at| Secret::new(parts.get(at).copied().unwrap_or_default()))
}

/// The X25519 secret of both; `None` if it is zero, which the other side alone can bring about.
fn agree(secret: &Secret<32>, public: &[u8; 32]) -> Option<Secret<32>> {
    let shared = x25519(secret, public);
    (shared != Secret::new([0; 32])).then_some(shared)
}
