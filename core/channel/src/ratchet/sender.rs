use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use kernel::{Label, Time};
use primitives::{Generator, HpkePublicKey, HpkeSender, x25519_public};
use wire::v1::Frame;

use super::{Chain, Step, agree};

/// The direction in which we speak, and what the other side has offered to step to.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(super) chain: Chain,
    pub(super) light: Option<[u8; 32]>,
    heavy: Option<Box<[u8; HpkePublicKey::LEN]>>,
    /// Frames since the last heavy step, and when that was.
    frames: u32,
    since: Time,
}

/// The secrets of steps that follow a frame.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    light: Option<primitives::Secret<32>>,
    heavy: Option<primitives::Secret<32>>,
}

impl Sender {
    pub(crate) const fn new(chain: Chain, now: Time) -> Self {
        Self {
            chain,
            light: None,
            heavy: None,
            frames: 0,
            since: now,
        }
    }

    /// The other side offers keys in a frame. One that offers a key while the last one is unused breaks the
    /// rules, and `None` is returned.
    pub(crate) fn offered(&mut self, frame: &Frame) -> Option<()> {
        if let Some(key) = frame.light_key.first_chunk() {
            let before = self.light.replace(*key);
            before.is_none().then_some(())?;
        }
        if let Some(key) = frame.heavy_key.first_chunk() {
            let before = self.heavy.replace(Box::new(*key));
            before.is_none().then_some(())?;
        }
        Some(())
    }

    /// Writes into `frame` the steps that are due. `None`: a key
    /// that was offered is none.
    pub(crate) fn steps(
        &mut self,
        now: Time,
        frame: &mut Frame,
        generator: &mut Generator,
    ) -> Option<Steps> {
        let mut steps = Steps::default();
        if let Some(theirs) = self.light.take() {
            let ours = generator.secret();
            frame.light_step = x25519_public(&ours).to_vec();
            steps.light = Some(agree(&ours, &theirs)?);
        }
        let is_due = self.frames >= FRAMES || now.since(self.since) >= TIME;
        if let Some(theirs) = self.heavy.take_if(|_| is_due) {
            let theirs = HpkePublicKey::from_bytes(&theirs).ok()?;
            let (context, encapsulated) = HpkeSender::new(&theirs, &generator.secret());
            frame.heavy_step = encapsulated.to_vec();
            steps.heavy = Some(context.export(Label::ChannelStepSecret.bytes()));
            self.frames = 0;
            self.since = now;
        }
        Some(steps)
    }

    /// Seals a frame, and takes the steps that it tells of.
    pub(crate) fn seal(&mut self, plain: &[u8], steps: &Steps) -> Vec<u8> {
        let frame = self.chain.seal(plain);
        self.frames = self.frames.saturating_add(1);
        if let Some(secret) = &steps.light {
            self.chain.step(Step::Light, secret);
        }
        if let Some(secret) = &steps.heavy {
            self.chain.step(Step::Heavy, secret);
        }
        frame
    }
}

/// A heavy step is due after so many frames, or so long.
const FRAMES: u32 = 50;
const TIME: Duration = Duration::from_mins(10);
