use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use channel::Event;
use net::call::{Call, Incoming, Limits, Listener};
use primitives::VerifyingKey;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::desk::{Admit, Desk, Policy};
use super::held::{Arrived, Held};
use super::run::{Back, Run};
use super::talk::Talk;

/// Waits for people who call. Dropping it ends that, and none of the [`Talk`]s; but those who lose their
/// connection then do not come back.
#[derive(Debug)]
pub struct Calls {
    talks: mpsc::Receiver<Talk>,
    address: SocketAddr,
    /// Ends when this is dropped.
    _accepting: JoinSet<()>,
}

impl Calls {
    pub(super) async fn listen(address: SocketAddr, desk: Desk, admit: Admit) -> io::Result<Self> {
        let listener = Listener::bind(address, Limits::default()).await?;
        let address = listener.address()?;
        let (found, talks) = mpsc::channel(WAITING);
        let door = Door {
            desk,
            admit,
            held: Held::default(),
            talks: found,
        };
        let mut accepting = JoinSet::new();
        accepting.spawn(door.open(listener));
        Ok(Self {
            talks,
            address,
            _accepting: accepting,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next who calls, and has said who they are. Safe to cancel. Who is not asked for here waits, for
    /// two minutes at most.
    pub async fn next(&mut self) -> Option<Talk> {
        self.talks.recv().await
    }
}

/// Lets people in.
#[derive(Clone, Debug)]
pub(super) struct Door {
    desk: Desk,
    admit: Admit,
    pub(super) held: Held,
    talks: mpsc::Sender<Talk>,
}

impl Door {
    async fn open(self, listener: Listener) {
        let mut greeting = JoinSet::new();
        loop {
            match listener.accept().await {
                Ok(incoming) => {
                    greeting.spawn(self.clone().greet(incoming));
                }
                // The system has no more of something; it may have later.
                Err(_) => sleep(PAUSE).await,
            }
            while greeting.try_join_next().is_some() {}
        }
    }

    /// Hears who somebody is, and leads them to their talk, or to a new one.
    async fn greet(self, incoming: Incoming) {
        let source = incoming.source();
        let only = (self.admit == Admit::Nobody).then(|| self.held.clone());
        let Some(mut call) = Call::answer(incoming, self.desk.setup(only)) else {
            return;
        };
        let Some(first) = call.next().await else {
            return;
        };
        let Some(key) = self.key_of(&first).await else {
            return;
        };
        let mut first = first;
        if matches!(first, Event::Introduced(_)) && self.held.has(&key) {
            // An introduction can be played again by others: nothing is taken from a talk before a session
            // shows that it is them.
            call.handle().accept().await;
            match call.next().await {
                Some(established @ Event::Established { .. }) => first = established,
                _ => return,
            }
        }
        let arrived = Arrived {
            call,
            first,
            key,
            source,
        };
        self.lead(Box::new(arrived)).await;
    }

    /// Leads somebody to the talk that is held with them, or to a new one.
    pub(super) fn lead(self, mut arrived: Box<Arrived>) -> Leading {
        Box::pin(async move {
            if let Some(talk) = self.held.find(&arrived.key) {
                match talk.send(arrived).await {
                    Ok(()) => return,
                    // It has just ended.
                    Err(back) => arrived = back.0,
                }
            }
            let is_open = matches!(arrived.first, Event::Established { .. });
            if is_open && self.admit == Admit::Nobody {
                // Only the talk that has just ended was decided on.
                return;
            }
            let (talk, wires) = Talk::new(Some(arrived.source));
            let Arrived {
                call, first, key, ..
            } = *arrived;
            let policy = Policy::new(self.admit);
            let (desk, talks) = (self.desk.clone(), self.talks.clone());
            let run = Run::new(call, desk, policy, Back::Wait(self), wires);
            tokio::spawn(run.run(Some((first, key))));
            // Nobody waits for calls any more: dropping it hangs up.
            drop(talks.send(talk).await);
        })
    }

    /// Whose key was shown, if anybody's was.
    async fn key_of(&self, first: &Event) -> Option<VerifyingKey> {
        match first {
            Event::Introduced(peer) => Some(peer.key),
            Event::Established { session, .. } => {
                let kept = self.desk.sessions(None).kept(*session).await;
                kept.ok()?.map(|kept| *kept.peer())
            }
            _ => None,
        }
    }
}

/// In a box, since a talk that ends may lead somebody to another.
type Leading = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How many may wait to be heard.
const WAITING: usize = 4;
const PAUSE: Duration = Duration::from_millis(200);
