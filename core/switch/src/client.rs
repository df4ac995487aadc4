//! One connection to a relay: a [`Client`], what goes in and what comes out.

mod config;
mod end;
mod event;

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;
use core::{fmt, mem};

use channel::{ExchangeError, Offered, Tunnel};
use kernel::Time;
use primitives::{Generator, Secret};
use wire::relay::Registered;

pub use config::Config;
pub use end::{End, SendError};
pub use event::{Event, Input, Output, Stats};

use crate::frame::{self, Kind};
use crate::{Password, Token, Wish};

/// One connection to a relay: it asks for a place, and is then a pipe for the frames of a channel.
///
/// The driver hands it what comes by [`handle`](Self::handle) and does what [`poll`](Self::poll)
/// says until that is [`Output::Wait`], after every call that changes it.
///
/// Whatever the relay sends, nothing here fails: the connection ends, and [`Event::Ended`] says how.
/// It allocates at most a small multiple of a frame for each input; what waits in its outputs is what
/// the caller gave to [`send`](Self::send).
///
/// # Spec
///
/// `spec/22-switch.md` 1.
pub struct Client {
    config: Config,
    state: State,
    wish: Wish,
    password: Option<Password>,
    generator: Generator,
    outputs: VecDeque<Output>,
    stats: Stats,
    /// When the place must be there.
    until: Time,
    /// When something of the relay last came, or was last asked for.
    heard: Time,
    /// How many pings nothing came after.
    asked: u32,
    /// Whether anybody else is known to be there.
    has_partner: bool,
}

enum State {
    Offered(Offered),
    Tunnelled(Tunnel, Stage),
    Over,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Stage {
    /// The password is out.
    Admitting,
    /// The wish is out.
    Registering,
    Placed,
}

impl Client {
    /// Asks for a place, over a connection that is there. `password` is sent if there is one; a relay
    /// that has none ends the connection then. `seed` is fresh from the operating system.
    ///
    /// A token of one's own that no relay takes ([`Token::may_be_own`]) ends it at once.
    #[must_use]
    pub fn new(
        now: Time,
        config: Config,
        wish: Wish,
        password: Option<Password>,
        seed: Secret<32>,
    ) -> Self {
        let mut client = Self {
            until: now.after(config.within),
            config,
            state: State::Over,
            has_partner: matches!(wish, Wish::Join(_)),
            wish,
            password,
            generator: Generator::new(seed),
            outputs: VecDeque::new(),
            stats: Stats::default(),
            heard: now,
            asked: 0,
        };
        client.begin();
        client
    }

    fn begin(&mut self) {
        let offered = match &self.wish {
            Wish::Create(Some(token)) if !token.may_be_own() => Err(End::Token),
            _ => Ok(Offered::new(&mut self.generator)),
        };
        match offered {
            Ok((offered, first)) => {
                self.state = State::Offered(offered);
                self.push(first);
            }
            Err(end) => self.finish(end),
        }
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Time, input: Input<'_>) {
        match input {
            Input::Frame(bytes) => self.frame(now, bytes),
            Input::Lost => self.lost(),
            Input::Tick => {}
        }
        self.tick(now);
    }

    /// Has a frame carried to the partner: 1 to 32,744 bytes. What is sealed is to be sent: the driver
    /// sends every [`Output::Send`], or ends the connection.
    ///
    /// # Errors
    ///
    /// See [`SendError`]; the client is as it was.
    pub fn send(&mut self, frame: &[u8]) -> Result<(), SendError> {
        let State::Tunnelled(tunnel, Stage::Placed) = &mut self.state else {
            return Err(SendError::NotPlaced);
        };
        if !self.has_partner {
            return Err(SendError::Alone);
        }
        if frame.is_empty() || frame.len() > frame::SENT_MAX {
            return Err(SendError::Length { bytes: frame.len() });
        }
        let sealed = tunnel.seal(&frame::say(frame::message(frame.to_vec())));
        self.push(sealed.map_err(|_| SendError::NotPlaced)?);
        Ok(())
    }

    /// Ends the connection; the relay ends that of the partner.
    pub fn close(&mut self) {
        self.end(End::Left);
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Output {
        let next = self.outputs.pop_front();
        next.unwrap_or_else(|| Output::Wait(self.due()))
    }

    /// What was counted.
    #[must_use]
    pub const fn stats(&self) -> Stats {
        self.stats
    }

    fn due(&self) -> Option<Time> {
        match self.state {
            State::Over => None,
            State::Tunnelled(_, Stage::Placed) => Some(self.heard.after(match self.asked {
                0 => self.config.ping_every,
                _ => self.config.ping_within,
            })),
            _ => Some(self.until),
        }
    }

    fn tick(&mut self, now: Time) {
        if self.due().is_none_or(|due| due > now) {
            return;
        }
        let State::Tunnelled(tunnel, Stage::Placed) = &mut self.state else {
            return self.end(End::Late);
        };
        if self.asked >= self.config.strikes {
            return self.end(End::Silent);
        }
        self.asked = self.asked.saturating_add(1);
        self.heard = now;
        match tunnel.seal(&frame::say(frame::ping())) {
            Ok(sealed) => self.push(sealed),
            Err(error) => self.end(error.into()),
        }
    }

    fn frame(&mut self, now: Time, bytes: &[u8]) {
        if matches!(self.state, State::Over) {
            return;
        }
        self.stats.received = self.stats.received.saturating_add(1);
        let next = match mem::replace(&mut self.state, State::Over) {
            _ if bytes.len() > frame::FRAME_MAX => Err(End::Malformed),
            State::Offered(offered) => self.answered(offered, bytes),
            State::Tunnelled(tunnel, stage) => self.heard(now, tunnel, stage, bytes),
            State::Over => Ok(State::Over),
        };
        match next {
            Ok(state) => self.state = state,
            Err(end) => self.finish(end),
        }
    }

    /// The exchange is done: shows the password, or goes on to the wish.
    fn answered(&mut self, offered: Offered, bytes: &[u8]) -> Result<State, End> {
        let (mut tunnel, third) = offered.answered(bytes, &mut self.generator)?;
        self.push(third);
        let (kind, stage) = match &self.password {
            Some(password) => (frame::auth(password.to_bytes()), Stage::Admitting),
            None => (self.register(), Stage::Registering),
        };
        self.say(&mut tunnel, kind)?;
        Ok(State::Tunnelled(tunnel, stage))
    }

    fn register(&self) -> Kind {
        match &self.wish {
            Wish::Create(token) => frame::register(frame::CREATE, token.as_ref()),
            Wish::Join(token) => frame::register(frame::JOIN, Some(token)),
        }
    }

    /// Something said in the tunnel.
    fn heard(
        &mut self,
        now: Time,
        mut tunnel: Tunnel,
        stage: Stage,
        bytes: &[u8],
    ) -> Result<State, End> {
        let kind = frame::hear(&mut tunnel, bytes).map_err(|_| End::Malformed)?;
        (self.heard, self.asked) = (now, 0);
        let mut next = stage;
        match (stage, kind) {
            (_, Some(Kind::Ping(_))) => self.say(&mut tunnel, frame::pong())?,
            (Stage::Admitting, Some(Kind::Auth(_))) => {
                let wish = self.register();
                self.say(&mut tunnel, wish)?;
                next = Stage::Registering;
            }
            (Stage::Registering, Some(Kind::Registered(registered))) => {
                self.registered(&registered)?;
                next = Stage::Placed;
            }
            (Stage::Placed, Some(Kind::Msg(message))) => {
                self.has_partner = true;
                self.tell(Event::Frame(message.data));
            }
            (Stage::Placed, Some(Kind::Pong(_))) => {}
            (Stage::Placed, _) | (_, None) => {
                self.stats.misplaced = self.stats.misplaced.saturating_add(1);
            }
            _ => return Err(End::Malformed),
        }
        Ok(State::Tunnelled(tunnel, next))
    }

    fn registered(&mut self, registered: &Registered) -> Result<(), End> {
        let token = match &self.wish {
            Wish::Create(Some(token)) | Wish::Join(token) => token.clone(),
            Wish::Create(None) => {
                Token::from_bytes(&registered.token).map_err(|_| End::Malformed)?
            }
        };
        let seconds = |s: u32| (s > 0).then(|| Duration::from_secs(s.into()));
        self.tell(Event::Registered {
            token,
            waits: seconds(registered.ttl_seconds),
            lasts: seconds(registered.session_ttl_seconds),
        });
        Ok(())
    }

    fn say(&mut self, tunnel: &mut Tunnel, kind: Kind) -> Result<(), End> {
        let sealed = tunnel.seal(&frame::say(kind))?;
        self.push(sealed);
        Ok(())
    }

    fn push(&mut self, frame: Vec<u8>) {
        self.stats.sent = self.stats.sent.saturating_add(1);
        self.outputs.push_back(Output::Send(frame));
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Tell(event));
    }

    /// A relay says nothing when it refuses: what it was asked last tells why.
    fn lost(&mut self) {
        self.end(match self.state {
            State::Tunnelled(_, Stage::Admitting) => End::Password,
            State::Tunnelled(_, Stage::Registering) => End::Refused,
            _ => End::Lost,
        });
    }

    fn end(&mut self, end: End) {
        if !matches!(self.state, State::Over) {
            self.finish(end);
        }
    }

    fn finish(&mut self, end: End) {
        self.state = State::Over;
        self.outputs.push_back(Output::Close);
        self.tell(Event::Ended(end));
    }
}

impl From<ExchangeError> for End {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Malformed => Self::Malformed,
            _ => Self::Broken,
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}
