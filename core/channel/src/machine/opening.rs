//! From the first frame to the first message.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use identity::{IdentityPublic, spki};
use kernel::Time;
use primitives::{
    ConstantTimeEq, MlDsaVerifyingKey, MlKemKey, MlKemPublicKey, Secret, VerifyingKey,
};
use wire::kamune::{Body, Handshake, Introduce, ResumeAccept, ResumeRequest};
use wire::v1::Offer;
use wire::{decode, encode};

use super::confirm::Confirming;
use super::parts::{Parts, Said};
use super::session::Session;
use super::{End, Event, Open, Output, Peer, State};
use crate::envelope::{Envelope, FRAME_MAX};
use crate::exchange::{Answered, Offered, Tunnel};
use crate::keys::Keys;
use crate::session_id::Half;
use crate::{Mode, Resumption, Role, Route, SessionId, Token, Version};

/// What is known of a session while it opens.
pub(super) struct Opening {
    pub(super) tunnel: Tunnel,
    /// The other side's key, which has signed.
    pub(super) peer: IdentityPublic,
    /// The session that goes on, if one does.
    pub(super) resumed: Option<Resumed>,
    pub(super) mode: Mode,
    /// Whether their handshake must say what they saw.
    pub(super) is_bound: bool,
}

/// A session that goes on.
#[derive(Clone, Copy)]
pub(super) struct Resumed {
    pub(super) session: SessionId,
    /// Up to which number we keep their messages.
    pub(super) kept: u64,
}

impl Opening {
    /// With somebody whom we know from an earlier session.
    fn again(tunnel: Tunnel, kept: Resumption) -> Self {
        Self {
            tunnel,
            mode: kept.mode,
            is_bound: kept.mode == Mode::Ours,
            peer: kept.peer,
            resumed: Some(Resumed {
                session: kept.session,
                kept: kept.kept,
            }),
        }
    }
}

/// The caller has asked for an agreement.
pub(super) struct Requested {
    opening: Opening,
    key: MlKemKey,
    request: Handshake,
    /// The same, as it was signed.
    data: Vec<u8>,
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
        self.trace.frame(2, frame);
        self.trace.frame(3, &third);
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
        self.trace.said(self.role, &request);
        let envelope = self.envelope(now, Route::ResumeRequest, Said::Bare, request)?;
        let frame = tunnel.seal(&envelope)?;
        self.send(frame);
        Ok(State::AwaitAccept(Opening::again(tunnel, resumption)))
    }

    /// The called side, to whom the first frame came.
    pub(super) fn asked(&mut self, frame: &[u8]) -> Result<State, End> {
        let (answered, second) = Answered::new(frame, &mut self.generator)?;
        self.trace.frame(1, frame);
        self.trace.frame(2, &second);
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
                self.trace.said(self.role.other(), envelope.data());
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
        self.trace.said(self.role.other(), envelope.data());
        let offer = offer(&said.ours)?;
        let (mode, identity) = match (self.config.mode, &offer) {
            (Mode::Ours, Some(offer)) => (Mode::Ours, whole(key, offer)),
            _ => (Mode::Kamune, key.into()),
        };
        self.tell(Event::Introduced(Box::new(Peer {
            key,
            identity: identity.clone(),
            name: said.name,
            version,
            mode,
        })));
        Ok(State::Deciding(Opening {
            tunnel,
            peer: identity,
            resumed: None,
            mode,
            is_bound: offer.is_some(),
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
            ours: match self.config.mode {
                Mode::Ours => our_offer(self.key.public()),
                Mode::Kamune => Vec::new(),
            },
        });
        self.trace.said(self.role, &body);
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
                && envelope.verify(kept.peer.ed25519()).is_ok()
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
        self.trace.said(self.role, &answer);
        let envelope = self.envelope(now, Route::ResumeAccept, Said::Bare, answer)?;
        let frame = tunnel.seal(&envelope)?;
        self.send(frame);
        let kept = known.ok_or(End::NotResumed)?;
        Ok(State::AwaitRequest(Opening::again(tunnel, kept)))
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
        envelope.verify(opening.peer.ed25519())?;
        self.trace.said(self.role.other(), envelope.data());
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
            session_key: our_name(&opening, half),
            binding: self.binding(),
        };
        let data = encode(&request);
        self.handshake(
            now,
            &mut opening.tunnel,
            Route::RequestHandshake,
            data.clone(),
        )?;
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
            binding: self.binding(),
        };
        let ours = encode(&accept);
        self.handshake(
            now,
            &mut opening.tunnel,
            Route::AcceptHandshake,
            ours.clone(),
        )?;
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

    /// Keeps what the session leaves behind.
    pub(super) fn save(
        &mut self,
        now: Time,
        opening: &Opening,
        session: SessionId,
        tokens: Vec<Token>,
    ) {
        self.outputs.push_back(Output::Save(Resumption {
            session,
            mode: opening.mode,
            peer: opening.peer.clone(),
            tokens,
            established: now,
            kept: 0,
        }));
    }

    /// What we saw before the handshake, for those who understand it.
    fn binding(&self) -> Vec<u8> {
        match self.config.mode {
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
        let handshake: Handshake =
            decode(envelope.data(), FRAME_MAX).map_err(|_| End::Malformed)?;
        match self.trace.agrees(&handshake.binding, opening.is_bound) {
            true => Ok((handshake, envelope.data().to_vec())),
            false => Err(End::Forged),
        }
    }

    fn handshake(
        &mut self,
        now: Time,
        tunnel: &mut Tunnel,
        route: Route,
        data: Vec<u8>,
    ) -> Result<(), End> {
        let envelope = self.envelope(now, route, Said::Placed(0), data)?;
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
        envelope.verify(agreed.opening.peer.ed25519())?;
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

/// What somebody offers beyond Kamune; `None` if nothing that we know.
fn offer(bytes: &[u8]) -> Result<Option<Offer>, End> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let offer: Offer = decode(bytes, FRAME_MAX).map_err(|_| End::Malformed)?;
    Ok((offer.version >= OFFER).then_some(offer))
}

fn our_offer(key: &IdentityPublic) -> Vec<u8> {
    let ml_dsa = key.ml_dsa().map(|key| key.as_bytes().to_vec());
    encode(&Offer {
        version: OFFER,
        ml_dsa: ml_dsa.unwrap_or_default(),
    })
}

/// A key with the half that was offered.
fn whole(key: VerifyingKey, offer: &Offer) -> IdentityPublic {
    let identity = IdentityPublic::from(key);
    match offer.ml_dsa.first_chunk() {
        Some(half) => identity.with_ml_dsa(MlDsaVerifyingKey::from_bytes(half)),
        None => identity,
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

/// The version of what two of ours speak.
const OFFER: u32 = 1;
const NOT_AVAILABLE: &str = "resumption not available";
