use kernel::Label;
use primitives::{ConstantTimeEq, sha256};

use crate::Role;

/// What was sent and heard before the handshake.
///
/// # Spec
///
/// `spec/20-channel.md` 13.1.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    frames: [[u8; 32]; 3],
    said: [[u8; 32]; 2],
}

impl Trace {
    /// Frame `number` of the exchange, from 1.
    pub(crate) fn frame(&mut self, number: usize, frame: &[u8]) {
        let slot = number.checked_sub(1).and_then(|at| self.frames.get_mut(at));
        if let Some(slot) = slot {
            *slot = sha256(&[frame]);
        }
    }

    /// What one side said of itself: the data of frame 4 or 5.
    pub(crate) fn said(&mut self, by: Role, data: &[u8]) {
        let [caller, called] = &mut self.said;
        let slot = match by {
            Role::Caller => caller,
            Role::Called => called,
        };
        *slot = sha256(&[data]);
    }

    /// X of the spec.
    pub(crate) fn binding(&self) -> [u8; 32] {
        let [one, two, three] = &self.frames;
        let [caller, called] = &self.said;
        sha256(&[
            Label::ChannelBinding.bytes(),
            one,
            two,
            three,
            caller,
            called,
        ])
    }

    /// Whether the other side saw the same. `bytes` are what it says that it saw, or nothing.
    pub(crate) fn agrees(&self, bytes: &[u8], is_expected: bool) -> bool {
        match bytes {
            [] => !is_expected,
            bytes => self.binding()[..].ct_eq(bytes).into(),
        }
    }
}
