//! From the first frame to the first message.

use alloc::string::String;
use alloc::vec::Vec;

use identity::spki;
use kernel::Time;
use primitives::{ConstantTimeEq, MlKemKey, MlKemPublicKey, Secret, VerifyingKey};
use wire::kamune::{Body, Handshake, Introduce, ResumeAccept, ResumeRequest};
use wire::{decode, encode};

use super::parts::{Parts, Said};
use super::session::Session;
use super::{End, Event, Output, Peer, State};
use crate::envelope::{Envelope, FRAME_MAX};
use crate::exchange::{Answered, Offered, Tunnel};
use crate::keys::Keys;
use crate::session_id::Half;
use crate::{Resumption, Role, Route, SessionId, Version};

/// What is known of a session while it opens.
pub(super) struct Opening {
    pub(super) tunnel: Tunnel,
    /// The other side's key, which has signed.
    pub(super) peer: VerifyingKey,
    /// The session that goes on, if one does.
    pub(super) resumed: Option<SessionId>,
}

/// The caller has asked for an agreement.
pub(super) struct Requested {
    opening: Opening,
    key: MlKemKey,
    request: Handshake,
    half: Half,
}

/// There are keys; they are being tried.
pub(super) struct Agreed {
    opening: Opening,
    keys: Keys,
}

impl Parts {
    /// The caller, to whom the second frame came.
    pub(super) fn answered(
        &mut self,
        now: Time,
        offered: Offered,
        resumption: Option<Resumption>,
        frame: &[u8],
    ) -> Result<State, End> {
        let (mut tunnel, third) = offered.answered(frame, &mut self.generator)?;
        self.send(third);
        let Some((resumption, token)) = resumption.and_then(with_token) else {
            self.introduce(now, &mut tunnel)?;
            return Ok(State::AwaitIntroduction(tunnel));
        };
        let request = encode(&ResumeRequest {
            session_id: String::from(resumption.session.as_str()),
            token: token.to_vec(),
        });
        self.outputs.push_back(Output::Save(resumption.clone()));
        let envelope = self.envelope(now, Route::ResumeRequest, Said::Bare, request)?;
        let frame = tunnel.seal(&envelope)?;
        self.send(frame);
        Ok(State::AwaitAccept(Opening {
            tunnel,
            peer: resumption.peer,
            resumed: Some(resumption.session),
        }))
    }

    /// The called side, to whom the first frame came.
    pub(super) fn asked(&mut self, frame: &[u8]) -> Result<State, End> {
        let (answered, second) = Answered::new(frame, &mut self.generator)?;
        self.send(second);
        Ok(State::Answered(answered))
    }

    /// The called side, to whom the first envelope came: somebody new, or somebody back.
    pub(super) fn first(&mut self, mut tunnel: Tunnel, frame: &[u8]) -> Result<State, End> {
        let envelope = Envelope::decode(&tunnel.open(frame)?)?;
        match envelope.route {
            Some(Route::Identity) => self.introduced(tunnel, &envelope),
            Some(Route::ResumeRequest) => {
                let request: ResumeRequest =
                    decode(envelope.data(), FRAME_MAX).map_err(|_| End::Malformed)?;
                let session = SessionId::parse(&request.session_id).ok_or(End::Malformed)?;
                self.tell(Event::Resuming(session));
                Ok(State::Resuming(tunnel, envelope, request))
            }
            _ => Err(End::Malformed),
        }
    }

    /// Somebody says who they are.
    pub(super) fn introduced(&mut self, tunnel: Tunnel, envelope: &Envelope) -> Result<State, End> {
        if envelope.route != Some(Route::Identity) {
            return Err(End::Malformed);
        }
        let said: Introduce = decode(envelope.data(), FRAME_MAX).map_err(|_| End::Malformed)?;
        let key = said.public_key.first_chunk().ok_or(End::Malformed)?;
        let key = spki::decode(key).map_err(|_| End::Malformed)?;
        envelope.verify(&key)?;
        let version = Version::parse(&said.app_version).ok_or(End::Malformed)?;
        if !version.talks_to(Version::OURS) {
            return Err(End::Incompatible { theirs: version });
        }
        let peer = Peer {
            key,
            name: said.name,
            version,
        };
        self.tell(Event::Introduced(peer));
        Ok(State::Deciding(Opening {
            tunnel,
            peer: key,
            resumed: None,
        }))
    }

    /// The person on the other side is wanted.
    pub(super) fn accepted(&mut self, now: Time, mut opening: Opening) -> Result<State, End> {
        match self.role {
            Role::Caller => self.request(now, opening),
            Role::Called => {
                self.introduce(now, &mut opening.tunnel)?;
                Ok(State::AwaitRequest(opening))
            }
        }
    }

    fn introduce(&mut self, now: Time, tunnel: &mut Tunnel) -> Result<(), End> {
        let body = encode(&Introduce {
            name: String::from(self.config.name.as_str()),
            public_key: spki::encode(self.key.public().ed25519()).to_vec(),
            app_version: alloc::string::ToString::to_string(&Version::OURS),
        });
        let envelope = self.envelope(now, Route::Identity, Said::Dated, body)?;
        let frame = tunnel.seal(&envelope)?;
        self.send(frame);
        Ok(())
    }

    /// The called side has looked for the session that somebody asked for.
    pub(super) fn resume(
        &mut self,
        now: Time,
        mut tunnel: Tunnel,
        envelope: &Envelope,
        request: &ResumeRequest,
        kept: Option<Resumption>,
    ) -> Result<State, End> {
        let known = kept.and_then(|mut kept| {
            let token = request.token.first_chunk()?;
            let is_theirs = kept.session.as_str() == request.session_id
                && envelope.verify(&kept.peer).is_ok()
                && kept.is_fresh(now)
                && kept.take(token);
            is_theirs.then_some(kept)
        });
        if let Some(kept) = &known {
            self.outputs.push_back(Output::Save(kept.clone()));
        }
        let reason = match known {
            Some(_) => "",
            None => NOT_AVAILABLE,
        };
        let answer = encode(&ResumeAccept {
            accepted: known.is_some(),
            reason: String::from(reason),
        });
        let envelope = self.envelope(now, Route::ResumeAccept, Said::Bare, answer)?;
        let frame = tunnel.seal(&envelope)?;
        self.send(frame);
        let kept = known.ok_or(End::NotResumed)?;
        Ok(State::AwaitRequest(Opening {
            tunnel,
            peer: kept.peer,
            resumed: Some(kept.session),
        }))
    }

    /// The caller hears whether the session goes on.
    pub(super) fn resumed(
        &mut self,
        now: Time,
        mut opening: Opening,
        frame: &[u8],
    ) -> Result<State, End> {
        let envelope = Envelope::decode(&opening.tunnel.open(frame)?)?;
        if envelope.route != Some(Route::ResumeAccept) {
            return Err(End::Malformed);
        }
        envelope.verify(&opening.peer)?;
        let answer: ResumeAccept =
            decode(envelope.data(), FRAME_MAX).map_err(|_| End::Malformed)?;
        match answer.accepted {
            true => self.request(now, opening),
            false => Err(End::NotResumed),
        }
    }

    /// The caller begins the agreement.
    fn request(&mut self, now: Time, mut opening: Opening) -> Result<State, End> {
        let key = MlKemKey::from_seed(&self.generator.secret());
        let half = Half::draw(&mut self.generator);
        let request = Handshake {
            key: key.public().to_vec(),
            salt: self.generator.bytes::<16>().to_vec(),
            session_key: match &opening.resumed {
                Some(session) => String::from(session.as_str()),
                None => half.to_text(),
            },
        };
        self.handshake(now, &mut opening.tunnel, Route::RequestHandshake, &request)?;
        Ok(State::Requested(Requested {
            opening,
            key,
            request,
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
        let request = theirs(&mut opening, Route::RequestHandshake, frame)?;
        let public = request.key[..].try_into().map_err(|_| End::Malformed)?;
        let public = MlKemPublicKey::from_bytes(public).map_err(|_| End::Malformed)?;
        let half = Half::draw(&mut self.generator);
        let (ciphertext, secret) = public.encapsulate(&self.generator.secret());
        let session = match opening.resumed {
            Some(session) => same(session, &request)?,
            None => SessionId::of(their_half(&request)?, half),
        };
        let accept = Handshake {
            key: ciphertext.to_vec(),
            salt: self.generator.bytes::<16>().to_vec(),
            session_key: match opening.resumed {
                Some(session) => String::from(session.as_str()),
                None => half.to_text(),
            },
        };
        self.handshake(now, &mut opening.tunnel, Route::AcceptHandshake, &accept)?;
        let keys = Keys::derive(&secret, &request, &accept, session);
        Ok(State::AwaitChallenge(Agreed { opening, keys }))
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
            half,
        } = requested;
        let accept = theirs(&mut opening, Route::AcceptHandshake, frame)?;
        let ciphertext = accept.key[..].try_into().map_err(|_| End::Malformed)?;
        let session = match opening.resumed {
            Some(session) => same(session, &accept)?,
            None => SessionId::of(half, their_half(&accept)?),
        };
        let secret = key.decapsulate(ciphertext);
        let keys = Keys::derive(&secret, &request, &accept, session);
        let mut agreed = Agreed { opening, keys };
        let challenge = agreed.keys.caller_challenge.clone();
        self.challenge(now, &mut agreed, Route::SendChallenge, 1, &challenge)?;
        Ok(State::AwaitEcho(agreed))
    }

    /// The called side gets the caller's challenge: sends it back, and its own.
    pub(super) fn challenged(
        &mut self,
        now: Time,
        mut agreed: Agreed,
        frame: &[u8],
    ) -> Result<State, End> {
        let challenge = agreed.keys.caller_challenge.clone();
        self.heard(&mut agreed, Route::SendChallenge, 1, &challenge, frame)?;
        self.challenge(now, &mut agreed, Route::VerifyChallenge, 1, &challenge)?;
        let challenge = agreed.keys.called_challenge.clone();
        self.challenge(now, &mut agreed, Route::SendChallenge, 2, &challenge)?;
        Ok(State::AwaitEcho(agreed))
    }

    /// Either side gets its own challenge back.
    pub(super) fn echoed(
        &mut self,
        now: Time,
        mut agreed: Agreed,
        frame: &[u8],
    ) -> Result<State, End> {
        let (sequence, challenge) = match self.role {
            Role::Caller => (1, agreed.keys.caller_challenge.clone()),
            Role::Called => (2, agreed.keys.called_challenge.clone()),
        };
        self.heard(
            &mut agreed,
            Route::VerifyChallenge,
            sequence,
            &challenge,
            frame,
        )?;
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
        let challenge = agreed.keys.called_challenge.clone();
        self.heard(&mut agreed, Route::SendChallenge, 2, &challenge, frame)?;
        let echo = self.sealed(now, &mut agreed, Route::VerifyChallenge, 2, &challenge)?;
        Ok(self.establish(now, agreed, Some(echo)))
    }

    /// Both sides have shown that they have the keys. `echo` is sent once the session is kept.
    fn establish(&mut self, now: Time, agreed: Agreed, echo: Option<Vec<u8>>) -> State {
        let Agreed { opening, mut keys } = agreed;
        self.outputs.push_back(Output::Save(Resumption {
            session: keys.session,
            peer: opening.peer,
            tokens: core::mem::take(&mut keys.tokens),
            established: now,
        }));
        if let Some(echo) = echo {
            self.send(echo);
        }
        self.tell(Event::Established {
            session: keys.session,
            resumed: opening.resumed.is_some(),
        });
        State::Open(alloc::boxed::Box::new(Session::new(
            now,
            &self.config,
            opening.peer,
            keys,
        )))
    }

    fn handshake(
        &mut self,
        now: Time,
        tunnel: &mut Tunnel,
        route: Route,
        handshake: &Handshake,
    ) -> Result<(), End> {
        let envelope = self.envelope(now, route, Said::Placed(0), encode(handshake))?;
        let frame = tunnel.seal(&envelope)?;
        self.send(frame);
        Ok(())
    }

    /// A frame with a challenge, for a session inside the tunnel.
    fn sealed(
        &mut self,
        now: Time,
        agreed: &mut Agreed,
        route: Route,
        sequence: u64,
        challenge: &Secret<32>,
    ) -> Result<Vec<u8>, End> {
        let value = challenge.expose().to_vec();
        let body = encode(&Body { value });
        let envelope = self.envelope(now, route, Said::Placed(sequence), body)?;
        let inner = agreed.keys.seal(self.role, &envelope, &mut self.generator);
        Ok(agreed.opening.tunnel.seal(&inner)?)
    }

    fn challenge(
        &mut self,
        now: Time,
        agreed: &mut Agreed,
        route: Route,
        sequence: u64,
        challenge: &Secret<32>,
    ) -> Result<(), End> {
        let frame = self.sealed(now, agreed, route, sequence, challenge)?;
        self.send(frame);
        Ok(())
    }

    /// Whether a frame holds this challenge.
    fn heard(
        &self,
        agreed: &mut Agreed,
        route: Route,
        sequence: u64,
        challenge: &Secret<32>,
        frame: &[u8],
    ) -> Result<(), End> {
        let inner = agreed.opening.tunnel.open(frame)?;
        let plain = agreed.keys.open(self.role, &inner).ok_or(End::Forged)?;
        let envelope = Envelope::decode(&plain)?;
        envelope.verify(&agreed.opening.peer)?;
        if envelope.sequence() != sequence {
            return Err(End::OutOfOrder);
        }
        if envelope.route != Some(route) {
            return Err(End::Malformed);
        }
        let body: Body = decode(envelope.data(), FRAME_MAX).map_err(|_| End::Malformed)?;
        let is_same = bool::from(challenge.expose()[..].ct_eq(&body.value));
        is_same.then_some(()).ok_or(End::Forged)
    }
}

/// A record and the token that it loses; `None` if it has none left.
fn with_token(mut kept: Resumption) -> Option<(Resumption, [u8; 32])> {
    let token = kept.take_first()?;
    Some((kept, *token.secret().expose()))
}

/// The other side's half of an agreement.
fn theirs(opening: &mut Opening, route: Route, frame: &[u8]) -> Result<Handshake, End> {
    let envelope = Envelope::decode(&opening.tunnel.open(frame)?)?;
    envelope.verify(&opening.peer)?;
    if envelope.route != Some(route) {
        return Err(End::Malformed);
    }
    decode(envelope.data(), FRAME_MAX).map_err(|_| End::Malformed)
}

fn their_half(handshake: &Handshake) -> Result<Half, End> {
    Half::parse(&handshake.session_key).ok_or(End::Malformed)
}

/// Both sides name the session that goes on.
fn same(session: SessionId, handshake: &Handshake) -> Result<SessionId, End> {
    let is_same = handshake.session_key == session.as_str();
    is_same.then_some(session).ok_or(End::Malformed)
}

const NOT_AVAILABLE: &str = "resumption not available";
