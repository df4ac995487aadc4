use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use drive::Clock;
use kcp::{Config, Connection, Conv, Input, Output};
use kernel::Time;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

/// Carries the bytes of one stream by KCP.
pub(super) struct Carrier {
    connection: Connection,
    clock: Clock,
    socket: Arc<UdpSocket>,
    to: SocketAddr,
    is_connected: bool,
    /// Whether anything came.
    is_heard: bool,
    datagrams: mpsc::Receiver<Vec<u8>>,
    reader: ReadHalf<DuplexStream>,
    writer: WriteHalf<DuplexStream>,
    /// Bytes of ours that KCP has no room for.
    up: BytesMut,
    /// Bytes of theirs that nobody has taken.
    down: BytesMut,
    /// Since when nothing more comes from us.
    closed: Option<Instant>,
    /// What may be sent to somebody who has not shown to be where they say.
    proof: Proof,
}

/// Whether the other side receives what is sent there.
///
/// # Spec
///
/// `spec/21-datagrams.md` 7.3.
enum Proof {
    /// Not known: so many bytes may still be sent.
    Missing {
        budget: usize,
    },
    Shown,
}

/// What a carrier waits for.
enum Happened {
    Datagram(Option<Vec<u8>>),
    /// So many bytes of ours, or none any more.
    Ours(usize),
    /// Bytes of theirs were taken; or nobody takes any.
    Taken(Option<usize>),
    Time,
}

impl Carrier {
    /// A carrier to `to`, and the end of the pipe that is its stream.
    pub(super) fn new(
        conv: Conv,
        socket: Arc<UdpSocket>,
        to: SocketAddr,
        datagrams: mpsc::Receiver<Vec<u8>>,
    ) -> (DuplexStream, Self) {
        let (stream, pipe) = duplex(PIPE);
        let (reader, writer) = split(pipe);
        let clock = Clock::new();
        let is_connected = socket.peer_addr().is_ok();
        let carrier = Self {
            connection: Connection::new(Config::own(), conv, clock.now()),
            is_connected,
            is_heard: false,
            clock,
            socket,
            to,
            datagrams,
            reader,
            writer,
            up: BytesMut::new(),
            down: BytesMut::new(),
            closed: None,
            // Whoever dials has chosen where to.
            proof: match is_connected {
                true => Proof::Shown,
                false => Proof::Missing { budget: 0 },
            },
        };
        (stream, carrier)
    }

    /// Runs until our side has closed and the other has all, or nobody seems to be there.
    pub(super) async fn run(mut self) {
        loop {
            self.move_bytes();
            let until = self.send().await;
            let is_done = self.closed.is_some_and(|since| {
                let is_over = since.elapsed() >= LINGER;
                // Whoever was never heard has nothing to wait for, and is not bothered any more.
                self.connection.unacknowledged() == 0 || !self.is_heard || is_over
            });
            if is_done || self.connection.is_dead() {
                return;
            }
            if !self.step(until).await {
                return;
            }
        }
    }

    /// Between KCP and the pipe's buffers, as much as there is room for.
    fn move_bytes(&mut self) {
        let now = self.clock.now();
        while !self.up.is_empty() {
            let taken = self.connection.write(now, &self.up);
            if taken == 0 {
                break;
            }
            self.up.advance(taken);
        }
        let readable = self.connection.readable().min(PIPE);
        if self.down.is_empty() && readable > 0 {
            self.down.resize(readable, 0);
            let read = self.connection.read(now, &mut self.down);
            self.down.truncate(read);
        }
    }

    /// Sends what KCP has to send; returns when it wants to be called.
    async fn send(&mut self) -> Option<Time> {
        loop {
            match self.connection.poll() {
                // What does not leave is lost like any other.
                Output::Send(datagram) if !self.proof.allows(datagram.len()) => {}
                Output::Send(datagram) if self.is_connected => {
                    drop(self.socket.send(&datagram).await);
                }
                Output::Send(datagram) => drop(self.socket.send_to(&datagram, self.to).await),
                Output::Wait(until) => return until,
            }
        }
    }

    /// Waits for the next thing that happens; `false` when there is nothing to go on for.
    async fn step(&mut self, until: Option<Time>) -> bool {
        let mut wait = self.clock.until(until);
        if self.closed.is_some() {
            wait = wait.min(LINGER);
        }
        let takes_ours = self.closed.is_none() && self.up.is_empty();
        let happened = tokio::select! {
            datagram = self.datagrams.recv() => Happened::Datagram(datagram),
            read = self.reader.read_buf(&mut self.up), if takes_ours => {
                Happened::Ours(read.unwrap_or(0))
            }
            written = self.writer.write(&self.down), if !self.down.is_empty() => {
                Happened::Taken(written.ok())
            }
            () = sleep(wait) => Happened::Time,
        };
        match happened {
            Happened::Datagram(Some(datagram)) => {
                self.is_heard = true;
                let now = self.clock.now();
                let before = self.connection.unacknowledged();
                self.connection.handle(now, Input::Datagram(&datagram));
                let is_acknowledged = self.connection.unacknowledged() < before;
                self.proof.heard(datagram.len(), is_acknowledged);
            }
            Happened::Datagram(None) => return false,
            Happened::Ours(0) => self.closed = Some(Instant::now()),
            Happened::Ours(_) => {}
            Happened::Taken(Some(count)) => self.down.advance(count),
            // Nobody reads any more, but what was said is still to come there.
            Happened::Taken(None) => self.down.clear(),
            Happened::Time => self.connection.handle(self.clock.now(), Input::Tick),
        }
        true
    }
}

impl Proof {
    fn allows(&mut self, bytes: usize) -> bool {
        match self {
            Self::Shown => true,
            Self::Missing { budget } => match budget.checked_sub(bytes) {
                Some(rest) => {
                    *budget = rest;
                    true
                }
                None => false,
            },
        }
    }

    fn heard(&mut self, bytes: usize, is_acknowledged: bool) {
        match self {
            Self::Missing { budget } if !is_acknowledged => {
                *budget = budget.saturating_add(bytes.saturating_mul(AMPLIFICATION));
            }
            _ => *self = Self::Shown,
        }
    }
}

/// Bytes sent for each byte that came, to somebody who may not be there: as in RFC 9000, section 8.1.
const AMPLIFICATION: usize = 3;
/// Bytes of a pipe in each direction.
const PIPE: usize = 16 << 10;
/// How long what was said last is sent again.
const LINGER: Duration = Duration::from_secs(5);
