mod event;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::fmt;
use core::net::{SocketAddr, SocketAddrV4};
use core::time::Duration;

use kernel::Time;
use primitives::{Generator, Secret};

pub use event::{ClientConfig, ClientInput, ClientOutput, ClientStats, End, Event};

use super::address::is_somewhere;
use super::{Address, Notice, PeerKey, Register, Request, is_broker, read_echo};
use crate::{Token, TokenError, Wish};

/// One side of those who meet at a broker: it asks where it is seen from, registers, goes on doing so
/// while it waits, and knocks at whoever comes, so that both sides' networks let them in.
///
/// It shares the socket of what follows: the driver gives it what [`takes`](Self::takes) says, and does
/// what [`poll`](Self::poll) says until that is [`ClientOutput::Wait`].
///
/// Who creates a place stays registered and may be told of one after the other; who joins is told of
/// one. Neither gives up a token that nobody else comes for, or an address where nobody answers: that is
/// up to whoever holds the machine.
///
/// # Spec
///
/// `spec/22-switch.md` 5.4.
pub struct Client<A = SocketAddrV4> {
    config: ClientConfig,
    broker: A,
    /// `None`: one is yet to be drawn.
    token: Option<Secret<16>>,
    stays: bool,
    secret: Secret<32>,
    key: PeerKey,
    state: State<A>,
    /// When to say the same again.
    due: Option<Time>,
    /// How often that was said.
    said: u32,
    registered: Option<Time>,
    knocks: BTreeMap<PeerKey, Knock<A>>,
    outputs: VecDeque<ClientOutput<A>>,
    stats: ClientStats,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum State<A> {
    Mapping,
    Registering(A),
    /// Somebody was met, or it is over.
    Done,
}

struct Knock<A> {
    at: A,
    left: u32,
    due: Time,
}

impl<A: Address> Client<A> {
    /// Asks `broker` to be brought together with somebody. `seed` is fresh from the operating system.
    ///
    /// # Errors
    ///
    /// [`TokenError::Zero`].
    pub fn new(
        now: Time,
        config: ClientConfig,
        broker: A,
        wish: &Wish,
        seed: Secret<32>,
    ) -> Result<Self, TokenError> {
        let token = match wish {
            Wish::Create(token) => token.as_ref(),
            Wish::Join(token) => Some(token),
        };
        let token = token.map(Token::to_short);
        if token
            .as_ref()
            .is_some_and(|token| *token.expose() == [0; 16])
        {
            return Err(TokenError::Zero);
        }
        let secret = Generator::new(seed).secret();
        let mut client = Self {
            config,
            broker,
            token,
            stays: matches!(wish, Wish::Create(_)),
            key: PeerKey::of(&secret),
            secret,
            state: State::Mapping,
            due: Some(now),
            said: 0,
            registered: None,
            knocks: BTreeMap::new(),
            outputs: VecDeque::new(),
            stats: ClientStats::default(),
        };
        client.tick(now);
        Ok(client)
    }

    /// Whether a datagram is for this machine, and not for what else uses the socket.
    #[must_use]
    pub fn takes(&self, from: A, bytes: &[u8]) -> bool {
        from == self.broker || is_broker(bytes)
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Time, input: ClientInput<'_, A>) {
        if let ClientInput::Datagram { from, bytes } = input {
            count(&mut self.stats.received);
            if from != self.broker || self.take(now, bytes).is_none() {
                count(&mut self.stats.dropped);
            }
        }
        self.tick(now);
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> ClientOutput<A> {
        let next = self.outputs.pop_front();
        next.unwrap_or_else(|| {
            let knocks = self.knocks.values().filter(|knock| knock.left > 0);
            let due = knocks.map(|knock| knock.due).chain(self.due).min();
            ClientOutput::Wait(due)
        })
    }

    /// What was counted.
    #[must_use]
    pub const fn stats(&self) -> ClientStats {
        self.stats
    }

    /// `None`: it says nothing that counts.
    fn take(&mut self, now: Time, bytes: &[u8]) -> Option<()> {
        match (self.state, is_broker(bytes)) {
            (State::Mapping, false) => {
                let seen = read_echo(bytes).filter(|seen| self.may_be(*seen))?;
                self.tell(Event::Mapped(seen));
                self.state = State::Registering(seen);
                (self.due, self.said) = (Some(now), 0);
            }
            (State::Registering(_), true) => match Notice::open(bytes, &self.secret)? {
                Notice::Assigned { token, lasts_s } => {
                    if self.token.is_some() || *token.expose() == [0; 16] {
                        return None;
                    }
                    self.token = Some(token.clone());
                    let lasts = Duration::from_secs(lasts_s.into());
                    let token = Token::from(token);
                    self.tell(Event::Assigned { token, lasts });
                    self.due = Some(now.after(self.config.refresh));
                    self.said = self.config.repeats;
                }
                Notice::Matched {
                    token,
                    key,
                    address,
                } => {
                    let is_ours = self.token.as_ref() == Some(&token) && key != self.key;
                    if !is_ours || !self.may_be(address) {
                        return None;
                    }
                    self.matched(now, key, address)?;
                }
            },
            _ => return None,
        }
        Some(())
    }

    fn matched(&mut self, now: Time, key: PeerKey, at: A) -> Option<()> {
        self.knocks
            .retain(|other, knock| knock.left > 0 || *other == key);
        let known = self.knocks.get(&key);
        let is_new = known.is_none_or(|knock| knock.at != at);
        if known.is_none() && self.knocks.len() >= self.config.peers {
            return None;
        }
        let (left, due) = (self.config.knocks, now);
        self.knocks.insert(key, Knock { at, left, due });
        if is_new {
            self.tell(Event::Matched { key, address: at });
        }
        if self.stays {
            // The broker has forgotten us with the match.
            let earliest = self.registered.map(|last| last.after(self.config.retry));
            self.due = Some(earliest.map_or(now, |earliest| earliest.max(now)));
            self.said = self.config.repeats;
        } else {
            (self.state, self.due) = (State::Done, None);
        }
        Some(())
    }

    fn tick(&mut self, now: Time) {
        if self.due.is_some_and(|due| due <= now) {
            self.say(now);
        }
        let mut out = Vec::new();
        for knock in self.knocks.values_mut() {
            if knock.left > 0 && knock.due <= now {
                knock.left = knock.left.saturating_sub(1);
                knock.due = now.after(self.config.knock_every);
                out.push(knock.at);
            }
        }
        for to in out {
            let bytes = [0].to_vec();
            self.outputs.push_back(ClientOutput::Send { to, bytes });
        }
    }

    fn say(&mut self, now: Time) {
        let is_asking = self.state == State::Mapping || self.token.is_none();
        if is_asking && self.said >= self.config.tries {
            (self.state, self.due) = (State::Done, None);
            return self.tell(Event::Ended(End::Silent));
        }
        let request = match self.state {
            State::Mapping => Request::Echo,
            State::Registering(claimed) => {
                self.registered = Some(now);
                Request::Register(Register::new(self.token.clone(), self.key, claimed))
            }
            State::Done => return,
        };
        // Nobody says that a token of ours was heard, so it is said more than once.
        let again = is_asking || self.said < self.config.repeats;
        self.due = Some(now.after(match again {
            true => self.config.retry,
            false => self.config.refresh,
        }));
        self.said = self.said.saturating_add(1);
        let (to, bytes) = (self.broker, request.encode());
        self.outputs.push_back(ClientOutput::Send { to, bytes });
    }

    /// Whether somebody can be at an address that a stranger chose. Our own machine is one only if the
    /// broker is on it.
    fn may_be(&self, address: A) -> bool {
        let [ip, broker] = [address, self.broker].map(|one| SocketAddr::ip(&one.into()));
        let is_elsewhere = !ip.is_loopback() || broker.is_loopback();
        is_somewhere(address) && is_elsewhere && address != self.broker
    }

    fn tell(&mut self, event: Event<A>) {
        self.outputs.push_back(ClientOutput::Tell(event));
    }
}

impl<A> fmt::Debug for Client<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}

#[cfg(test)]
mod tests;
