//! How two of ours show each other that they saw the same.

use alloc::boxed::Box;
use alloc::vec::Vec;

use identity::Signature;
use kernel::{Label, Time};
use primitives::{Secret, open, seal};
use wire::v1::Confirm;
use wire::{decode, encode};

use super::opening::Opening;
use super::ours::Ours;
use super::parts::Parts;
use super::{End, Open, State};
use crate::envelope::FRAME_MAX;
use crate::exchange::Tunnel;
use crate::schedule::Schedule;
use crate::{Resumption, Role, SessionId};

/// There are keys; each side signs what it saw.
pub(super) struct Confirming {
    pub(super) opening: Opening,
    pub(super) schedule: Schedule,
    pub(super) session: SessionId,
}

impl Parts {
    pub(super) fn schedule(
        &self,
        secret: &Secret<32>,
        tunnel: &Tunnel,
        handshakes: [&[u8]; 2],
    ) -> Schedule {
        let binding = self.trace.binding();
        Schedule::derive(secret, (tunnel, self.role), &binding, handshakes)
    }

    /// The frame with our signature.
    pub(super) fn confirm(&self, confirming: &mut Confirming) -> Result<Vec<u8>, End> {
        let Confirming {
            opening, schedule, ..
        } = confirming;
        let signature = self
            .key
            .sign(Label::ChannelConfirm, &schedule.signed(self.role));
        let body = encode(&Confirm {
            signature: signature.to_bytes(),
        });
        let inner = seal(&schedule.confirm_key(self.role), &body, &[]);
        Ok(opening.tunnel.seal(&inner)?)
    }

    /// The other side's signature came, in frame 8 or 9: there is a session.
    pub(super) fn confirmed(
        &mut self,
        now: Time,
        mut confirming: Confirming,
        frame: &[u8],
    ) -> Result<State, End> {
        let theirs = self.role.other();
        let inner = confirming.opening.tunnel.open(frame)?;
        let key = confirming.schedule.confirm_key(theirs);
        let body = open(&key, &inner, &[]).map_err(|_| End::Forged)?;
        let body: Confirm = decode(&body, FRAME_MAX).map_err(|_| End::Malformed)?;
        let signature = Signature::decode(&body.signature).map_err(|_| End::Malformed)?;
        let signed = confirming.schedule.signed(theirs);
        let peer = &confirming.opening.peer;
        peer.verify(Label::ChannelConfirm, &signed, &signature)
            .map_err(|_| End::Forged)?;
        let answer = match self.role {
            Role::Caller => None,
            Role::Called => Some(self.confirm(&mut confirming)?),
        };
        let Confirming {
            opening,
            schedule,
            session,
        } = confirming;
        match self.role {
            // The caller may never hear of the new ones, and then goes on with those of before.
            Role::Called => {
                let tokens = Resumption::behind(schedule.tokens(), &opening.tokens);
                self.save(now, &opening, session, tokens);
            }
            Role::Caller if opening.resumed.is_some() => {
                self.save(now, &opening, session, schedule.tokens());
            }
            // Kept before the other side could know of it.
            Role::Caller => {}
        }
        if let Some(answer) = answer {
            self.send(answer);
        }
        let ours = Ours::begin(now, self, &schedule, session, opening.resumed)?;
        Ok(State::Open(Box::new(Open::Ours(ours))))
    }
}
