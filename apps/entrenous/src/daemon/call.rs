//! A call with one person, as a daemon knows it, and the task that holds it.

use std::collections::BTreeSet;
use std::pin::Pin;

use node::call::{CallError, FileId, SayError, Seen, Speaker, Talk, Told};
use primitives::VerifyingKey;
use tokio::sync::mpsc;

use super::files::Handed;
use super::hub::Asker;
use super::protocol::{SessionInfo, moment};
use super::server::WaitId;
use super::server::plan::Transport;
use crate::event::time;

/// A call, from its first sign to its end; clients know it as a session once it is established.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct CallId(pub(super) u64);

/// What happens in calls.
#[derive(Debug)]
pub(super) enum Happened {
    /// Somebody was called.
    Dialed(CallId, Result<Talk, CallError>),
    /// Somebody calls, where this is waited for.
    Called(WaitId, Talk),
    /// A server leads there.
    Placed(WaitId),
    /// It does not, and why.
    Unplaced(WaitId, String),
    Told(CallId, Told),
    /// Something was taken, or not.
    Said(CallId, Asker, Result<u64, SayError>),
    /// What was wanted of a file was done, or not.
    Handed(CallId, Asker, Handed),
}

/// What is known of a call.
#[derive(Debug)]
pub(super) struct Call {
    /// Who hears how a dialling goes.
    pub(super) asker: Option<Asker>,
    pub(super) is_server: bool,
    /// By which way it was to come about.
    pub(super) asked: Transport,
    /// By which it did.
    pub(super) way: &'static str,
    /// Where the other side is, as far as it is known.
    pub(super) remote: String,
    pub(super) stage: Stage,
    /// Who closes it; they hear when it is done.
    pub(super) closing: Option<Asker>,
    /// Whether it is over for clients.
    pub(super) is_closing: bool,
    pub(super) wires: Option<Wires>,
}

/// How far a call has come.
#[derive(Debug)]
pub(super) enum Stage {
    /// It is not known who it is.
    Opening,
    /// A client has to say whether they are wanted: this request.
    Asked(u64),
    Live(Box<Live>),
}

/// A session.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) id: String,
    /// Whose.
    pub(super) key: VerifyingKey,
    pub(super) name: String,
    pub(super) is_verified: bool,
    /// Of their program; empty if it is not known.
    pub(super) version: String,
    /// The files of which they know by their ids.
    pub(super) files: BTreeSet<FileId>,
    pub(super) started: String,
    pub(super) last: String,
    pub(super) messages: u64,
}

/// The way to the task that holds a call.
#[derive(Debug)]
pub(super) struct Wires {
    orders: mpsc::Sender<Order>,
    says: mpsc::Sender<(Vec<u8>, Asker)>,
    pub(super) speaker: Speaker,
}

/// What is wanted of a call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    Accept(Seen),
    Refuse,
    Close,
}

impl Call {
    pub(super) const fn is_asked_about(&self) -> bool {
        matches!(self.stage, Stage::Asked(_))
    }

    /// The session, if clients know it.
    pub(super) fn live(&self) -> Option<&Live> {
        match &self.stage {
            Stage::Live(live) if !self.is_closing => Some(live),
            _ => None,
        }
    }

    /// Wants something of the call. It is not held up: whatever does not fit is of no use any more.
    pub(super) fn order(&self, order: Order) {
        if let Some(wires) = &self.wires {
            let _ = wires.orders.try_send(order);
        }
    }

    /// Says something; `false` if too much waits already.
    pub(super) fn say(&self, text: Vec<u8>, asker: &Asker) -> bool {
        let wires = self.wires.as_ref();
        wires.is_some_and(|wires| wires.says.try_send((text, asker.clone())).is_ok())
    }

    /// What clients are shown of a session.
    pub(super) fn info(&self, live: &Live) -> SessionInfo {
        SessionInfo {
            session_id: live.id.clone(),
            peer_name: live.name.clone(),
            is_server: self.is_server,
            msg_count: live.messages,
            last_activity: live.last.clone(),
            transport_type: self.way,
            remote_version: live.version.clone(),
            cause: match self.is_server {
                true => "incoming",
                false => "dial",
            },
            session_ttl_ns: 0,
            session_started_at: live.started.clone(),
            remote_addr: self.remote.clone(),
            entrenous_verified: live.is_verified,
        }
    }
}

impl Live {
    /// Counts a message, now.
    pub(super) fn count(&mut self) {
        self.messages = self.messages.saturating_add(1);
        self.last = moment(time());
    }
}

type Saying = Pin<Box<dyn Future<Output = Result<u64, SayError>> + Send>>;

/// A task that holds `talk`, and the way to it.
pub(super) fn hold(
    call: CallId,
    talk: Talk,
    happens: mpsc::Sender<Happened>,
) -> (Wires, impl Future<Output = ()> + Send) {
    let (order, orders) = mpsc::channel(ORDERS);
    let (say, says) = mpsc::channel(SAYS);
    let wires = Wires {
        orders: order,
        says: say,
        speaker: talk.speaker().clone(),
    };
    let holder = Holder {
        call,
        talk,
        orders,
        says,
        happens,
        saying: None,
    };
    (wires, holder.run())
}

struct Holder {
    call: CallId,
    talk: Talk,
    orders: mpsc::Receiver<Order>,
    says: mpsc::Receiver<(Vec<u8>, Asker)>,
    happens: mpsc::Sender<Happened>,
    saying: Option<(Saying, Asker)>,
}

impl Holder {
    /// Runs until the call is over, or nobody wants to know.
    async fn run(mut self) {
        loop {
            let is_silent = self.saying.is_none();
            tokio::select! {
                biased;
                Some(order) = self.orders.recv() => match order {
                    Order::Accept(seen) => self.talk.accept(seen).await,
                    Order::Refuse => self.talk.refuse().await,
                    Order::Close => self.talk.speaker().close().await,
                },
                said = saying(&mut self.saying) => self.said(said).await,
                told = self.talk.next() => match told {
                    Some(told @ Told::Ended { .. }) => {
                        self.hush().await;
                        drop(self.happens.send(Happened::Told(self.call, told)).await);
                        return;
                    }
                    Some(told) => {
                        let told = Happened::Told(self.call, told);
                        if self.happens.send(told).await.is_err() {
                            return;
                        }
                    }
                    None => return,
                },
                Some((text, asker)) = self.says.recv(), if is_silent => {
                    let speaker = self.talk.speaker().clone();
                    let saying = Box::pin(async move { speaker.say(text.into()).await });
                    self.saying = Some((saying, asker));
                }
            }
        }
    }

    /// Whoever has said something that was not taken yet hears what became of it.
    async fn hush(&mut self) {
        if self.saying.is_some() {
            let said = saying(&mut self.saying).await;
            self.said(said).await;
        }
        self.says.close();
        while let Some((_, asker)) = self.says.recv().await {
            self.said((Err(SayError::Over), asker)).await;
        }
    }

    async fn said(&mut self, said: (Result<u64, SayError>, Asker)) {
        let (said, asker) = said;
        drop(
            self.happens
                .send(Happened::Said(self.call, asker, said))
                .await,
        );
    }
}

async fn saying(running: &mut Option<(Saying, Asker)>) -> (Result<u64, SayError>, Asker) {
    let Some((saying, _)) = running else {
        return std::future::pending().await;
    };
    let said = saying.await;
    match running.take() {
        Some((_, asker)) => (said, asker),
        None => std::future::pending().await,
    }
}

/// Orders that wait: one of each, and one more.
const ORDERS: usize = 4;
/// Messages that wait here, before those of the call itself.
const SAYS: usize = 32;
