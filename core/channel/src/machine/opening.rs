//! Who it is: from the first frame to what both sides know of each other.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use identity::{IdentityPublic, spki};
use kernel::Time;
use wire::encode;
use wire::kamune::{Introduce, ResumeAccept, ResumeRequest};

use super::parts::{Parts, Said};
use super::{End, Event, Output, Peer, State, offer};
use crate::envelope::Envelope;
use crate::exchange::{Answered, Offered, Tunnel};
use crate::{Mode, Resumption, Role, Route, SessionId, Token, Version};

/// What is known of a session while it opens.
pub(super) struct Opening {
    pub(super) tunnel: Tunnel,
    /// The other side's key, which has signed.
    pub(super) peer: IdentityPublic,
    /// The session that goes on, if one does.
    pub(super) resumed: Option<Resumed>,
    /// What is left of its tokens.
    pub(super) tokens: Vec<Token>,
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
            tokens: kept.tokens,
            resumed: Some(Resumed {
                session: kept.session,
                kept: kept.kept,
            }),
        }
    }
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
        self.tunnelled(
            now,
            &mut tunnel,
            (Route::ResumeRequest, Said::Bare),
            request,
        )?;
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
                let request: ResumeRequest = envelope.body()?;
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
        let said: Introduce = envelope.body()?;
        let key = said.public_key.first_chunk().ok_or(End::Malformed)?;
        let key = spki::decode(key).map_err(|_| End::Malformed)?;
        envelope.verify(&key)?;
        let version = Version::parse(&said.app_version).ok_or(End::Malformed)?;
        if !version.talks_to(Version::OURS) {
            return Err(End::Incompatible { theirs: version });
        }
        self.trace.said(self.role.other(), envelope.data());
        let offer = offer::theirs(&said.ours)?;
        let (mode, identity, former) = match (self.config.mode, &offer) {
            (Mode::Ours, Some(offer)) => {
                let identity = offer::whole(key, offer);
                let former = offer::former(&identity, offer)?;
                (Mode::Ours, identity, former)
            }
            _ => (Mode::Kamune, key.into(), None),
        };
        self.tell(Event::Introduced(Box::new(Peer {
            key,
            identity: identity.clone(),
            former,
            name: said.name,
            version,
            mode,
        })));
        Ok(State::Deciding(Opening {
            tunnel,
            peer: identity,
            resumed: None,
            tokens: Vec::new(),
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
            app_version: Version::OURS.to_string(),
            ours: match self.config.mode {
                Mode::Ours => offer::ours(self.key.public(), self.config.succession.as_ref()),
                Mode::Kamune => Vec::new(),
            },
        });
        self.trace.said(self.role, &body);
        self.tunnelled(now, tunnel, (Route::Identity, Said::Dated), body)
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
        self.tunnelled(now, &mut tunnel, (Route::ResumeAccept, Said::Bare), answer)?;
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
        let answer: ResumeAccept = envelope.body()?;
        match answer.accepted {
            true => self.request(now, opening),
            false => Err(End::NotResumed),
        }
    }

    /// Sends an envelope through the tunnel.
    pub(super) fn tunnelled(
        &mut self,
        now: Time,
        tunnel: &mut Tunnel,
        (route, said): (Route, Said),
        data: Vec<u8>,
    ) -> Result<(), End> {
        let envelope = self.envelope(now, route, said, data)?;
        let frame = tunnel.seal(&envelope)?;
        self.send(frame);
        Ok(())
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
}

/// A record and the token that it loses; `None` if it has none left.
fn with_token(mut kept: Resumption) -> Option<(Resumption, [u8; 32])> {
    let token = kept.take_first()?;
    Some((kept, *token.secret().expose()))
}

const NOT_AVAILABLE: &str = "resumption not available";
