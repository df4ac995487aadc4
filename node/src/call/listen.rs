use std::net::SocketAddr;
use std::pin::Pin;

use channel::Event;
use net::call::{self, Arrival, Limits, Listeners, Path, Unplaced};
use primitives::VerifyingKey;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::desk::{Admit, Desk, Policy};
use super::held::{Arrived, Held};
use super::link::Transport;
use super::outside::{NoMapping, Outside};
use super::places::{ListenError, Place, Places, open};
use super::run::{Back, Run};
use super::talk::Talk;

/// Waits for people who call. Dropping it ends that, and none of the [`Talk`]s; but those who lose their
/// connection then do not come back. [`close`](Self::close) gives ports of the gateway back, too.
#[derive(Debug)]
pub struct Calls {
    heard: mpsc::Receiver<Heard>,
    places: Vec<Place>,
    outside: Option<Outside>,
    /// Ends when this is dropped.
    _accepting: JoinSet<()>,
}

/// Something that happens where calls are taken.
#[derive(Debug)]
#[non_exhaustive]
pub enum Heard {
    /// Somebody calls, and has said who they are.
    Talk(Talk),
    /// A relay or broker waits for callers with us now.
    Placed(Path),
    /// It does not. It is asked again after a pause.
    Unplaced(Unplaced),
    /// The gateway of this network leads a port of its own here: others outside may call there, if what it
    /// says is true.
    Outside {
        /// What comes there.
        transport: Transport,
        /// Where, as the gateway says.
        at: SocketAddr,
    },
    /// It does not.
    NotOutside {
        /// What would have come there.
        transport: Transport,
        /// Why; `None`: it did, and has not renewed it. It is asked again.
        why: Option<NoMapping>,
    },
}

impl Calls {
    pub(super) async fn listen(
        places: Places,
        desk: Desk,
        admit: Admit,
    ) -> Result<Self, ListenError> {
        let mut listeners = Listeners::new(Limits::default());
        let gateway = places.gateway.clone();
        if gateway.is_some() && desk.network.proxy.is_some() {
            return Err(ListenError::Proxy);
        }
        let places = open(&mut listeners, places, &desk.network, &desk.people.keep).await?;
        let (tells, heard) = mpsc::channel(WAITING);
        let outside = gateway.map(|gateway| Outside::ask(&gateway, &places, &tells));
        let door = Door {
            desk,
            admit,
            held: Held::default(),
            tells,
        };
        let mut accepting = JoinSet::new();
        accepting.spawn(door.open(listeners));
        Ok(Self {
            heard,
            places,
            outside,
            _accepting: accepting,
        })
    }

    /// Where it waits, in the order in which it was asked to: addresses, brokers, relays.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Ends it, and gives ports of the gateway back, as far as it hears that within 3 s.
    pub async fn close(mut self) {
        // Nothing waits to be heard any more.
        self.heard.close();
        if let Some(outside) = self.outside {
            outside.close().await;
        }
    }

    /// What happens next. Safe to cancel. Whoever calls and is not asked for here waits, for two minutes at
    /// most.
    pub async fn next(&mut self) -> Option<Heard> {
        self.heard.recv().await
    }
}

/// Lets people in.
#[derive(Clone, Debug)]
pub(super) struct Door {
    desk: Desk,
    admit: Admit,
    pub(super) held: Held,
    tells: mpsc::Sender<Heard>,
}

impl Door {
    async fn open(self, mut listeners: Listeners) {
        let mut greeting = JoinSet::new();
        loop {
            let news = match listeners.next().await {
                call::Heard::Arrived(arrival) => {
                    greeting.spawn(self.clone().greet(arrival));
                    None
                }
                call::Heard::Placed { path, .. } => Some(Heard::Placed(path)),
                call::Heard::Unplaced(unplaced) => Some(Heard::Unplaced(unplaced)),
                _ => None,
            };
            if let Some(news) = news {
                // Whoever is slow to hear news keeps no caller out: there will be others.
                drop(self.tells.try_send(news));
            }
            while greeting.try_join_next().is_some() {}
        }
    }

    /// Hears who somebody is, and leads them to their talk, or to a new one.
    async fn greet(self, arrival: Arrival) {
        let (source, path) = (arrival.source(), arrival.path().clone());
        let only = (self.admit == Admit::Nobody).then(|| self.held.clone());
        let Some(mut call) = arrival.answer(self.desk.setup(only)) else {
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
            path,
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
            let Arrived {
                call,
                first,
                key,
                source,
                path,
            } = *arrived;
            let (talk, wires) = Talk::new(source, path.clone());
            let policy = Policy::new(self.admit);
            let (desk, tells) = (self.desk.clone(), self.tells.clone());
            let run = Run::new(call, path, desk, policy, Back::Wait(self), wires);
            tokio::spawn(run.run(Some((first, key))));
            // Nobody waits for calls any more: dropping it hangs up.
            drop(tells.send(Heard::Talk(talk)).await);
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
