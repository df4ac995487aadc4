//! Agreeing on a secret.

use alloc::string::String;
use alloc::vec::Vec;

use kernel::Time;
use primitives::{MlKemKey, MlKemPublicKey};
use wire::encode;
use wire::kamune::Handshake;

use super::confirm::Confirming;
use super::opening::Opening;
use super::parts::{Parts, Said};
use super::trial::Agreed;
use super::{End, State};
use crate::envelope::Envelope;
use crate::keys::Keys;
use crate::session_id::Half;
use crate::{Mode, Route, SessionId};

/// The caller has asked for an agreement.
pub(super) struct Requested {
    opening: Opening,
    key: MlKemKey,
    request: Handshake,
    /// The same, as it was signed.
    data: Vec<u8>,
    half: Half,
}

impl Parts {
    /// The caller begins the agreement.
    pub(super) fn request(&mut self, now: Time, mut opening: Opening) -> Result<State, End> {
        let key = MlKemKey::from_seed(&self.generator.secret());
        let half = Half::draw(&mut self.generator);
        let request = Handshake {
            key: key.public().to_vec(),
            salt: self.generator.bytes::<16>().to_vec(),
            session_key: our_name(&opening, half),
            binding: self.binding(&opening),
        };
        let data = encode(&request);
        let said = (Route::RequestHandshake, Said::Placed(0));
        self.tunnelled(now, &mut opening.tunnel, said, data.clone())?;
        Ok(State::Requested(Requested {
            opening,
            key,
            request,
            data,
            half,
        }))
    }

    /// The called side takes part in it.
    pub(super) fn requested(
        &mut self,
        now: Time,
        mut opening: Opening,
        frame: &[u8],
    ) -> Result<State, End> {
        let (request, theirs) = self.theirs(&mut opening, Route::RequestHandshake, frame)?;
        let public = request.key.as_slice().try_into();
        let public = public.map_err(|_| End::Malformed)?;
        let public = MlKemPublicKey::from_bytes(public).map_err(|_| End::Malformed)?;
        let half = Half::draw(&mut self.generator);
        let (ciphertext, secret) = public.encapsulate(&self.generator.secret());
        let session = match opening.resumed {
            Some(resumed) => same(resumed.session, &request)?,
            None => SessionId::of(their_half(&request)?, half),
        };
        let accept = Handshake {
            key: ciphertext.to_vec(),
            salt: self.generator.bytes::<16>().to_vec(),
            session_key: our_name(&opening, half),
            binding: self.binding(&opening),
        };
        let ours = encode(&accept);
        let said = (Route::AcceptHandshake, Said::Placed(0));
        self.tunnelled(now, &mut opening.tunnel, said, ours.clone())?;
        match opening.mode {
            Mode::Kamune => {
                let keys = Keys::derive(&secret, &request, &accept, session);
                Ok(State::AwaitChallenge(Agreed { opening, keys }))
            }
            Mode::Ours => {
                let schedule = self.schedule(&secret, &opening.tunnel, [&theirs, &ours]);
                Ok(State::AwaitConfirm(Confirming {
                    opening,
                    schedule,
                    session,
                }))
            }
        }
    }

    /// The caller has the secret too, and begins to try it.
    pub(super) fn agreed(
        &mut self,
        now: Time,
        requested: Requested,
        frame: &[u8],
    ) -> Result<State, End> {
        let Requested {
            mut opening,
            key,
            request,
            data,
            half,
        } = requested;
        let (accept, theirs) = self.theirs(&mut opening, Route::AcceptHandshake, frame)?;
        let ciphertext = accept.key.as_slice().try_into();
        let ciphertext = ciphertext.map_err(|_| End::Malformed)?;
        let session = match opening.resumed {
            Some(resumed) => same(resumed.session, &accept)?,
            None => SessionId::of(half, their_half(&accept)?),
        };
        let secret = key.decapsulate(ciphertext);
        if opening.mode == Mode::Ours {
            let schedule = self.schedule(&secret, &opening.tunnel, [&data, &theirs]);
            if opening.resumed.is_none() {
                self.save(now, &opening, session, schedule.tokens());
            }
            let mut confirming = Confirming {
                opening,
                schedule,
                session,
            };
            let frame = self.confirm(&mut confirming)?;
            self.send(frame);
            return Ok(State::AwaitConfirm(confirming));
        }
        let keys = Keys::derive(&secret, &request, &accept, session);
        self.begin_trial(now, Agreed { opening, keys })
    }

    /// What we saw before the handshake, for those who understand it.
    fn binding(&self, opening: &Opening) -> Vec<u8> {
        // A session that goes on does so in its mode, whatever we offer by now.
        match self.config.mode.max(opening.mode) {
            Mode::Ours => self.trace.binding().to_vec(),
            Mode::Kamune => Vec::new(),
        }
    }

    /// The other side's half of an agreement, and its bytes.
    fn theirs(
        &self,
        opening: &mut Opening,
        route: Route,
        frame: &[u8],
    ) -> Result<(Handshake, Vec<u8>), End> {
        let envelope = Envelope::decode(&opening.tunnel.open(frame)?)?;
        envelope.verify(opening.peer.ed25519())?;
        if envelope.route != Some(route) {
            return Err(End::Malformed);
        }
        let handshake: Handshake = envelope.body()?;
        match self.trace.agrees(&handshake.binding, opening.is_bound) {
            true => Ok((handshake, envelope.data().to_vec())),
            false => Err(End::Forged),
        }
    }
}

/// Our half of the name of a session, or all of one that goes on.
fn our_name(opening: &Opening, half: Half) -> String {
    match opening.resumed {
        Some(resumed) => String::from(resumed.session.as_str()),
        None => half.to_text(),
    }
}

fn their_half(handshake: &Handshake) -> Result<Half, End> {
    Half::parse(&handshake.session_key).ok_or(End::Malformed)
}

/// Both sides name the session that goes on.
fn same(session: SessionId, handshake: &Handshake) -> Result<SessionId, End> {
    let is_same = handshake.session_key == session.as_str();
    is_same.then_some(session).ok_or(End::Malformed)
}
