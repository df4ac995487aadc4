//! A broker and a relay, as machines behind real sockets.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use drive::Clock;
use net::call::broker::Broker;
use net::call::relay::Way;
use primitives::Secret;
use switch::broker::{Address, Server, ServerConfig, ServerInput, ServerOutput};
use switch::link::Relay;
use switch::server::{Config, Framing, Id, Input, Output, Switch};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

/// Runs a broker for as long as the test does; returns the way there.
pub(crate) async fn broker(at: SocketAddr) -> Broker {
    let socket = UdpSocket::bind(at).await.unwrap();
    let address = socket.local_addr().unwrap();
    match at {
        SocketAddr::V4(_) => tokio::spawn(run_broker(socket, |from| match from {
            SocketAddr::V4(from) => Some(from),
            SocketAddr::V6(_) => None,
        })),
        SocketAddr::V6(_) => tokio::spawn(run_broker(socket, |from| match from {
            SocketAddr::V4(_) => None,
            SocketAddr::V6(from) => Some(from),
        })),
    };
    Broker::new(&address.ip().to_string(), address.port())
}

async fn run_broker<A: Address>(socket: UdpSocket, read: fn(SocketAddr) -> Option<A>) {
    let clock = Clock::new();
    let mut server = Server::<A>::new(
        clock.now(),
        ServerConfig::default(),
        Secret::new([0xb0; 32]),
    );
    let mut buffer = [0; 2048];
    loop {
        let until = loop {
            match server.poll() {
                ServerOutput::Send { to, bytes } => {
                    let to: SocketAddr = to.into();
                    drop(socket.send_to(&bytes, to).await);
                }
                ServerOutput::Wait(until) => break until,
            }
        };
        tokio::select! {
            came = socket.recv_from(&mut buffer) => {
                if let Ok((length, from)) = came
                    && let Some(from) = read(from)
                {
                    let bytes = &buffer[..length];
                    server.handle(clock.now(), ServerInput::Datagram { from, bytes });
                }
            }
            () = sleep(clock.until(until)) => server.handle(clock.now(), ServerInput::Tick),
        }
    }
}

/// Runs a relay over TCP for as long as the test does; returns the way there.
pub(crate) async fn relay(at: SocketAddr, config: Config) -> Way {
    let listener = TcpListener::bind(at).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(run_relay(listener, config));
    let relay: Relay = format!("tcp://{address}").parse().unwrap();
    Way::to(relay)
}

/// What happens on a connection.
enum Happened {
    Frame(Id, Vec<u8>),
    Sent(Id, usize),
    Gone(Id),
}

/// What one connection is told.
struct Line {
    /// Ends when dropped.
    frames: mpsc::UnboundedSender<Vec<u8>>,
    is_paused: watch::Sender<bool>,
}

async fn run_relay(listener: TcpListener, config: Config) {
    let clock = Clock::new();
    let mut switch = Switch::new(clock.now(), config, Secret::new([0xe1; 32]));
    let (tells, mut happened) = mpsc::channel(64);
    let mut lines = BTreeMap::new();
    for number in 0.. {
        let until = drain(&mut switch, &mut lines);
        let now = clock.now();
        tokio::select! {
            connected = listener.accept() => {
                let (stream, from) = connected.unwrap();
                let id = Id::new(number);
                let (reader, writer) = stream.into_split();
                let (frames, to_send) = mpsc::unbounded_channel();
                let (is_paused, paused) = watch::channel(false);
                lines.insert(id, Line { frames, is_paused });
                tokio::spawn(read(id, reader, paused, tells.clone()));
                tokio::spawn(write(id, writer, to_send, tells.clone()));
                let (from, framing) = (from.ip(), Framing::Length);
                switch.handle(now, Input::Connected { id, from, framing });
            }
            Some(what) = happened.recv() => match what {
                Happened::Frame(id, bytes) => {
                    switch.handle(now, Input::Frame { id, bytes: &bytes });
                }
                Happened::Sent(id, bytes) => switch.handle(now, Input::Sent { id, bytes }),
                Happened::Gone(id) => switch.handle(now, Input::Disconnected(id)),
            },
            () = sleep(clock.until(until)) => switch.handle(now, Input::Tick),
        }
    }
}

fn drain(switch: &mut Switch, lines: &mut BTreeMap<Id, Line>) -> Option<kernel::Time> {
    loop {
        match switch.poll() {
            Output::Send { to, bytes } => {
                if let Some(line) = lines.get(&to) {
                    drop(line.frames.send(bytes));
                }
            }
            Output::Close { id, .. } => drop(lines.remove(&id)),
            Output::Pause(id) => pause(lines, id, true),
            Output::Resume(id) => pause(lines, id, false),
            Output::Wait(until) => return until,
        }
    }
}

fn pause(lines: &BTreeMap<Id, Line>, id: Id, is_paused: bool) {
    if let Some(line) = lines.get(&id) {
        line.is_paused.send_replace(is_paused);
    }
}

async fn read(
    id: Id,
    mut reader: OwnedReadHalf,
    mut paused: watch::Receiver<bool>,
    tells: mpsc::Sender<Happened>,
) {
    // Until either end is gone.
    while paused.wait_for(|is_paused| !is_paused).await.is_ok() {
        let frame = async {
            let length = reader.read_u16().await?;
            let mut frame = vec![0; length.into()];
            reader.read_exact(&mut frame).await?;
            std::io::Result::Ok(frame)
        };
        let Ok(frame) = frame.await else {
            break;
        };
        drop(tells.send(Happened::Frame(id, frame)).await);
    }
    drop(tells.send(Happened::Gone(id)).await);
}

async fn write(
    id: Id,
    mut writer: OwnedWriteHalf,
    mut frames: mpsc::UnboundedReceiver<Vec<u8>>,
    tells: mpsc::Sender<Happened>,
) {
    while let Some(frame) = frames.recv().await {
        let length = u16::try_from(frame.len()).unwrap().to_be_bytes();
        if writer
            .write_all(&[&length, &frame[..]].concat())
            .await
            .is_err()
        {
            break;
        }
        drop(tells.send(Happened::Sent(id, frame.len())).await);
    }
    drop(writer.shutdown().await);
}
