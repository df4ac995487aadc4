mod meet;
mod turns;

use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;

use channel::{Event, Mode, SendError, SessionId, Version};
use identity::Name;
use net::call::race::{Unreached, Way, Won};
use net::call::{Call, Path};
use primitives::VerifyingKey;
use tokio::sync::{mpsc, watch};
use tokio::time::{Sleep, sleep, timeout};

use super::desk::{Desk, Policy};
use super::files::{self, Files};
use super::held::{Arrived, Hold};
use super::link::Link;
use super::listen::Door;
use super::outbox::Outbox;
use super::people::Seen;
use super::speaker::SayError;
use super::talk::{Ending, Order, Said, Told, Wires};

/// Runs one talk, from the first connection to the end.
pub(super) struct Run {
    desk: Desk,
    policy: Policy,
    back: Back,
    line: Line,
    /// By which way the connection came about.
    path: Path,
    /// Whether messages come and go on this connection.
    is_open: bool,
    /// Whether the other side may have opened it, and we have not.
    is_opening: bool,
    /// Somebody who was introduced.
    candidate: Option<Candidate>,
    /// Who it is, once there was a session.
    with: Option<With>,
    /// Attempts since the connection was lost.
    attempts: u32,
    /// What waits for them, once it is known who they are.
    outbox: Option<Outbox>,
    /// Hears when something is said beside this talk.
    beside: watch::Receiver<()>,
    /// A session with somebody on whom the owner decides.
    opened: Option<Opened>,
    sending: Option<Sending>,
    files: Files,
    is_finishing: bool,
    wires: Wires,
    /// What is to be told. Nothing more is heard before it is.
    untold: VecDeque<Told>,
    /// While those who come again are led here.
    hold: Option<Hold>,
    newer: mpsc::Receiver<Box<Arrived>>,
    newest: mpsc::Sender<Box<Arrived>>,
}

/// How a connection comes about again.
pub(super) enum Back {
    /// We dial.
    Redial { ways: Vec<Way>, links: Vec<Link> },
    /// They do.
    Wait(Door),
}

/// The way to the other side.
enum Line {
    Up(Call),
    Dialing(Pin<Box<dyn Future<Output = Result<Won, Unreached>> + Send>>),
    /// They may come back, until then.
    Down(Pin<Box<Sleep>>),
}

type Sending = Pin<Box<dyn Future<Output = Result<(), SendError>> + Send>>;

/// Somebody who was introduced, and how they are to be remembered.
struct Candidate {
    key: VerifyingKey,
    name: Name,
    version: Option<Version>,
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

/// A session, as it was established.
#[derive(Clone, Copy)]
struct Opened {
    session: SessionId,
    resumed: bool,
    mode: Mode,
}

/// What a talk waits for.
enum Happened {
    Event(Option<Event>),
    Dialed(Result<Won, Unreached>),
    /// Nobody came back.
    Alone,
    Sent(Result<(), SendError>),
    Said(Option<Said>),
    /// Something was said beside this talk, maybe to this person.
    Beside,
    Order(Option<Order>),
    Newer(Option<Box<Arrived>>),
    File(files::Happened),
    /// Something was told.
    Told,
    /// Nobody listens any more.
    Unheard,
}

impl Run {
    pub(super) fn new(
        call: Call,
        path: Path,
        desk: Desk,
        policy: Policy,
        back: Back,
        wires: Wires,
    ) -> Self {
        let (newest, newer) = mpsc::channel(1);
        let files = Files::new(desk.leases.clone());
        let beside = desk.beside.hear();
        Self {
            desk,
            policy,
            back,
            line: Line::Up(call),
            path,
            is_open: false,
            is_opening: false,
            candidate: None,
            with: None,
            attempts: 0,
            outbox: None,
            beside,
            opened: None,
            sending: None,
            files,
            is_finishing: false,
            wires,
            untold: VecDeque::new(),
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
            over = self.hand_over().await;
            if over.is_ok() {
                let happened = self.step().await;
                over = self.take(happened).await;
            }
        }
        let how = over.err().unwrap_or(Ending::NotBack);
        self.wires.said.close();
        while let Some(said) = self.wires.said.recv().await {
            self.said(said).await;
        }
        self.settle().await;
        let waiting = self.outbox.as_ref().map_or(0, Outbox::len);
        self.forget(&how).await;
        self.let_go();
        self.tell(Told::Ended { how, waiting });
        for told in self.untold {
            if self.wires.told.send(told).await.is_err() {
                return;
            }
        }
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
        let next = self.outbox.as_ref().and_then(Outbox::next);
        if let (None, true, Some(waiting)) = (&self.sending, self.is_open, next) {
            let (handle, text) = (call.handle().clone(), waiting.text.clone());
            let stamp = waiting.stamp;
            self.sending = Some(Box::pin(
                async move { handle.send_stamped(stamp, text).await },
            ));
        }
    }

    /// Does what is to be done for files.
    async fn hand_over(&mut self) -> Result<(), Ending> {
        let news = self.files.drain().await?;
        self.untold.extend(news.into_iter().map(Told::File));
        match self.is_finishing {
            true => self.finish().await,
            false => Ok(()),
        }
    }

    /// Puts whole files where they belong; others wait for the next talk.
    async fn settle(&mut self) {
        let news = timeout(LINGER, self.files.settle()).await;
        let news = news.unwrap_or_default().into_iter();
        self.untold.extend(news.map(Told::File));
        self.files.close();
    }

    async fn step(&mut self) -> Happened {
        let has_room = self.outbox.as_ref().is_some_and(Outbox::has_room);
        let has_room = has_room && !self.is_finishing;
        let is_told = self.untold.is_empty();
        let hears = is_told && self.opened.is_none();
        tokio::select! {
            biased;
            sent = pending(&mut self.sending) => Happened::Sent(sent),
            order = self.wires.orders.recv() => Happened::Order(order),
            newer = self.newer.recv() => Happened::Newer(newer),
            permit = self.wires.told.reserve(), if !is_told => match (permit, self.untold.pop_front()) {
                (Ok(permit), Some(told)) => {
                    permit.send(told);
                    Happened::Told
                }
                _ => Happened::Unheard,
            },
            // What the owner says comes before what a peer may say without an end.
            said = self.wires.said.recv(), if has_room => Happened::Said(said),
            Ok(()) = self.beside.changed(), if self.outbox.is_some() => Happened::Beside,
            happened = self.line.next(), if hears => happened,
            () = self.wires.told.closed() => Happened::Unheard,
            happened = self.files.next() => Happened::File(happened),
        }
    }

    fn tell(&mut self, told: Told) {
        self.untold.push_back(told);
    }

    /// Keeps what the owner says.
    async fn said(&mut self, said: Said) {
        let Said { text, reply } = said;
        let said = match &mut self.outbox {
            Some(outbox) => outbox.say(text).await,
            None => Ok(None),
        };
        let said = said.map_err(SayError::from);
        // Whoever does not wait for the answer does not need it.
        drop(reply.send(said.and_then(|line| line.ok_or(SayError::Over))));
    }

    /// Keeps what was said before, but is not taken yet.
    async fn said_before(&mut self) {
        while self.outbox.as_ref().is_some_and(Outbox::has_room)
            && let Ok(said) = self.wires.said.try_recv()
        {
            self.said(said).await;
        }
    }

    /// Says goodbye, if there is somebody to say it to.
    async fn leave(&mut self) {
        self.sending = None;
        self.files.lost();
        self.let_go();
        let Line::Up(call) = &mut self.line else {
            return;
        };
        let opens = self.is_opening && matches!(self.back, Back::Redial { .. });
        let leaving = async {
            // Who was dialled may have opened it by now, and takes a connection that ends without a goodbye
            // for a broken one. Before it is open here, no goodbye can be said.
            while opens
                && let Some(event) = call.next().await
                && !matches!(event, Event::Established { .. } | Event::Introduced(_))
            {}
            call.handle().close().await;
            let mut last = Vec::new();
            while let Some(event) = call.next().await {
                if let Event::Message(message) = event {
                    last.push(message);
                }
            }
            let Some(outbox) = &self.outbox else { return };
            // What cannot be kept now was not acknowledged, and is said again.
            let lines = outbox.store.heard(outbox.session(), last).await;
            let lines = lines.unwrap_or_default().into_iter();
            self.untold.extend(lines.map(Told::from));
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
