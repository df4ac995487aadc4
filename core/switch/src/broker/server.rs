use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::fmt;
use core::net::{SocketAddr, SocketAddrV4};
use core::time::Duration;

use kernel::Time;
use primitives::{Generator, Secret, hmac_sha256};

use super::{Address, Notice, PeerKey, Register, Request, echo};
use crate::Source;
use crate::sources::Sources;

/// A broker: it holds who registers under a token until another one does, and tells both.
///
/// The driver hands it every datagram of its socket and does what [`poll`](Self::poll) says until that
/// is [`ServerOutput::Wait`]. It answers nobody but where a request came from, with at most two
/// datagrams of 133 bytes for one of 60. Each input costs `O(log n)` and at most two agreements.
///
/// # Spec
///
/// `spec/22-switch.md` 5.3.
pub struct Server<A = SocketAddrV4> {
    config: ServerConfig,
    generator: Generator,
    /// Under which tokens are hashed.
    key: Secret<32>,
    now: Time,
    held: BTreeMap<Name, Held<A>>,
    timers: BTreeSet<(Time, Name)>,
    per_source: BTreeMap<Source, usize>,
    sources: Sources,
    outputs: VecDeque<ServerOutput<A>>,
    stats: ServerStats,
}

struct Held<A> {
    address: A,
    key: PeerKey,
    until: Time,
}

/// What is kept of a token.
type Name = [u8; 32];

/// The limits of a [`Server`]; the defaults are those of the spec.
///
/// # Spec
///
/// `spec/22-switch.md` 6.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerConfig {
    /// How long a registration is held without being repeated.
    pub lasts: Duration,
    /// Registrations at a time.
    pub places: usize,
    /// The same of one source.
    pub places_per_source: usize,
    /// Datagrams that a source may send...
    pub packets: usize,
    /// ...in any such time.
    pub packets_within: Duration,
    /// Sources that are remembered.
    pub sources: usize,
}

/// Something that happened outside.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum ServerInput<'a, A = SocketAddrV4> {
    /// A datagram came.
    Datagram {
        /// From where, as the socket says.
        from: A,
        /// Any bytes of anyone's.
        bytes: &'a [u8],
    },
    /// Nothing but time.
    Tick,
}

/// Something the driver must do, in this order.
#[expect(
    clippy::exhaustive_enums,
    reason = "a driver that skips one is broken; let it not compile"
)]
#[derive(Debug, Eq, PartialEq)]
#[must_use]
pub enum ServerOutput<A = SocketAddrV4> {
    /// Send a datagram; losing one is normal.
    Send {
        /// To where.
        to: A,
        /// At most 133 bytes; by IPv6, 145.
        bytes: Vec<u8>,
    },
    /// Nothing to do before this moment; `None`: before the next input.
    Wait(Option<Time>),
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct ServerStats {
    /// Datagrams that came.
    pub received: u64,
    /// That are no request.
    pub malformed: u64,
    /// That a source sent above its limit.
    pub limited: u64,
    /// Registrations that there was no room for.
    pub full: u64,
    /// Echoes that were answered.
    pub echoed: u64,
    /// Registrations that were taken, under tokens of both kinds.
    pub held: u64,
    /// That were repeated.
    pub refreshed: u64,
    /// Pairs that were told of each other.
    pub matched: u64,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            lasts: Duration::from_secs(60),
            places: 10_000,
            places_per_source: 32,
            packets: 60,
            packets_within: Duration::from_secs(60),
            sources: 10_000,
        }
    }
}

impl<A: Address> Server<A> {
    /// A broker that holds nobody. `seed` is fresh from the operating system.
    #[must_use]
    pub fn new(now: Time, config: ServerConfig, seed: Secret<32>) -> Self {
        let mut generator = Generator::new(seed);
        Self {
            key: generator.secret(),
            generator,
            now,
            held: BTreeMap::new(),
            timers: BTreeSet::new(),
            per_source: BTreeMap::new(),
            sources: Sources::new(config.sources),
            outputs: VecDeque::new(),
            stats: ServerStats::default(),
            config,
        }
    }

    /// Takes one input. A `now` before an earlier one counts as that earlier one.
    pub fn handle(&mut self, now: Time, input: ServerInput<'_, A>) {
        self.now = self.now.max(now);
        self.expire();
        if let ServerInput::Datagram { from, bytes } = input {
            count(&mut self.stats.received);
            self.datagram(from, bytes);
        }
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> ServerOutput<A> {
        let next = self.outputs.pop_front();
        let due = || self.timers.first().map(|(due, _)| *due);
        next.unwrap_or_else(|| ServerOutput::Wait(due()))
    }

    /// How many registrations are held.
    #[must_use]
    pub fn load(&self) -> usize {
        self.held.len()
    }

    /// What was counted.
    #[must_use]
    pub const fn stats(&self) -> ServerStats {
        self.stats
    }

    fn datagram(&mut self, from: A, bytes: &[u8]) {
        let Some(request) = Request::decode(bytes) else {
            return count(&mut self.stats.malformed);
        };
        let (times, within) = (self.config.packets, self.config.packets_within);
        if !self
            .sources
            .may_start(self.now, source(from), times, within)
        {
            return count(&mut self.stats.limited);
        }
        match request {
            Request::Echo => {
                count(&mut self.stats.echoed);
                self.send(from, echo(from));
            }
            Request::Register(register) => match &register.token {
                None => self.assign(from, register.key),
                Some(token) => self.register(from, token, &register),
            },
        }
    }

    /// Holds somebody under a token that is drawn.
    fn assign(&mut self, from: A, key: PeerKey) {
        let token: Secret<16> = self.generator.secret();
        let name = self.name(&token);
        let seconds = u32::try_from(self.config.lasts.as_secs()).unwrap_or(u32::MAX);
        let notice = Notice::<A>::Assigned {
            token,
            lasts_s: seconds,
        };
        // A place under a key that cannot be told of it is of no use.
        let Some(packet) = notice.seal(&key, &mut self.generator) else {
            return count(&mut self.stats.malformed);
        };
        if self.hold(name, from, key) {
            self.send(from, packet);
        }
    }

    /// Holds somebody under their token, or brings them together with whoever is held under it.
    fn register(&mut self, from: A, token: &Secret<16>, register: &Register<A>) {
        let name = self.name(token);
        let until = self.now.after(self.config.lasts);
        match self.held.get_mut(&name) {
            None => {
                self.hold(name, from, register.key);
            }
            // Where they are is not looked at again.
            Some(held) if held.key == register.key => {
                self.timers.remove(&(held.until, name));
                held.until = until;
                self.timers.insert((until, name));
                count(&mut self.stats.refreshed);
            }
            Some(_) => {
                if let Some(held) = self.release(&name) {
                    self.pair(from, token, register, &held);
                }
            }
        }
    }

    /// Tells the newcomer where the other one is seen, and that one where the newcomer says to be.
    fn pair(&mut self, from: A, token: &Secret<16>, new: &Register<A>, held: &Held<A>) {
        count(&mut self.stats.matched);
        let told = [
            (from, new.key, held.key, held.address),
            (held.address, held.key, new.key, new.claimed),
        ];
        for (to, sealed_to, key, address) in told {
            let token = token.clone();
            let notice = Notice::Matched {
                token,
                key,
                address,
            };
            if let Some(packet) = notice.seal(&sealed_to, &mut self.generator) {
                self.send(to, packet);
            }
        }
    }

    /// Whether there was room.
    fn hold(&mut self, name: Name, address: A, key: PeerKey) -> bool {
        let source = source(address);
        let theirs = self.per_source.get(&source).copied().unwrap_or_default();
        if self.held.len() >= self.config.places || theirs >= self.config.places_per_source {
            count(&mut self.stats.full);
            return false;
        }
        let until = self.now.after(self.config.lasts);
        self.per_source.insert(source, theirs.saturating_add(1));
        self.timers.insert((until, name));
        let held = Held {
            address,
            key,
            until,
        };
        self.held.insert(name, held);
        count(&mut self.stats.held);
        true
    }

    fn release(&mut self, name: &Name) -> Option<Held<A>> {
        let held = self.held.remove(name)?;
        self.timers.remove(&(held.until, *name));
        let source = source(held.address);
        if let Some(theirs) = self.per_source.get_mut(&source) {
            *theirs = theirs.saturating_sub(1);
            if *theirs == 0 {
                self.per_source.remove(&source);
            }
        }
        Some(held)
    }

    fn expire(&mut self) {
        while let Some((until, name)) = self.timers.first().copied()
            && until <= self.now
        {
            self.timers.pop_first();
            self.release(&name);
        }
    }

    fn send(&mut self, to: A, bytes: Vec<u8>) {
        self.outputs.push_back(ServerOutput::Send { to, bytes });
    }

    fn name(&self, token: &Secret<16>) -> Name {
        hmac_sha256(self.key.expose(), &[token.expose()])
    }
}

impl<A> fmt::Debug for Server<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Server")
    }
}

fn source(address: impl Into<SocketAddr>) -> Source {
    address.into().ip().into()
}

fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}
