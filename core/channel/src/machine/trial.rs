//! Trying the keys of Kamune: each side has its challenge sent back.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

use kernel::Time;
use primitives::ConstantTimeEq;
use wire::encode;
use wire::kamune::Body;

use super::opening::Opening;
use super::parts::{Parts, Said};
use super::session::Session;
use super::{End, Event, Open, State};
use crate::envelope::Envelope;
use crate::keys::Keys;
use crate::{Mode, Role, Route};

/// There are keys; they are being tried.
pub(super) struct Agreed {
    pub(super) opening: Opening,
    pub(super) keys: Keys,
}

impl Parts {
    /// The caller sends its challenge.
    pub(super) fn begin_trial(&mut self, now: Time, mut agreed: Agreed) -> Result<State, End> {
        let frame = self.sealed(now, &mut agreed, Route::SendChallenge, Role::Caller)?;
        self.send(frame);
        Ok(State::AwaitEcho(agreed))
    }

    /// The called side gets the caller's challenge: sends it back, and its own.
    pub(super) fn challenged(
        &mut self,
        now: Time,
        mut agreed: Agreed,
        frame: &[u8],
    ) -> Result<State, End> {
        self.heard(&mut agreed, Route::SendChallenge, Role::Caller, frame)?;
        for (route, whose) in [
            (Route::VerifyChallenge, Role::Caller),
            (Route::SendChallenge, Role::Called),
        ] {
            let frame = self.sealed(now, &mut agreed, route, whose)?;
            self.send(frame);
        }
        Ok(State::AwaitEcho(agreed))
    }

    /// Either side gets its own challenge back.
    pub(super) fn echoed(
        &mut self,
        now: Time,
        mut agreed: Agreed,
        frame: &[u8],
    ) -> Result<State, End> {
        self.heard(&mut agreed, Route::VerifyChallenge, self.role, frame)?;
        match self.role {
            Role::Caller => Ok(State::AwaitChallenge(agreed)),
            Role::Called => Ok(self.establish(now, agreed, None)),
        }
    }

    /// The caller gets the challenge of the called side.
    pub(super) fn last(
        &mut self,
        now: Time,
        mut agreed: Agreed,
        frame: &[u8],
    ) -> Result<State, End> {
        self.heard(&mut agreed, Route::SendChallenge, Role::Called, frame)?;
        let echo = self.sealed(now, &mut agreed, Route::VerifyChallenge, Role::Called)?;
        Ok(self.establish(now, agreed, Some(echo)))
    }

    /// Both sides have shown that they have the keys. `echo` is sent once the session is kept.
    fn establish(&mut self, now: Time, agreed: Agreed, echo: Option<Vec<u8>>) -> State {
        let Agreed { opening, mut keys } = agreed;
        let tokens = mem::take(&mut keys.tokens);
        self.save(now, &opening, keys.session, tokens);
        if let Some(echo) = echo {
            self.send(echo);
        }
        self.tell(Event::Established {
            session: keys.session,
            resumed: opening.resumed.is_some(),
            mode: Mode::Kamune,
        });
        let peer = *opening.peer.ed25519();
        let session = Session::new(now, &self.config, peer, keys);
        State::Open(Box::new(Open::Kamune(session)))
    }

    /// A frame with the challenge of one side, for a session inside the tunnel.
    fn sealed(
        &mut self,
        now: Time,
        agreed: &mut Agreed,
        route: Route,
        whose: Role,
    ) -> Result<Vec<u8>, End> {
        let value = agreed.keys.challenge(whose).expose().to_vec();
        let said = Said::Placed(place(whose));
        let envelope = self.envelope(now, route, said, encode(&Body { value }))?;
        let inner = agreed.keys.seal(self.role, &envelope, &mut self.generator);
        Ok(agreed.opening.tunnel.seal(&inner)?)
    }

    /// Whether a frame holds the challenge of one side.
    fn heard(
        &self,
        agreed: &mut Agreed,
        route: Route,
        whose: Role,
        frame: &[u8],
    ) -> Result<(), End> {
        let inner = agreed.opening.tunnel.open(frame)?;
        let plain = agreed.keys.open(self.role, &inner).ok_or(End::Forged)?;
        let envelope = Envelope::decode(&plain)?;
        envelope.verify(agreed.opening.peer.ed25519())?;
        if envelope.sequence() != place(whose) {
            return Err(End::OutOfOrder);
        }
        if envelope.route != Some(route) {
            return Err(End::Malformed);
        }
        let body: Body = envelope.body()?;
        let challenge = agreed.keys.challenge(whose).expose();
        let is_same = bool::from(challenge[..].ct_eq(&body.value));
        is_same.then_some(()).ok_or(End::Forged)
    }
}

/// The sequence of a side's challenge, and of its echo.
const fn place(whose: Role) -> u64 {
    match whose {
        Role::Caller => 1,
        Role::Called => 2,
    }
}
