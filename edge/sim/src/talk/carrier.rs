//! One end of a connection: frames of a channel on one side, packets of a network on the other.

use std::collections::VecDeque;

use kcp::Connection;
use kernel::Time;
use switch::client::{self, Client};

/// One end of what carries a channel.
pub(crate) enum Carrier {
    Pipe {
        out: VecDeque<Vec<u8>>,
        frames: VecDeque<Vec<u8>>,
    },
    Datagrams(Box<Stream>),
    Relay(Box<Place>),
}

/// Frames in a stream of bytes.
pub(crate) struct Stream {
    connection: Connection,
    /// What is not written yet.
    out: Vec<u8>,
    /// What was read, and is no whole frame yet.
    read: Vec<u8>,
}

/// A place at a relay.
pub(crate) struct Place {
    client: Client,
    is_placed: bool,
    /// What waits for the place.
    waits: VecDeque<Vec<u8>>,
    frames: VecDeque<Vec<u8>>,
    is_over: bool,
}

/// What an end has to say after something happened to it.
#[derive(Default)]
pub(crate) struct Said {
    /// For the network.
    pub(crate) packets: Vec<Vec<u8>>,
    /// For the channel.
    pub(crate) frames: Vec<Vec<u8>>,
    /// Whether the connection is over.
    pub(crate) is_lost: bool,
    /// When to tick it.
    pub(crate) until: Option<Time>,
}

impl Carrier {
    pub(crate) const fn pipe() -> Self {
        Self::Pipe {
            out: VecDeque::new(),
            frames: VecDeque::new(),
        }
    }

    pub(crate) fn datagrams(connection: Connection) -> Self {
        Self::Datagrams(Box::new(Stream {
            connection,
            out: Vec::new(),
            read: Vec::new(),
        }))
    }

    pub(crate) fn relay(client: Client) -> Self {
        Self::Relay(Box::new(Place {
            client,
            is_placed: false,
            waits: VecDeque::new(),
            frames: VecDeque::new(),
            is_over: false,
        }))
    }

    /// Sends a frame of the channel.
    pub(crate) fn send(&mut self, now: Time, frame: &[u8]) {
        match self {
            Self::Pipe { out, .. } => out.push_back(frame.to_vec()),
            Self::Datagrams(stream) => {
                let length = u16::try_from(frame.len()).unwrap_or(u16::MAX);
                stream.out.extend(length.to_be_bytes());
                stream.out.extend(frame);
                stream.write(now);
            }
            Self::Relay(place) => {
                place.waits.push_back(frame.to_vec());
                place.release();
            }
        }
    }

    /// Takes a packet of the network.
    pub(crate) fn hear(&mut self, now: Time, packet: &[u8]) {
        match self {
            Self::Pipe { frames, .. } => frames.push_back(packet.to_vec()),
            Self::Datagrams(stream) => {
                let input = kcp::Input::Datagram(packet);
                stream.connection.handle(now, input);
                stream.pump(now);
            }
            Self::Relay(place) => place.client.handle(now, client::Input::Frame(packet)),
        }
    }

    /// The connection below is gone.
    pub(crate) fn lost(&mut self, now: Time) {
        if let Self::Relay(place) = self {
            place.client.handle(now, client::Input::Lost);
        }
    }

    /// The channel is over.
    pub(crate) fn close(&mut self, now: Time) {
        match self {
            Self::Pipe { .. } => {}
            Self::Datagrams(stream) => stream.connection.flush(now),
            Self::Relay(place) => place.client.close(),
        }
    }

    pub(crate) fn tick(&mut self, now: Time) {
        match self {
            Self::Pipe { .. } => {}
            Self::Datagrams(stream) => {
                stream.connection.handle(now, kcp::Input::Tick);
                stream.pump(now);
            }
            Self::Relay(place) => place.client.handle(now, client::Input::Tick),
        }
    }

    /// What there is to do now.
    pub(crate) fn drain(&mut self) -> Said {
        match self {
            Self::Pipe { out, frames } => Said {
                packets: out.drain(..).collect(),
                frames: frames.drain(..).collect(),
                ..Said::default()
            },
            Self::Datagrams(stream) => stream.drain(),
            Self::Relay(place) => place.drain(),
        }
    }

    /// Bytes that wait in it, for the network or for the rest of a frame.
    pub(crate) fn held(&self) -> usize {
        match self {
            Self::Pipe { .. } => 0,
            Self::Datagrams(stream) => stream.read.len(),
            Self::Relay(place) => place.waits.iter().map(Vec::len).sum(),
        }
    }
}

impl Stream {
    fn write(&mut self, now: Time) {
        let taken = self.connection.write(now, &self.out);
        self.out.drain(..taken.min(self.out.len()));
    }

    /// Reads what is there, and writes what now has room.
    fn pump(&mut self, now: Time) {
        let mut bytes = [0; 4096];
        loop {
            let count = self.connection.read(now, &mut bytes);
            let Some(read) = bytes.get(..count).filter(|read| !read.is_empty()) else {
                break;
            };
            self.read.extend(read);
        }
        self.write(now);
    }

    fn drain(&mut self) -> Said {
        let mut said = Said {
            is_lost: self.connection.is_dead(),
            ..Said::default()
        };
        loop {
            match self.connection.poll() {
                kcp::Output::Send(datagram) => said.packets.push(datagram),
                kcp::Output::Wait(until) => {
                    said.until = until;
                    break;
                }
            }
        }
        while let Some((length, rest)) = self.read.split_first_chunk() {
            let length = usize::from(u16::from_be_bytes(*length));
            let Some((frame, rest)) = rest.split_at_checked(length) else {
                break;
            };
            let (frame, rest) = (frame.to_vec(), rest.to_vec());
            said.frames.push(frame);
            self.read = rest;
        }
        said
    }
}

impl Place {
    /// Hands over what waits, once there is a place.
    fn release(&mut self) {
        while let Some(frame) = self.waits.front().filter(|_| self.is_placed) {
            if self.client.send(frame).is_err() {
                return;
            }
            self.waits.pop_front();
        }
    }

    fn drain(&mut self) -> Said {
        let mut said = Said::default();
        loop {
            match self.client.poll() {
                client::Output::Send(frame) => said.packets.push(frame),
                client::Output::Tell(client::Event::Registered { .. }) => {
                    self.is_placed = true;
                    self.release();
                }
                client::Output::Tell(client::Event::Frame(frame)) => self.frames.push_back(frame),
                client::Output::Tell(_) => {}
                client::Output::Close => self.is_over = true,
                client::Output::Wait(until) => {
                    said.until = until;
                    break;
                }
            }
        }
        said.frames.extend(self.frames.drain(..));
        said.is_lost = self.is_over;
        said
    }
}
