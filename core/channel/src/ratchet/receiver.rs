use alloc::vec::Vec;

use kernel::Label;
use primitives::{Generator, HpkeKey, HpkeRecipient, Secret, x25519_public};
use wire::v1::Frame;

use super::{Chain, Step, agree};

/// The direction in which the other side speaks, and the keys that it may step to.
#[derive(Debug)]
pub(crate) struct Receiver {
    pub(super) chain: Chain,
    pub(super) light: Option<Secret<32>>,
    pub(super) heavy: Option<HpkeKey>,
}

impl Receiver {
    pub(crate) const fn new(chain: Chain) -> Self {
        Self {
            chain,
            light: None,
            heavy: None,
        }
    }

    /// Opens the next frame, of anyone. `None`: it is not that.
    pub(crate) fn open(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        self.chain.open(frame)
    }

    /// Takes the steps that an opened frame tells of. `None`: to keys that are not on offer, or to none.
    pub(crate) fn stepped(&mut self, frame: &Frame) -> Option<()> {
        if let Some(theirs) = frame.light_step.first_chunk() {
            let secret = agree(&self.light.take()?, theirs)?;
            self.chain.step(Step::Light, &secret);
        }
        if let Some(encapsulated) = frame.heavy_step.first_chunk() {
            let context = HpkeRecipient::new(&self.heavy.take()?, encapsulated);
            let secret = context.export(Label::ChannelStepSecret.bytes());
            self.chain.step(Step::Heavy, &secret);
        }
        Some(())
    }

    /// Writes into `frame` the keys that are to be offered.
    pub(crate) fn offer(&mut self, frame: &mut Frame, generator: &mut Generator) {
        if self.light.is_none() {
            let secret = generator.secret();
            frame.light_key = x25519_public(&secret).to_vec();
            self.light = Some(secret);
        }
        if self.heavy.is_none() {
            let key = HpkeKey::from_seed(&generator.secret());
            frame.heavy_key = key.public().to_vec();
            self.heavy = Some(key);
        }
    }
}
