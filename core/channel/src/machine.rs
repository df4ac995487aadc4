mod agreement;
mod config;
mod confirm;
mod end;
mod event;
mod offer;
mod opening;
mod ours;
mod parts;
mod pulse;
mod session;
mod trial;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::fmt;
use core::mem;

use identity::IdentityKey;
use kernel::Time;
use primitives::{Generator, Secret};
use wire::kamune::ResumeRequest;

pub use config::Config;
pub use end::{End, SendError};
pub use event::{Event, Input, Message, Output, Peer, Stamp, Stats};

use crate::envelope::Envelope;
use crate::exchange::{Answered, Offered, Tunnel};
use crate::trace::Trace;
use crate::{Resumption, Role};
use agreement::Requested;
use confirm::Confirming;
use opening::Opening;
use ours::Ours;
use parts::Parts;
use session::Session;
use trial::Agreed;

/// One side of a channel, from the first frame to the last.
///
/// The driver hands it what comes by [`handle`](Self::handle) and does what [`poll`](Self::poll)
/// says until that is [`Output::Wait`], after every call that changes it. `now` is in milliseconds
/// since 1970 in all of them, and must not go back.
///
/// Whatever the other side sends, nothing here fails: the channel ends, and [`Event::Ended`] says
/// how. It allocates at most a small multiple of a frame, and what [`Config`] allows.
///
/// # Spec
///
/// `spec/20-channel.md` 12.
pub struct Channel {
    parts: Parts,
    state: State,
    /// When the opening must be done.
    until: Time,
}

enum State {
    /// The caller's first frame is out.
    Offered(Offered, Option<Resumption>),
    /// The called side has heard nothing yet.
    Called,
    Answered(Answered),
    /// The called side hears who it is.
    Tunnelled(Tunnel),
    /// The driver looks for a session.
    Resuming(Tunnel, Envelope, ResumeRequest),
    AwaitAccept(Opening),
    AwaitIntroduction(Tunnel),
    /// Somebody decides whether this person is wanted.
    Deciding(Opening),
    Requested(Requested),
    AwaitRequest(Opening),
    AwaitChallenge(Agreed),
    AwaitEcho(Agreed),
    /// The signature of one of ours is to come.
    AwaitConfirm(Confirming),
    Open(Box<Open>),
    Over,
}

/// An established session.
enum Open {
    Kamune(Session),
    Ours(Ours),
}

impl Channel {
    /// Calls somebody, over a connection that is there. `resumption` is what was last saved of a session
    /// with them that should go on; one without tokens counts as none. `seed` is fresh from the operating
    /// system.
    #[must_use]
    pub fn dial(
        now: Time,
        config: Config,
        key: Arc<IdentityKey>,
        resumption: Option<Resumption>,
        seed: Secret<32>,
    ) -> Self {
        let mut channel = Self::new(now, config, Role::Caller, key, seed);
        let (offered, first) = Offered::new(&mut channel.parts.generator);
        channel.parts.trace.frame(1, &first);
        channel.parts.send(first);
        channel.state = State::Offered(offered, resumption);
        channel
    }

    /// Waits for whoever has dialled, over a connection that is there.
    #[must_use]
    pub fn answer(now: Time, config: Config, key: Arc<IdentityKey>, seed: Secret<32>) -> Self {
        Self::new(now, config, Role::Called, key, seed)
    }

    fn new(now: Time, config: Config, role: Role, key: Arc<IdentityKey>, seed: Secret<32>) -> Self {
        Self {
            until: now.after(config.within),
            parts: Parts {
                role,
                config,
                key,
                generator: Generator::new(seed),
                outputs: VecDeque::new(),
                stats: Stats::default(),
                trace: Trace::default(),
            },
            state: State::Called,
        }
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Time, input: Input<'_>) {
        match input {
            Input::Frame(frame) => self.frame(now, frame),
            Input::Lost => self.end(End::Lost),
            Input::NotKept => {
                self.parts.outputs.clear();
                self.end(End::NotKept);
            }
            Input::Tick => {}
        }
        self.tick(now);
    }

    /// The person of [`Event::Introduced`] is wanted. Does nothing when nobody is to be decided on.
    pub fn accept(&mut self, now: Time) {
        match mem::replace(&mut self.state, State::Over) {
            State::Deciding(opening) => {
                let next = self.parts.accepted(now, opening);
                self.enter(next);
            }
            other => self.state = other,
        }
    }

    /// The person of [`Event::Introduced`] is not wanted.
    pub fn reject(&mut self) {
        if matches!(self.state, State::Deciding(_)) {
            self.end(End::Rejected);
        }
    }

    /// What is kept of the session of [`Event::Resuming`], if anything is. Does nothing when no session
    /// is asked for.
    pub fn resume(&mut self, now: Time, kept: Option<Resumption>) {
        match mem::replace(&mut self.state, State::Over) {
            State::Resuming(tunnel, envelope, request) => {
                let next = self.parts.resume(now, tunnel, &envelope, &request, kept);
                self.enter(next);
            }
            other => self.state = other,
        }
    }

    /// Sends a message of up to [`Padding::most_text`](crate::Padding::most_text) bytes.
    ///
    /// # Errors
    ///
    /// See [`SendError`]; the channel is as it was.
    pub fn send(&mut self, now: Time, text: &[u8]) -> Result<(), SendError> {
        self.say(now, None, text)
    }

    /// Sends a message that was written at another time, and may have been sent in another session. In
    /// [`Mode::Kamune`](crate::Mode::Kamune) the other side does not learn of it.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_stamped(&mut self, now: Time, stamp: Stamp, text: &[u8]) -> Result<(), SendError> {
        self.say(now, Some(stamp), text)
    }

    fn say(&mut self, now: Time, stamp: Option<Stamp>, text: &[u8]) -> Result<(), SendError> {
        let State::Open(open) = &mut self.state else {
            return Err(SendError::NotOpen);
        };
        match &mut **open {
            Open::Kamune(session) => session.say(now, &mut self.parts, text),
            Open::Ours(session) => session.say(now, &mut self.parts, stamp, text),
        }
    }

    /// Sends `bytes` of another protocol, 1 to [`Padding::most_message`](crate::Padding::most_message),
    /// past the messages: without a number, and nobody learns whether they come. They come once, in their
    /// place, or the channel ends. The first byte says which protocol it is.
    ///
    /// # Errors
    ///
    /// See [`SendError`]; the channel is as it was.
    ///
    /// # Spec
    ///
    /// `spec/20-channel.md` 16.
    pub fn send_aside(&mut self, now: Time, bytes: &[u8]) -> Result<(), SendError> {
        let State::Open(open) = &mut self.state else {
            return Err(SendError::NotOpen);
        };
        match &mut **open {
            Open::Kamune(_) => Err(SendError::NoAsides),
            Open::Ours(session) => session.say_aside(now, &mut self.parts, bytes),
        }
    }

    /// What the other side sent up to message `number` is kept here, durably: it may forget it. Does
    /// nothing in [`Mode::Kamune`](crate::Mode::Kamune), which has no word for it.
    pub fn keep(&mut self, now: Time, number: u64) {
        if let State::Open(open) = &mut self.state
            && let Open::Ours(session) = &mut **open
        {
            session.keep(now, &self.parts, number);
        }
    }

    /// Ends the channel; the other side is told if there is a session.
    pub fn close(&mut self, now: Time) {
        if let State::Open(open) = &mut self.state {
            // Whatever stands in the way, it ends.
            let _ = match &mut **open {
                Open::Kamune(session) => session.leave(now, &mut self.parts),
                Open::Ours(session) => session.leave(now, &mut self.parts),
            };
        }
        self.end(End::Left);
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Output {
        let next = self.parts.outputs.pop_front();
        next.unwrap_or_else(|| {
            Output::Wait(match &self.state {
                State::Over => None,
                State::Open(open) => Some(match &**open {
                    Open::Kamune(session) => session.due(),
                    Open::Ours(session) => session.due(),
                }),
                _ => Some(self.until),
            })
        })
    }

    /// What was counted.
    #[must_use]
    pub const fn stats(&self) -> Stats {
        self.parts.stats
    }

    fn frame(&mut self, now: Time, frame: &[u8]) {
        if matches!(self.state, State::Over) {
            return;
        }
        self.parts.stats.received = self.parts.stats.received.saturating_add(1);
        if let State::Open(open) = &mut self.state {
            let taken = match &mut **open {
                Open::Kamune(session) => session.take(now, &mut self.parts, frame),
                Open::Ours(session) => session.take(now, &mut self.parts, frame),
            };
            if let Err(end) = taken {
                self.end(end);
            }
            return;
        }
        let parts = &mut self.parts;
        let next = match mem::replace(&mut self.state, State::Over) {
            State::Offered(offered, kept) => parts.answered(now, offered, kept, frame),
            State::Called => parts.asked(frame),
            State::Answered(answered) => {
                parts.trace.frame(3, frame);
                let tunnel = answered.finished(frame);
                tunnel.map(State::Tunnelled).map_err(End::from)
            }
            State::Tunnelled(tunnel) => parts.first(tunnel, frame),
            State::AwaitAccept(opening) => parts.resumed(now, opening, frame),
            State::AwaitIntroduction(mut tunnel) => tunnel
                .open(frame)
                .map_err(End::from)
                .and_then(|plain| Envelope::decode(&plain).map_err(End::from))
                .and_then(|envelope| parts.introduced(tunnel, &envelope)),
            State::Requested(requested) => parts.agreed(now, requested, frame),
            State::AwaitRequest(opening) => parts.requested(now, opening, frame),
            State::AwaitChallenge(agreed) => match parts.role {
                Role::Caller => parts.last(now, agreed, frame),
                Role::Called => parts.challenged(now, agreed, frame),
            },
            State::AwaitEcho(agreed) => parts.echoed(now, agreed, frame),
            State::AwaitConfirm(confirming) => parts.confirmed(now, confirming, frame),
            // Nobody speaks while the other side decides.
            State::Deciding(_) | State::Resuming(..) | State::Open(_) | State::Over => {
                Err(End::Malformed)
            }
        };
        self.enter(next);
    }

    fn tick(&mut self, now: Time) {
        match &mut self.state {
            State::Over => {}
            State::Open(open) => {
                let ticked = match &mut **open {
                    Open::Kamune(session) => session.tick(now, &mut self.parts),
                    Open::Ours(session) => session.tick(now, &mut self.parts),
                };
                if let Err(end) = ticked {
                    self.end(end);
                }
            }
            _ if self.until <= now => self.end(End::Late),
            _ => {}
        }
    }

    fn enter(&mut self, next: Result<State, End>) {
        match next {
            Ok(state) => self.state = state,
            Err(end) => {
                // Any state that is not over: the end is told once.
                self.state = State::Called;
                self.end(end);
            }
        }
    }

    fn end(&mut self, end: End) {
        if matches!(self.state, State::Over) {
            return;
        }
        self.state = State::Over;
        self.parts.outputs.push_back(Output::Close);
        self.parts.tell(Event::Ended(end));
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("role", &self.parts.role)
            .finish_non_exhaustive()
    }
}
