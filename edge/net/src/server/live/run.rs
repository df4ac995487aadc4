use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::sleep_until;
use tokio_tungstenite::tungstenite::{Error, Message};
use wire::encode;
use wire::v1::{
    Answer, ClientFrame, Credit, Event, Hello, Request, answer, client_frame, server_frame,
};

use super::End;
use super::pulse::Pulse;
use super::pushes::{HALF, Pushes};
use super::socket::{Socket, end, frame};
use crate::server::CallError;
use crate::server::exchange::said;

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

    /// That it ends like this, unless it has ended before.
    pub(super) fn ended(&self, end: End) {
        let _ = self.end.set(end);
    }

    /// Whether something can be asked still.
    pub(super) fn is_open(&self) -> Result<(), End> {
        self.end.get().map_or(Ok(()), |end| Err(*end))
    }

    /// Makes room for another event; says so to the server when it is room for several.
    pub(super) fn took_one(&self) {
        let before = self.taken.fetch_add(1, Ordering::Relaxed);
        if before.saturating_add(1) >= HALF {
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

impl Task {
    /// A task for `socket`, and the ends of its channels.
    pub(super) fn new(
        socket: Socket,
        hello: &Hello,
        silence: Duration,
    ) -> (Self, mpsc::Sender<Ask>, mpsc::Receiver<Event>, Arc<Shared>) {
        let (asks, asked) = mpsc::channel(1);
        let (pushes, received) = Pushes::new();
        let shared = Arc::<Shared>::default();
        let (sink, stream) = socket.split();
        let task = Self {
            sink,
            stream,
            is_full: false,
            asks: asked,
            open: BTreeMap::new(),
            most: most(hello.in_flight),
            next: 1,
            pushes,
            leaving: None,
            pulse: Pulse::new(silence),
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
        self.shared.ended(self.leaving.unwrap_or(end));
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
        self.pulse.heard();
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
            self.pushes.begin(after);
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
        if let Some(room) = events_after.and_then(|_| self.pushes.wanted()) {
            self.shared.taken.store(room, Ordering::Relaxed);
            self.shared.room.notify_one();
        }
        Ok(())
    }

    async fn give_credit(&mut self) -> Result<(), End> {
        let pushes = self.shared.taken.swap(0, Ordering::Relaxed);
        self.pushes.give(pushes);
        self.write(client_frame::Frame::Credit(Credit { pushes }))
            .await
    }

    async fn ping(&mut self) -> Result<(), End> {
        let ping = self.pulse.ping();
        self.write(client_frame::Frame::Ping(ping)).await
    }

    /// Writes a frame, which there is room for. It is on its way once the sink is flushed.
    async fn write(&mut self, frame: client_frame::Frame) -> Result<(), End> {
        let frame = ClientFrame { frame: Some(frame) };
        self.is_full = true;
        let written = self.sink.feed(Message::Binary(encode(&frame).into())).await;
        written.map_err(|error| end(&error))
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

/// How a live connection ends on which a server sends `bytes` once it is one, and how many events
/// came. For the fuzzer, which takes the place of the server.
#[cfg(fuzzing)]
pub async fn frames(bytes: &[u8]) -> (End, usize) {
    use tokio::io::{AsyncWriteExt, duplex};

    let (client, mut server) = duplex(64 << 10);
    let serve = async move {
        let _ = server.write_all(bytes).await;
    };
    let socket = super::socket::of_client(Box::pin(client)).await;
    let hello = Hello {
        in_flight: 32,
        ..Hello::default()
    };
    let (task, asks, mut events, shared) = Task::new(socket, &hello, Duration::from_secs(5));
    let (reply, _replied) = oneshot::channel();
    let subscribe = Ask {
        request: Request::default(),
        events_after: Some(0),
        reply,
    };
    let _ = asks.send(subscribe).await;
    tokio::join!(serve, task.run());
    let mut count: usize = 0;
    while events.recv().await.is_some() {
        count = count.saturating_add(1);
    }
    (shared.end(), count)
}
