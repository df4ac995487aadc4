use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::{Error, Message};
use wire::encode;
use wire::v1::{
    Answer, ClientFrame, Credit, Event, Hello, Ping, Request, answer, client_frame, server_frame,
};

use super::End;
use super::socket::{Socket, end, frame};
use crate::server::CallError;
use crate::server::rpc::said;

/// Something to ask, and where the answer goes.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) request: Request,
    /// If it asks for events: behind which number.
    pub(super) events_after: Option<u64>,
    pub(super) reply: oneshot::Sender<Result<answer::Result, CallError>>,
}

/// What the task and its callers both know.
#[derive(Debug, Default)]
pub(super) struct Shared {
    end: OnceLock<End>,
    /// Events that were taken and not yet given credit for.
    taken: AtomicU32,
    room: Notify,
}

impl Shared {
    /// How it ended, once it has.
    pub(super) fn end(&self) -> End {
        self.end.get().copied().unwrap_or(End::Dropped)
    }

    /// Makes room for another event; says so to the server when it is room for several.
    pub(super) fn took_one(&self) {
        let before = self.taken.fetch_add(1, Ordering::Relaxed);
        if before >= HALF {
            self.room.notify_one();
        }
    }
}

/// Carries one connection.
pub(super) struct Task {
    sink: SplitSink<Socket, Message>,
    stream: SplitStream<Socket>,
    /// Whether something is written and not yet on its way.
    is_full: bool,
    asks: mpsc::Receiver<Ask>,
    /// Unanswered requests.
    open: BTreeMap<u64, Open>,
    /// How many there may be.
    most: usize,
    next: u64,
    pushes: Pushes,
    leaving: Option<End>,
    pulse: Pulse,
    shared: Arc<Shared>,
}

/// An unanswered request.
#[derive(Debug)]
struct Open {
    events_after: Option<u64>,
    reply: oneshot::Sender<Result<answer::Result, CallError>>,
}

/// Events on their way to who takes them.
#[derive(Debug)]
struct Pushes {
    events: mpsc::Sender<Event>,
    /// Whether room was made for them.
    is_wanted: bool,
    /// The number of the last one, once the server has taken note.
    last: Option<u64>,
    /// How many the server may still send.
    credit: u32,
}

/// When something was last heard, and when a sign of life is asked for.
#[derive(Debug)]
struct Pulse {
    silence: Duration,
    heard: Instant,
    asked: Instant,
    pings: u64,
}

impl Task {
    /// A task for `socket`, and the ends of its channels.
    pub(super) fn new(
        socket: Socket,
        hello: &Hello,
        silence: Duration,
    ) -> (Self, mpsc::Sender<Ask>, mpsc::Receiver<Event>, Arc<Shared>) {
        let (asks, asked) = mpsc::channel(1);
        let (events, received) = mpsc::channel(WINDOW);
        let shared = Arc::<Shared>::default();
        let (sink, stream) = socket.split();
        let now = Instant::now();
        let task = Self {
            sink,
            stream,
            is_full: false,
            asks: asked,
            open: BTreeMap::new(),
            most: most(hello.in_flight),
            next: 1,
            pushes: Pushes {
                events,
                is_wanted: false,
                last: None,
                credit: 0,
            },
            leaving: None,
            pulse: Pulse {
                silence,
                heard: now,
                asked: now,
                pings: 0,
            },
            shared: Arc::clone(&shared),
        };
        (task, asks, received, shared)
    }

    /// Runs until the connection has ended.
    pub(super) async fn run(mut self) {
        let end = loop {
            if let Err(end) = self.step().await {
                break end;
            }
        };
        // Whoever sees its channel closed finds the reason.
        let _ = self.shared.end.set(self.leaving.unwrap_or(end));
    }

    /// Does the next thing there is to do. Reads also while something is being written: else two
    /// ends that both wait to be read would wait forever.
    async fn step(&mut self) -> Result<(), End> {
        let is_idle = !self.is_full;
        let takes_asks = is_idle && self.leaving.is_none() && self.open.len() < self.most;
        tokio::select! {
            message = self.stream.next() => self.heard(message),
            sent = self.sink.flush(), if self.is_full => {
                self.is_full = false;
                sent.map_err(|error| end(&error))
            }
            ask = self.asks.recv(), if takes_asks => match ask {
                Some(ask) => self.ask(ask).await,
                None => Err(End::Dropped),
            },
            () = self.shared.room.notified(), if is_idle => self.give_credit().await,
            () = sleep_until(self.pulse.due()), if is_idle => self.ping().await,
            () = sleep_until(self.pulse.over()) => Err(End::Silent { after: self.pulse.silence }),
        }
    }

    fn heard(&mut self, message: Option<Result<Message, Error>>) -> Result<(), End> {
        let message = message.ok_or(End::Lost)?.map_err(|error| end(&error))?;
        self.pulse.heard = Instant::now();
        match frame(message)? {
            Some(server_frame::Frame::Answer(answer)) => self.answered(answer),
            Some(server_frame::Frame::Push(push)) => {
                self.pushes.push(push.event.ok_or(End::Malformed)?)
            }
            Some(server_frame::Frame::Leaving(leaving)) => {
                self.leaving
                    .get_or_insert_with(|| End::leaving(leaving.come_back_ms));
                Ok(())
            }
            Some(server_frame::Frame::Pong(_)) | None => Ok(()),
            Some(server_frame::Frame::Hello(_)) => Err(End::Malformed),
        }
    }

    fn answered(&mut self, answer: Answer) -> Result<(), End> {
        let open = self.open.remove(&answer.id).ok_or(End::Malformed)?;
        let said = said(answer.result);
        if let (Ok(_), Some(after)) = (&said, open.events_after) {
            self.pushes.last = Some(after);
        }
        // Nobody waits any more if the call was dropped.
        drop(open.reply.send(said));
        Ok(())
    }

    async fn ask(&mut self, ask: Ask) -> Result<(), End> {
        let Ask {
            mut request,
            events_after,
            reply,
        } = ask;
        request.id = self.next;
        self.next = self.next.wrapping_add(1);
        let open = Open {
            events_after,
            reply,
        };
        self.open.insert(request.id, open);
        self.write(client_frame::Frame::Request(request)).await?;
        if events_after.is_some() && !self.pushes.is_wanted {
            self.pushes.is_wanted = true;
            self.shared.taken.store(ROOM, Ordering::Relaxed);
            self.shared.room.notify_one();
        }
        Ok(())
    }

    async fn give_credit(&mut self) -> Result<(), End> {
        let pushes = self.shared.taken.swap(0, Ordering::Relaxed);
        self.pushes.credit = self.pushes.credit.saturating_add(pushes);
        self.write(client_frame::Frame::Credit(Credit { pushes }))
            .await
    }

    async fn ping(&mut self) -> Result<(), End> {
        self.pulse.asked = Instant::now();
        self.pulse.pings = self.pulse.pings.wrapping_add(1);
        let number = self.pulse.pings;
        self.write(client_frame::Frame::Ping(Ping { number })).await
    }

    /// Writes a frame, which there is room for. It is on its way once the sink is flushed.
    async fn write(&mut self, frame: client_frame::Frame) -> Result<(), End> {
        let frame = ClientFrame { frame: Some(frame) };
        self.is_full = true;
        let written = self.sink.feed(Message::Binary(encode(&frame).into())).await;
        written.map_err(|error| end(&error))
    }
}

impl Pushes {
    /// Hands an event on. There is room for all that credit was given for.
    fn push(&mut self, event: Event) -> Result<(), End> {
        self.credit = self.credit.checked_sub(1).ok_or(End::Malformed)?;
        let is_next = self.last.is_some_and(|last| event.number > last);
        if !is_next {
            return Err(End::Malformed);
        }
        self.last = Some(event.number);
        match self.events.try_send(event) {
            Err(mpsc::error::TrySendError::Closed(_)) => Err(End::Dropped),
            // More than a window would be ours to have prevented.
            Err(mpsc::error::TrySendError::Full(_)) => Err(End::Malformed),
            Ok(()) => Ok(()),
        }
    }
}

impl Pulse {
    /// When to ask for a sign of life.
    fn due(&self) -> Instant {
        let half = self.silence.checked_div(2).unwrap_or_default();
        let last = self.heard.max(self.asked);
        last.checked_add(half).unwrap_or(last)
    }

    /// When to believe that none will come.
    fn over(&self) -> Instant {
        self.heard.checked_add(self.silence).unwrap_or(self.heard)
    }
}

/// How many requests may be unanswered: one less than the server reads, so that it always reads the
/// next ping too.
fn most(in_flight: u32) -> usize {
    let in_flight = usize::try_from(in_flight).unwrap_or(MOST);
    in_flight.saturating_sub(1).clamp(1, MOST)
}

/// Requests that are remembered, whatever the server reads.
const MOST: usize = 64;
/// Events that wait here at most.
const WINDOW: usize = 64;
const ROOM: u32 = 64;
/// Room is given back in halves of that.
const HALF: u32 = 31;
