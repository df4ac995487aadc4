//! Two people with a shelf each, on the loopback interface.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use channel::{Config, Event, Mode, Resumption, SessionId};
use identity::IdentityKey;
use net::call::{Call, Limits, Listener, NotKept, Setup, Shelf};
use primitives::Secret;
use tokio::time::timeout;

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Any port of this machine.
pub(crate) const HERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The same by IPv6.
pub(crate) const HERE_SIX: SocketAddr = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0);

/// Keeps sessions as long as the test runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    kept: Arc<Mutex<BTreeMap<SessionId, Resumption>>>,
    pub(crate) is_full: Arc<AtomicBool>,
}

impl Shelf for Memory {
    async fn save(&self, kept: Resumption) -> Result<(), NotKept> {
        if self.is_full.load(Ordering::SeqCst) {
            return Err(NotKept);
        }
        self.kept.lock().unwrap().insert(kept.session(), kept);
        Ok(())
    }

    async fn find(&self, session: SessionId) -> Option<Resumption> {
        self.kept.lock().unwrap().get(&session).cloned()
    }
}

impl Memory {
    /// The only session is one whose messages are kept up to `number`.
    pub(crate) fn keeps(&self, number: u64) {
        let kept = self.only().keeping(number);
        self.kept.lock().unwrap().insert(kept.session(), kept);
    }

    pub(crate) fn only(&self) -> Resumption {
        let kept = self.kept.lock().unwrap();
        assert_eq!(kept.len(), 1);
        kept.values().next().unwrap().clone()
    }
}

pub(crate) struct Person {
    pub(crate) key: Arc<IdentityKey>,
    pub(crate) shelf: Memory,
    /// How long the first message waits; most people here know that nobody begins with values.
    pub(crate) hold: Duration,
    pub(crate) mode: Mode,
    name: &'static str,
}

impl Person {
    pub(crate) fn new(name: &'static str, seed: u8) -> Self {
        Self {
            key: Arc::new(IdentityKey::from_seeds(&Secret::new([seed; 32]), None)),
            shelf: Memory::default(),
            hold: Duration::ZERO,
            mode: Mode::Ours,
            name,
        }
    }

    pub(crate) fn setup(&self) -> Setup<Memory> {
        let mut config = Config::new(self.name.parse().unwrap());
        config.hold = self.hold;
        config.mode = self.mode;
        Setup {
            config,
            key: Arc::clone(&self.key),
            shelf: self.shelf.clone(),
        }
    }

    pub(crate) async fn dial(&self, at: SocketAddr, kept: Option<Resumption>) -> Call {
        let host = at.ip().to_string();
        let call = Call::dial(&host, at.port(), None, self.setup(), kept);
        call.await.unwrap()
    }
}

pub(crate) async fn listener(limits: Limits) -> Listener {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Listener::bind(address, limits).await.unwrap()
}

pub(crate) async fn next(call: &mut Call) -> Event {
    timeout(PATIENCE, call.next()).await.unwrap().unwrap()
}

/// Wants whoever is introduced, until there is a session.
pub(crate) async fn establish(call: &mut Call) -> (SessionId, bool) {
    loop {
        match next(call).await {
            Event::Introduced(_) => call.handle().accept().await,
            Event::Established {
                session, resumed, ..
            } => return (session, resumed),
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) async fn message(call: &mut Call) -> Vec<u8> {
    match next(call).await {
        Event::Message(message) => message.body,
        other => panic!("{other:?}"),
    }
}

/// Alice has called Bob, and there is a session.
pub(crate) async fn talking(alice: &Person, bob: &Person) -> (Call, Call) {
    let listener = listener(Limits::default()).await;
    let at = listener.address().unwrap();
    let (mut caller, incoming) = tokio::join!(alice.dial(at, None), listener.accept());
    let mut called = Call::answer(incoming.unwrap(), bob.setup()).unwrap();
    let (one, other) = tokio::join!(establish(&mut caller), establish(&mut called));
    assert_eq!(one, other);
    (caller, called)
}
