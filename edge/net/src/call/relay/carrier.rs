use std::io;
use std::time::Duration;

use bytes::BytesMut;
use drive::WallClock;
use kernel::Time;
use switch::Token;
use switch::client::{Client, End, Event, Input, Output};
use tokio::io::{AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::super::frames::{Frames, put};
use super::socket::Stream;

/// What a relay grants.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) waits: Option<Duration>,
    pub(super) lasts: Option<Duration>,
}

/// Carries frames between a relay and the stream of a channel.
pub(super) struct Carrier {
    client: Client,
    clock: WallClock,
    /// To and from the relay.
    relay: (ReadHalf<Stream>, WriteHalf<Stream>),
    theirs: Frames,
    /// To and from the channel.
    pipe: (ReadHalf<DuplexStream>, WriteHalf<DuplexStream>),
    ours: Frames,
    /// What is to be written, there and here.
    up: BytesMut,
    down: BytesMut,
    registered: Option<oneshot::Sender<Result<Placed, End>>>,
}

/// When to come back.
enum Next {
    At(Option<Time>),
    Closed,
}

/// What a carrier waits for.
enum Happened {
    Theirs(io::Result<BytesMut>),
    Ours(io::Result<BytesMut>),
    /// Whether it was.
    Up(bool),
    Down(bool),
    Time,
}

impl Carrier {
    pub(super) fn new(
        client: Client,
        clock: WallClock,
        relay: Stream,
        registered: oneshot::Sender<Result<Placed, End>>,
    ) -> (Self, DuplexStream) {
        let (stream, pipe) = duplex(PIPE);
        let carrier = Self {
            client,
            clock,
            relay: split(relay),
            theirs: Frames::default(),
            pipe: split(pipe),
            ours: Frames::default(),
            up: BytesMut::new(),
            down: BytesMut::new(),
            registered: Some(registered),
        };
        (carrier, stream)
    }

    /// Runs until either side is gone.
    pub(super) async fn run(mut self) {
        while let Next::At(until) = self.drain() {
            self.step(until).await;
        }
        let last = async {
            let (up, down) = tokio::join!(
                self.relay.1.write_all_buf(&mut self.up),
                self.pipe.1.write_all_buf(&mut self.down)
            );
            drop((up, down));
            drop(self.relay.1.shutdown().await);
        };
        // Whoever does not read keeps nobody waiting.
        drop(timeout(LINGER, last).await);
    }

    /// Does what the client says, in its order.
    fn drain(&mut self) -> Next {
        loop {
            match self.client.poll() {
                Output::Send(frame) => put(&frame, &mut self.up),
                Output::Tell(Event::Frame(frame)) => put(&frame, &mut self.down),
                Output::Tell(event) => self.told(event),
                Output::Close => {
                    // What it tells last.
                    while let Output::Tell(event) = self.client.poll() {
                        self.told(event);
                    }
                    return Next::Closed;
                }
                Output::Wait(until) => return Next::At(until),
            }
        }
    }

    fn told(&mut self, event: Event) {
        let result = match event {
            Event::Registered {
                token,
                waits,
                lasts,
            } => Ok(Placed {
                token,
                waits,
                lasts,
            }),
            Event::Ended(end) => Err(end),
            _ => return,
        };
        if let Some(registered) = self.registered.take() {
            // Nobody wants it any more if the wish was dropped: the stream is, too.
            drop(registered.send(result));
        }
    }

    /// Waits for the next thing that happens. Neither side is read while the other is slow.
    async fn step(&mut self, until: Option<Time>) {
        let wait = self.clock.until(until);
        let is_placed = self.registered.is_none();
        let happened = tokio::select! {
            frame = self.theirs.next(&mut self.relay.0), if self.down.len() < WAITING => {
                Happened::Theirs(frame)
            }
            frame = self.ours.next(&mut self.pipe.0), if is_placed && self.up.len() < WAITING => {
                Happened::Ours(frame)
            }
            written = self.relay.1.write_buf(&mut self.up), if !self.up.is_empty() => {
                Happened::Up(written.is_ok())
            }
            written = self.pipe.1.write_buf(&mut self.down), if !self.down.is_empty() => {
                Happened::Down(written.is_ok())
            }
            () = sleep(wait) => Happened::Time,
        };
        let now = self.clock.now();
        match happened {
            Happened::Theirs(Ok(frame)) => self.client.handle(now, Input::Frame(&frame)),
            Happened::Theirs(Err(_)) | Happened::Up(false) => {
                self.up.clear();
                self.client.handle(now, Input::Lost);
            }
            Happened::Ours(Ok(frame)) => {
                // A channel says nothing that is too long, nor first where it waits.
                if self.client.send(&frame).is_err() {
                    self.client.close();
                }
            }
            Happened::Ours(Err(_)) => self.client.close(),
            Happened::Down(false) => {
                self.down.clear();
                self.client.close();
            }
            Happened::Up(true) if self.up.is_empty() => self.up = BytesMut::new(),
            Happened::Down(true) if self.down.is_empty() => self.down = BytesMut::new(),
            Happened::Up(true) | Happened::Down(true) => {}
            Happened::Time => self.client.handle(now, Input::Tick),
        }
    }
}

/// Bytes that wait for one side before the other is not read any more.
const WAITING: usize = 128 << 10;
/// Bytes of the pipe in each direction.
const PIPE: usize = 16 << 10;
/// How long the relay has to read the last words.
const LINGER: Duration = Duration::from_secs(5);
