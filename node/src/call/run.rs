mod meet;
mod turns;

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use channel::{Event, SendError, SessionId};
use identity::Name;
use net::call::{Call, DialError};
use primitives::VerifyingKey;
use tokio::sync::mpsc;
use tokio::time::{Sleep, sleep, timeout};

use super::desk::{Desk, Policy};
use super::held::{Arrived, Hold};
use super::link::Link;
use super::listen::Door;
use super::outbox::Outbox;
use super::people::Seen;
use super::talk::{Ending, Order, Told, Wires};

/// Runs one talk, from the first connection to the end.
pub(super) struct Run {
    desk: Desk,
    policy: Policy,
    back: Back,
    line: Line,
    /// Whether messages come and go on this connection.
    is_open: bool,
    /// Somebody who was introduced.
    candidate: Option<Candidate>,
    /// Who it is, once there was a session.
    with: Option<With>,
    /// Attempts since the connection was lost.
    attempts: u32,
    outbox: Outbox,
    sending: Option<Sending>,
    is_finishing: bool,
    wires: Wires,
    /// While those who come again are led here.
    hold: Option<Hold>,
    newer: mpsc::Receiver<Box<Arrived>>,
    newest: mpsc::Sender<Box<Arrived>>,
}

/// How a connection comes about again.
pub(super) enum Back {
    /// We dial.
    Redial(Link),
    /// They do.
    Wait(Door),
}

/// The way to the other side.
enum Line {
    Up(Call),
    Dialing(Pin<Box<dyn Future<Output = Result<Call, DialError>> + Send>>),
    /// They may come back, until then.
    Down(Pin<Box<Sleep>>),
}

type Sending = Pin<Box<dyn Future<Output = Result<(), SendError>> + Send>>;

/// Somebody who was introduced, and how they are to be remembered.
struct Candidate {
    key: VerifyingKey,
    name: Name,
    seen: Seen,
    /// Whether the owner decides on them.
    waits: bool,
}

/// Who it is.
struct With {
    key: VerifyingKey,
    name: Name,
    session: SessionId,
}

/// What a talk waits for.
enum Happened {
    Event(Option<Event>),
    Dialed(Result<Call, DialError>),
    /// Nobody came back.
    Alone,
    Sent(Result<(), SendError>),
    Said(Option<Bytes>),
    Order(Option<Order>),
    Newer(Option<Box<Arrived>>),
    /// Nobody listens any more.
    Unheard,
}

impl Run {
    pub(super) fn new(call: Call, desk: Desk, policy: Policy, back: Back, wires: Wires) -> Self {
        let (newest, newer) = mpsc::channel(1);
        Self {
            desk,
            policy,
            back,
            line: Line::Up(call),
            is_open: false,
            candidate: None,
            with: None,
            attempts: 0,
            outbox: Outbox::default(),
            sending: None,
            is_finishing: false,
            wires,
            hold: None,
            newer,
            newest,
        }
    }

    /// Runs it until it is over, and says so. `first` is what its connection has told already.
    pub(super) async fn run(mut self, first: Option<(Event, VerifyingKey)>) {
        let mut over = match first {
            Some((event, key)) => self.begin(event, key).await,
            None => Ok(()),
        };
        while over.is_ok() {
            self.speak();
            let happened = self.step().await;
            over = self.take(happened).await;
        }
        let how = over.err().unwrap_or(Ending::NotBack);
        self.wires.said.close();
        while let Ok(text) = self.wires.said.try_recv() {
            self.outbox.push(text);
        }
        let unsent = self.outbox.len();
        self.forget(&how).await;
        self.let_go();
        self.tell(Told::Ended { how, unsent }).await;
    }

    /// Is no talk any more to which those are led who come again; who came too late is somebody new.
    fn let_go(&mut self) {
        self.hold = None;
        self.newer.close();
        while let Ok(arrived) = self.newer.try_recv() {
            if let Back::Wait(door) = &self.back {
                tokio::spawn(door.clone().lead(arrived));
            }
        }
    }

    /// Begins to hand the next message to the connection.
    fn speak(&mut self) {
        let Line::Up(call) = &self.line else { return };
        if let (None, true, Some(text)) = (&self.sending, self.is_open, self.outbox.first()) {
            let (handle, text) = (call.handle().clone(), text.clone());
            self.sending = Some(Box::pin(async move { handle.send(text).await }));
        }
    }

    async fn step(&mut self) -> Happened {
        let has_room = self.outbox.has_room() && !self.is_finishing;
        tokio::select! {
            biased;
            sent = pending(&mut self.sending) => Happened::Sent(sent),
            order = self.wires.orders.recv() => Happened::Order(order),
            newer = self.newer.recv() => Happened::Newer(newer),
            happened = self.line.next() => happened,
            text = self.wires.said.recv(), if has_room => Happened::Said(text),
            () = self.wires.told.closed() => Happened::Unheard,
        }
    }

    async fn tell(&mut self, told: Told) {
        // Whoever does not listen is noticed at the next step.
        drop(self.wires.told.send(told).await);
    }

    /// Says goodbye, if there is somebody to say it to.
    async fn leave(&mut self) {
        self.sending = None;
        self.let_go();
        let Line::Up(call) = &mut self.line else {
            return;
        };
        let leaving = async {
            call.handle().close().await;
            while let Some(event) = call.next().await {
                if let Event::Message(message) = event {
                    drop(self.wires.told.send(Told::from(message)).await);
                }
            }
        };
        // Somebody who reads nothing keeps nobody waiting.
        drop(timeout(LINGER, leaving).await);
    }
}

impl Line {
    /// What happens next on it. Safe to cancel. After a dialling has ended there is another line.
    async fn next(&mut self) -> Happened {
        match self {
            Self::Up(call) => Happened::Event(call.next().await),
            Self::Dialing(dialing) => Happened::Dialed(dialing.await),
            Self::Down(until) => {
                until.await;
                Happened::Alone
            }
        }
    }

    fn down() -> Self {
        Self::Down(Box::pin(sleep(PATIENCE)))
    }
}

/// What `future` comes to; it is gone then. Waits for ever if there is none.
async fn pending<T>(future: &mut Option<Pin<Box<dyn Future<Output = T> + Send>>>) -> T {
    let Some(running) = future else {
        return std::future::pending().await;
    };
    let done = running.await;
    *future = None;
    done
}

/// How long goodbyes may take.
const LINGER: Duration = Duration::from_secs(6);
/// How long whoever called has to come back.
const PATIENCE: Duration = Duration::from_secs(300);
