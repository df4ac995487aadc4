//! A relay: a [`Switch`], what goes in and what comes out.

mod census;
mod config;
mod connection;
mod event;
mod pairing;

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::{fmt, mem};

use channel::{Answered, ExchangeError};
use kernel::Time;
use primitives::{Generator, Secret};

pub use census::Load;
pub use config::Config;
pub use event::{Cause, Framing, Id, Input, Output, Stats};

use crate::Source;
use crate::frame::{self, Kind, SEAL};
use crate::sources::Sources;
use census::{Census, Standing};
use connection::{Connection, Place, Stage, TokenName};

/// A relay: it brings together two connections that know one token, and carries what one says to the
/// other.
///
/// The driver tells of every connection, hands over what comes, and does what [`poll`](Self::poll)
/// says until that is [`Output::Wait`], after every call of [`handle`](Self::handle).
///
/// It knows of each connection where it comes from, a keyed hash of its token, who its partner is, and
/// how many bytes it has sent. What is carried is opened from one tunnel and sealed into the other at
/// once, and forgotten; it is encrypted by the partners for each other. Whatever anyone sends, nothing
/// here fails: that connection ends, and its partner's.
///
/// Each input costs `O(log n)` of the number of connections, and at most one exchange. All growth is
/// bounded by [`Config`], provided that the driver writes outputs before it reads on.
///
/// # Spec
///
/// `spec/22-switch.md` 3.
pub struct Switch {
    config: Config,
    generator: Generator,
    /// Under which tokens are hashed.
    key: Secret<32>,
    now: Time,
    connections: BTreeMap<Id, Connection>,
    /// Whoever created a place, until it ends.
    tokens: BTreeMap<TokenName, Id>,
    timers: BTreeSet<(Time, Id)>,
    census: Census,
    sources: Sources,
    outputs: VecDeque<Output>,
    stats: Stats,
    is_stopping: bool,
}

impl Switch {
    /// A relay that nobody is connected to. `seed` is fresh from the operating system.
    #[must_use]
    pub fn new(now: Time, config: Config, seed: Secret<32>) -> Self {
        let mut generator = Generator::new(seed);
        Self {
            key: generator.secret(),
            generator,
            now,
            connections: BTreeMap::new(),
            tokens: BTreeMap::new(),
            timers: BTreeSet::new(),
            census: Census::default(),
            sources: Sources::new(config.sources),
            outputs: VecDeque::new(),
            stats: Stats::default(),
            is_stopping: false,
            config,
        }
    }

    /// Takes one input. A `now` before an earlier one counts as that earlier one. What names a
    /// connection that ended already does nothing.
    pub fn handle(&mut self, now: Time, input: Input<'_>) {
        self.now = self.now.max(now);
        self.expire();
        match input {
            Input::Connected { id, from, framing } => self.connected(id, from.into(), framing),
            Input::Frame { id, bytes } => {
                if let Err(cause) = self.frame(id, bytes) {
                    self.end(id, cause);
                }
            }
            Input::Sent { id, bytes } => self.sent(id, bytes),
            Input::Disconnected(id) => self.gone(id),
            Input::Stop => self.stop(),
            Input::Tick => {}
        }
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Output {
        let next = self.outputs.pop_front();
        next.unwrap_or_else(|| Output::Wait(self.timers.first().map(|(due, _)| *due)))
    }

    /// Who is there.
    #[must_use]
    pub const fn load(&self) -> Load {
        self.census.all
    }

    /// What was counted.
    #[must_use]
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }

    fn connected(&mut self, id: Id, source: Source, framing: Framing) {
        // a driver that gives out a number twice
        self.gone(id);
        count(&mut self.stats.connected);
        if let Err(cause) = self.may_connect(source) {
            return self.close(id, cause);
        }
        self.census.enter(source, Standing::Opening);
        let mut connection = Connection::new(source, framing);
        connection.lasts = Some(self.now.after(self.config.within));
        connection.arm(id, &mut self.timers);
        self.connections.insert(id, connection);
    }

    fn may_connect(&mut self, source: Source) -> Result<(), Cause> {
        if self.is_stopping {
            return Err(Cause::Stopping);
        }
        let Config {
            starts,
            starts_within,
            ..
        } = self.config;
        if !self
            .sources
            .may_start(self.now, source, starts, starts_within)
        {
            return Err(Cause::Rate);
        }
        let theirs = self.census.of(source);
        let fits = self.census.all.opening < self.config.opening
            && theirs.opening < self.config.opening_per_source
            && theirs.total() < self.config.per_source;
        fits.then_some(()).ok_or(Cause::Full)
    }

    fn frame(&mut self, id: Id, bytes: &[u8]) -> Result<(), Cause> {
        let Some(connection) = self.connections.get_mut(&id) else {
            return Ok(());
        };
        if bytes.len() > frame::FRAME_MAX {
            return Err(Cause::TooLong);
        }
        if let Stage::Open(tunnel, place) = &mut connection.stage {
            let place = *place;
            let kind = frame::hear(tunnel, bytes).map_err(|_| Cause::Malformed)?;
            return self.heard(id, place, kind);
        }
        match mem::replace(&mut connection.stage, Stage::New) {
            Stage::Answered(answered) => {
                let place = match self.config.password {
                    Some(_) => Place::Unadmitted,
                    None => Place::Unregistered,
                };
                connection.stage = Stage::Open(answered.finished(bytes)?, place);
                Ok(())
            }
            Stage::New | Stage::Open(..) => {
                let (answered, second) = Answered::new(bytes, &mut self.generator)?;
                connection.stage = Stage::Answered(answered);
                self.push(id, second)
            }
        }
    }

    /// Something said in the tunnel.
    fn heard(&mut self, id: Id, place: Place, kind: Option<Kind>) -> Result<(), Cause> {
        match (place, kind) {
            (Place::Unadmitted, Some(Kind::Auth(auth))) => self.admit(id, &auth.psk),
            (Place::Unadmitted, Some(Kind::Register(_)))
            | (Place::Unregistered, Some(Kind::Auth(_))) => Err(Cause::Password),
            (Place::Unregistered, Some(Kind::Register(register))) => match register.mode {
                frame::CREATE => self.create(id, &register.token),
                frame::JOIN => self.join(id, &register.token),
                _ => Err(Cause::Refused),
            },
            (Place::Unadmitted | Place::Unregistered, _) => Err(Cause::Malformed),
            (_, Some(Kind::Ping(_))) => self.pong(id),
            (Place::Paired(with), Some(Kind::Msg(message))) => self.carry(id, with, message),
            (Place::Waiting, Some(Kind::Msg(_))) => {
                count(&mut self.stats.unheard);
                Ok(())
            }
            _ => {
                count(&mut self.stats.misplaced);
                Ok(())
            }
        }
    }

    fn admit(&mut self, id: Id, psk: &[u8]) -> Result<(), Cause> {
        let password = self.config.password.as_ref();
        if !password.is_some_and(|password| password.is(psk)) {
            return Err(Cause::Password);
        }
        self.place(id, Place::Unregistered)?;
        self.say(id, frame::auth(Vec::new()))
    }

    /// Answers, unless the answers wait already.
    fn pong(&mut self, id: Id) -> Result<(), Cause> {
        let out = self.connections.get(&id).map_or(0, |other| other.out);
        match out > self.config.queued {
            true => {
                count(&mut self.stats.unanswered);
                Ok(())
            }
            false => self.say(id, frame::pong()),
        }
    }

    fn place(&mut self, id: Id, place: Place) -> Result<(), Cause> {
        let connection = self.connections.get_mut(&id).ok_or(Cause::Broken)?;
        match &mut connection.stage {
            Stage::Open(_, old) => {
                *old = place;
                Ok(())
            }
            _ => Err(Cause::Broken),
        }
    }

    fn say(&mut self, id: Id, kind: Kind) -> Result<(), Cause> {
        self.seal(id, &frame::say(kind))
    }

    /// Seals what can be sent, and nothing else: the other end counts what is sealed.
    fn seal(&mut self, id: Id, plain: &[u8]) -> Result<(), Cause> {
        let connection = self.connections.get_mut(&id).ok_or(Cause::Broken)?;
        let length = plain.len().saturating_add(SEAL);
        if length > connection.framing.most() {
            return Err(Cause::TooLong);
        }
        let room = self.config.queued.saturating_add(2 * frame::FRAME_MAX);
        if connection.out.saturating_add(length) > room {
            return Err(Cause::Slow);
        }
        let Stage::Open(tunnel, _) = &mut connection.stage else {
            return Err(Cause::Broken);
        };
        let sealed = tunnel.seal(plain)?;
        self.push(id, sealed)
    }

    fn push(&mut self, id: Id, bytes: Vec<u8>) -> Result<(), Cause> {
        let connection = self.connections.get_mut(&id).ok_or(Cause::Broken)?;
        connection.out = connection.out.saturating_add(bytes.len());
        self.outputs.push_back(Output::Send { to: id, bytes });
        Ok(())
    }

    fn expire(&mut self) {
        while let Some((due, id)) = self.timers.first().copied()
            && due <= self.now
        {
            let now = self.now;
            let cause = self.connections.get(&id).map(|late| late.expired(now));
            match cause {
                Some(cause) => self.end(id, cause),
                None => {
                    self.timers.pop_first();
                }
            }
        }
    }

    /// Ends a connection, and its partner's.
    fn end(&mut self, id: Id, cause: Cause) {
        let Some(ended) = self.remove(id) else { return };
        self.close(id, cause);
        let theirs = match cause {
            Cause::Expired | Cause::Stopping => cause,
            _ => Cause::Left,
        };
        self.end_partner(&ended, theirs);
    }

    fn stop(&mut self) {
        self.is_stopping = true;
        while let Some(id) = self.connections.keys().next().copied() {
            self.end(id, Cause::Stopping);
        }
    }

    /// A connection ended by itself.
    fn gone(&mut self, id: Id) {
        if let Some(gone) = self.remove(id) {
            self.end_partner(&gone, Cause::Left);
        }
    }

    fn end_partner(&mut self, of: &Connection, cause: Cause) {
        if let Some(with) = of.partner()
            && self.remove(with).is_some()
        {
            self.close(with, cause);
        }
    }

    fn remove(&mut self, id: Id) -> Option<Connection> {
        let mut connection = self.connections.remove(&id)?;
        (connection.lasts, connection.stalls) = (None, None);
        connection.arm(id, &mut self.timers);
        self.census.leave(connection.source, connection.counted);
        if let Some(name) = &connection.token {
            self.tokens.remove(name);
        }
        Some(connection)
    }

    fn close(&mut self, id: Id, cause: Cause) {
        self.stats.count(cause);
        self.outputs.push_back(Output::Close { id, cause });
    }
}

impl From<ExchangeError> for Cause {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Malformed => Self::Malformed,
            _ => Self::Broken,
        }
    }
}

impl fmt::Debug for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Switch")
            .field("load", &self.load())
            .finish_non_exhaustive()
    }
}

fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}
