use std::collections::VecDeque;
use std::io;
use std::mem;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use channel::{Channel, Event, Input, Output, SendError, Stamp};
use drive::WallClock;
use kernel::Time;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use super::frames::{Frames, put};
use super::listen::Opening;
use super::{Handle, Shelf};

/// What whoever holds a call wants.
#[derive(Debug)]
pub(super) enum Order {
    Accept,
    Reject,
    Send(Said),
    Keep(u64),
    Close,
}

/// A message, and where to say what became of it.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) text: Bytes,
    /// What goes with it from session to session.
    pub(super) stamp: Option<Stamp>,
    pub(super) reply: oneshot::Sender<Result<(), SendError>>,
}

/// Bytes of another protocol, and where to say what became of them.
#[derive(Debug)]
pub(super) struct Aside {
    pub(super) bytes: Bytes,
    pub(super) reply: oneshot::Sender<Result<(), SendError>>,
}

/// Drives one channel over a stream.
pub(super) struct Task<T, S> {
    channel: Channel,
    clock: WallClock,
    reader: ReadHalf<T>,
    writer: WriteHalf<T>,
    frames: Frames,
    /// What is to be written.
    out: BytesMut,
    /// What is to be told.
    told: VecDeque<Event>,
    /// Somebody was just answered, and may go on.
    was_asked: bool,
    /// Whether something came or went since the last rest.
    is_awake: bool,
    events: mpsc::Sender<Event>,
    orders: mpsc::Receiver<Order>,
    asides: mpsc::Receiver<Aside>,
    /// A message that there was no room for.
    waiting: Option<Said>,
    shelf: S,
    /// A place among those who open a channel, until it is open.
    opening: Option<Opening>,
    /// Whether there was a session, which is ended with words.
    was_open: bool,
}

/// When to come back.
enum Next {
    At(Option<Time>),
    Closed,
}

/// What a task waits for.
enum Happened {
    Frame(io::Result<BytesMut>),
    /// Whether it was.
    Written(bool),
    Told,
    Order(Option<Order>),
    Aside(Aside),
    Time,
}

impl<T: AsyncRead + AsyncWrite, S: Shelf> Task<T, S> {
    pub(super) fn new(
        channel: Channel,
        clock: WallClock,
        stream: T,
        shelf: S,
        opening: Option<Opening>,
    ) -> (Self, Handle, mpsc::Receiver<Event>) {
        let (reader, writer) = tokio::io::split(stream);
        let (events, told) = mpsc::channel(EVENTS);
        let (orders, ordered) = mpsc::channel(ORDERS);
        let (asides, aside) = mpsc::channel(ORDERS);
        let task = Self {
            channel,
            clock,
            reader,
            writer,
            frames: Frames::default(),
            out: BytesMut::new(),
            told: VecDeque::new(),
            was_asked: false,
            is_awake: true,
            events,
            orders: ordered,
            asides: aside,
            waiting: None,
            shelf,
            opening,
            was_open: false,
        };
        (task, Handle { orders, asides }, told)
    }

    /// Runs until the channel is over and that is told.
    pub(super) async fn run(mut self) {
        while let Next::At(until) = self.drain().await {
            self.step(until).await;
        }
        // Whoever does not read keeps nobody waiting.
        drop(timeout(LINGER, self.flush()).await);
        if self.was_open {
            // A connection that is dropped with something unread in it takes our last words with it.
            drop(timeout(UNREAD, self.hear_out()).await);
        }
        for event in self.told {
            if self.events.send(event).await.is_err() {
                return;
            }
        }
    }

    /// Does what the channel says, in its order.
    async fn drain(&mut self) -> Next {
        loop {
            match self.channel.poll() {
                Output::Save(kept) => {
                    if self.shelf.save(kept).await.is_err() {
                        let now = self.clock.now();
                        self.channel.handle(now, Input::NotKept);
                    }
                }
                Output::Send(frame) => put(&frame, &mut self.out),
                Output::Tell(Event::Resuming(session)) => {
                    let kept = self.shelf.find(session).await;
                    self.channel.resume(self.clock.now(), kept);
                }
                Output::Tell(event) => self.tell(event),
                Output::Close => {
                    // What it tells last.
                    while let Output::Tell(event) = self.channel.poll() {
                        self.told.push_back(event);
                    }
                    return Next::Closed;
                }
                Output::Wait(until) => return Next::At(until),
            }
        }
    }

    fn tell(&mut self, event: Event) {
        if matches!(event, Event::Established { .. }) {
            self.was_open = true;
            self.opening = None;
        }
        let unsent = match self.told.is_empty() {
            true => match self.events.try_send(event) {
                Err(TrySendError::Full(event)) => Some(event),
                // Or nobody listens any more.
                Ok(()) | Err(TrySendError::Closed(_)) => None,
            },
            false => Some(event),
        };
        self.told.extend(unsent);
    }

    /// Waits for the next thing that happens. Nothing is read while somebody is slow to take what came
    /// or what is sent. Asides wait for everything else, so that a message finds little before it.
    async fn step(&mut self, until: Option<Time>) {
        let has_room = self.out.len() < OUT;
        // If what is ours could stop the reading, two who both say much would wait for each other.
        let takes_ours = self.out.len() < OURS && self.waiting.is_none();
        let is_told = self.told.is_empty();
        let has_nothing_else = self.waiting.is_none() && self.orders.is_empty();
        if is_told
            && has_room
            && let Some(frame) = self.frames.ready()
        {
            let now = self.clock.now();
            self.channel.handle(now, Input::Frame(&frame));
            return self.say_waiting(now);
        }
        if self.out.len() < BATCH
            && self.waiting.is_none()
            && let Some(order) = self.next_order().await
        {
            return self.obey(self.clock.now(), Some(order));
        }
        let wait = match (self.clock.until(until), self.is_awake) {
            (wait, true) => wait.min(REST),
            (wait, false) => wait,
        };
        let happened = tokio::select! {
            frame = self.frames.next(&mut self.reader), if is_told && has_room => {
                Happened::Frame(frame)
            }
            written = self.writer.write_buf(&mut self.out), if !self.out.is_empty() => {
                Happened::Written(written.is_ok())
            }
            permit = self.events.reserve(), if !is_told => {
                match (permit, self.told.pop_front()) {
                    (Ok(permit), Some(event)) => permit.send(event),
                    // Nobody listens any more.
                    _ => self.told.clear(),
                }
                Happened::Told
            }
            order = self.orders.recv(), if takes_ours => Happened::Order(order),
            Some(aside) = self.asides.recv(), if self.out.len() < ASIDES && has_nothing_else => {
                Happened::Aside(aside)
            }
            () = sleep(wait) => Happened::Time,
        };
        let now = self.clock.now();
        self.is_awake = !matches!(happened, Happened::Time);
        match happened {
            Happened::Frame(Ok(frame)) => self.channel.handle(now, Input::Frame(&frame)),
            Happened::Frame(Err(_)) => self.channel.handle(now, Input::Lost),
            Happened::Written(false) => {
                self.out.clear();
                self.channel.handle(now, Input::Lost);
            }
            Happened::Written(true) | Happened::Told => {}
            Happened::Order(order) => self.obey(now, order),
            Happened::Aside(aside) => {
                let done = self.channel.send_aside(now, &aside.bytes);
                // Whoever does not wait for the answer does not need it.
                let _ = aside.reply.send(done);
            }
            Happened::Time => {
                self.rest();
                self.channel.handle(now, Input::Tick);
            }
        }
        self.say_waiting(now);
    }

    /// What is wanted now. Whoever was just answered is first let go on, so that what is said in one go
    /// is written in one go.
    async fn next_order(&mut self) -> Option<Order> {
        if mem::take(&mut self.was_asked) {
            yield_now().await;
        }
        self.orders.try_recv().ok()
    }

    /// Gives back what memory it can.
    fn rest(&mut self) {
        self.frames.rest();
        if self.out.is_empty() {
            self.out = BytesMut::new();
        }
    }

    fn obey(&mut self, now: Time, order: Option<Order>) {
        (self.was_asked, self.is_awake) = (true, true);
        match order {
            Some(Order::Accept) => self.channel.accept(now),
            Some(Order::Reject) => self.channel.reject(),
            Some(Order::Send(said)) => self.say(now, said),
            Some(Order::Keep(number)) => self.channel.keep(now, number),
            // Nobody holds it any more.
            Some(Order::Close) | None => self.channel.close(now),
        }
    }

    /// There may be room now.
    fn say_waiting(&mut self, now: Time) {
        if let Some(said) = self.waiting.take() {
            self.say(now, said);
        }
    }

    /// Sends a message, once there is room for it.
    fn say(&mut self, now: Time, said: Said) {
        let sent = match said.stamp {
            Some(stamp) => self.channel.send_stamped(now, stamp, &said.text),
            None => self.channel.send(now, &said.text),
        };
        match sent {
            Err(SendError::Full) => self.waiting = Some(said),
            // Whoever does not wait for the answer does not need it.
            done => drop(said.reply.send(done)),
        }
    }

    /// Writes what is left, and says that nothing follows.
    async fn flush(&mut self) {
        if self.writer.write_all_buf(&mut self.out).await.is_ok() {
            drop(self.writer.shutdown().await);
        }
    }

    /// Reads until the other side has ended, too.
    async fn hear_out(&mut self) {
        let mut rest = [0; 4096];
        while self
            .reader
            .read(&mut rest)
            .await
            .is_ok_and(|bytes| bytes > 0)
        {}
    }
}

/// Events that wait here at most, beside those of one frame.
const EVENTS: usize = 16;
const ORDERS: usize = 4;
/// Bytes that wait to be written before nothing more is taken.
const OUT: usize = 256 << 10;
/// Bytes that wait to be written before no aside is taken.
const ASIDES: usize = 64 << 10;
/// The same, of what whoever holds the call wants to send.
const OURS: usize = 128 << 10;
/// Bytes that are gathered before they are written, while more is said.
const BATCH: usize = 64 << 10;
/// After so long without anything that comes or goes, memory is given back.
const REST: Duration = Duration::from_secs(1);
/// How long the other side has to read the last words.
const LINGER: Duration = Duration::from_secs(5);
/// How long the other side has to end, after we did.
const UNREAD: Duration = Duration::from_secs(1);
