//! Calls over UDP: a stream of KCP for each.

mod carrier;
mod registered;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use kcp::{Conv, Route, route};
use switch::Token;
use tokio::net::UdpSocket;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::Path;
use super::broker::{Broker, BrokerError, Registration};
use super::listen::{Incoming, Limits, Openings, Progress};
use carrier::Carrier;
use registered::Registered;

/// Waits for callers on UDP.
///
/// # Spec
///
/// `spec/21-datagrams.md` 7.
#[derive(Debug)]
pub struct Datagrams {
    address: SocketAddr,
    socket: Arc<UdpSocket>,
    openings: Openings,
    incoming: Mutex<mpsc::Receiver<Incoming>>,
    reader: JoinHandle<()>,
}

impl Datagrams {
    /// Listens on `address`.
    ///
    /// # Errors
    ///
    /// It is taken, not ours, or not allowed.
    pub async fn bind(address: SocketAddr, limits: Limits) -> io::Result<Self> {
        Self::open(address, Openings::new(limits)).await
    }

    /// The same, among others who count openings.
    pub(super) async fn open(address: SocketAddr, openings: Openings) -> io::Result<Self> {
        let socket = Arc::new(UdpSocket::bind(address).await?);
        Self::start(socket, openings, None)
    }

    /// Listens on `address` of ours, and waits there for whoever a broker tells of it under a token: `own`, or one that the
    /// broker draws. Knocks at everybody of whom the broker tells. IPv4 or IPv6, as `address` is. Nobody says that a token of
    /// one's own is held: the broker only shows that it is there.
    ///
    /// Gives up after ten seconds without an answer; dropping the future ends it.
    ///
    /// # Errors
    ///
    /// See [`BrokerError`]; never [`BrokerError::Nobody`], [`BrokerError::NoPath`].
    ///
    /// # Spec
    ///
    /// `spec/22-switch.md` 5.4.
    pub async fn register(
        address: SocketAddr,
        limits: Limits,
        broker: &Broker,
        own: Option<Token>,
    ) -> Result<(Self, Registration), BrokerError> {
        let broker = broker.beside(address).await?;
        Self::enrol(address, Openings::new(limits), broker, own).await
    }

    /// The same, among others who count openings.
    pub(super) async fn enrol(
        address: SocketAddr,
        openings: Openings,
        broker: SocketAddr,
        own: Option<Token>,
    ) -> Result<(Self, Registration), BrokerError> {
        let (socket, registered, known) = Registered::begin(address, broker, own)?;
        let datagrams = Self::start(socket, openings, Some(registered));
        let datagrams = datagrams.map_err(|error| BrokerError::NoSocket {
            reason: error.kind(),
        })?;
        let registration = known.await.unwrap_or(Err(BrokerError::Silent))?;
        Ok((datagrams, registration))
    }

    fn start(
        socket: Arc<UdpSocket>,
        openings: Openings,
        registered: Option<Registered>,
    ) -> io::Result<Self> {
        let (callers, incoming) = mpsc::channel(WAITING);
        let address = socket.local_addr()?;
        let reader = Reader {
            socket: Arc::clone(&socket),
            registered,
            openings: openings.clone(),
            callers,
            lines: BTreeMap::new(),
        };
        Ok(Self {
            address,
            socket,
            openings,
            incoming: Mutex::new(incoming),
            reader: tokio::spawn(reader.run()),
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next caller. Safe to cancel.
    ///
    /// # Errors
    ///
    /// The socket is of no use any more.
    pub async fn accept(&self) -> io::Result<Incoming> {
        let next = self.incoming.lock().await.recv().await;
        next.ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }

    /// Knocks at `peer` as long as this is polled: often at first, and then as often as networks in between
    /// want to see it.
    pub(super) fn knock(&self, peer: SocketAddr) -> impl Future<Output = ()> + Send + use<> {
        let socket = Arc::clone(&self.socket);
        async move {
            for number in 0_u32.. {
                for _ in 0..KNOCKS {
                    // What cannot be sent is lost like any other.
                    drop(socket.send_to(&[0], peer).await);
                }
                let pause = match number < OFTEN {
                    true => SOON,
                    false => LATER,
                };
                sleep(pause).await;
            }
        }
    }

    /// How many datagrams of new callers were dropped because too many were opening.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.openings.refused()
    }
}

impl Drop for Datagrams {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Reads the socket, and hands each datagram to whom it is for.
struct Reader {
    socket: Arc<UdpSocket>,
    /// The broker that tells of callers, if there is one.
    registered: Option<Registered>,
    openings: Openings,
    callers: mpsc::Sender<Incoming>,
    /// By where they come from; few of each.
    lines: BTreeMap<SocketAddr, Vec<Line>>,
}

/// Somebody on the other side of the socket.
struct Line {
    conv: Conv,
    datagrams: mpsc::Sender<Vec<u8>>,
    progress: Progress,
}

impl Reader {
    async fn run(mut self) {
        let mut buffer = [0; DATAGRAM];
        loop {
            let read = tokio::select! {
                read = self.socket.recv_from(&mut buffer) => read,
                () = registered::due(&mut self.registered) => continue,
            };
            // An error is of an earlier datagram of ours: nobody is there, for instance.
            let Ok((length, source)) = read else {
                continue;
            };
            let datagram = buffer.get(..length).unwrap_or_default();
            let is_broker = |registered: &mut Registered| registered.takes(source, datagram);
            if !self.registered.as_mut().is_some_and(is_broker) {
                self.take(source, datagram);
            }
        }
    }

    fn take(&mut self, source: SocketAddr, datagram: &[u8]) {
        let lines = self.lines.get(&source).map_or(&[][..], Vec::as_slice);
        let known: Vec<Conv> = lines.iter().map(|line| line.conv).collect();
        match route(datagram, &known) {
            Route::To(conv) => {
                if let Some(line) = lines.iter().find(|line| line.conv == conv) {
                    // What there is no room for is sent again.
                    drop(line.datagrams.try_send(datagram.to_vec()));
                }
            }
            Route::Open(conv) => self.open(source, conv, datagram),
            Route::Ignore => {}
        }
    }

    fn open(&mut self, source: SocketAddr, conv: Conv, datagram: &[u8]) {
        // A newer one of a source takes the place of its older one, if that has not opened yet.
        self.lines.retain(|from, lines| {
            lines.retain(|line| {
                let is_replaced = from == &source && line.progress.is_opening();
                !is_replaced && !line.datagrams.is_closed()
            });
            !lines.is_empty()
        });
        if self
            .lines
            .get(&source)
            .is_some_and(|lines| lines.len() >= LINES)
        {
            return;
        }
        let Some(opening) = self.openings.take(source.ip()) else {
            return;
        };
        let (datagrams, received) = mpsc::channel(WAITING_DATAGRAMS);
        let (stream, carrier) = Carrier::new(conv, Arc::clone(&self.socket), source, received);
        let progress = opening.progress();
        let is_told = |registered: &Registered| registered.has_met(source);
        let incoming = Incoming {
            stream: Box::pin(stream),
            source,
            path: match self.registered.as_ref().is_some_and(is_told) {
                true => Path::Knocked,
                false => Path::Udp,
            },
            opening,
        };
        if self.callers.try_send(incoming).is_err() {
            return;
        }
        drop(datagrams.try_send(datagram.to_vec()));
        tokio::spawn(carrier.run());
        self.lines.entry(source).or_default().push(Line {
            conv,
            datagrams,
            progress,
        });
    }
}

/// A stream to whoever listens at `to`.
///
/// # Errors
///
/// The system gives no socket, no random bytes, or no way there.
pub(super) async fn dial(to: SocketAddr) -> io::Result<tokio::io::DuplexStream> {
    let any = match to {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    over(Arc::new(UdpSocket::bind(any).await?), to).await
}

/// The same from a socket that is there, which is for nothing else from here on.
pub(super) async fn over(
    socket: Arc<UdpSocket>,
    to: SocketAddr,
) -> io::Result<tokio::io::DuplexStream> {
    // The system drops what comes from elsewhere.
    socket.connect(to).await?;
    let mut conv = [0; 4];
    getrandom::fill(&mut conv).map_err(|_| io::ErrorKind::Other)?;
    let conv = Conv::new(u32::from_le_bytes(conv));
    let (datagrams, received) = mpsc::channel(WAITING_DATAGRAMS);
    let (stream, carrier) = Carrier::new(conv, Arc::clone(&socket), to, received);
    let carrier = tokio::spawn(carrier.run());
    tokio::spawn(async move {
        let mut buffer = [0; DATAGRAM];
        while !carrier.is_finished() && !datagrams.is_closed() {
            tokio::select! {
                read = socket.recv(&mut buffer) => {
                    // An error says that nobody is there yet, or any more; the carrier decides.
                    if let Some(datagram) = read.ok().and_then(|length| buffer.get(..length)) {
                        drop(datagrams.try_send(datagram.to_vec()));
                    }
                }
                () = datagrams.closed() => {}
            }
        }
    });
    Ok(stream)
}

/// Knocks at a time, for some are lost; as Kamune does it.
const KNOCKS: u32 = 5;
/// How many times it is done soon again.
const OFTEN: u32 = 5;
const SOON: Duration = Duration::from_secs(2);
const LATER: Duration = Duration::from_secs(15);
/// Streams of one source.
const LINES: usize = 4;
/// Callers that wait to be taken.
const WAITING: usize = 16;
/// Datagrams that wait for their stream.
const WAITING_DATAGRAMS: usize = 128;
/// What is longer is no datagram of ours.
const DATAGRAM: usize = 2048;
