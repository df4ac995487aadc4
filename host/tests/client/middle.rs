//! A network between client and server, which the test breaks.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Forwards every connection to one server.
#[derive(Debug)]
pub(crate) struct Middle {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    target: SocketAddr,
    /// Answers that are still to be lost.
    losses: AtomicUsize,
    /// Bytes that a lost request has at least.
    at_least: usize,
    lost: AtomicUsize,
    frozen: AtomicBool,
    /// How often everything was cut.
    cuts: watch::Sender<usize>,
}

impl Middle {
    /// Loses the answers to the first `losses` requests of `at_least` bytes.
    pub(crate) async fn losing(losses: usize, at_least: usize, target: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            target,
            losses: AtomicUsize::new(losses),
            at_least,
            lost: AtomicUsize::new(0),
            frozen: AtomicBool::new(false),
            cuts: watch::Sender::new(0),
        });
        let forward = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(connection(Arc::clone(&forward), client));
            }
        });
        Self { address, shared }
    }

    pub(crate) async fn new(target: SocketAddr) -> Self {
        Self::losing(0, 0, target).await
    }

    /// From now on nothing gets through, and nobody is told.
    pub(crate) fn freeze(&self) {
        self.shared.frozen.store(true, Ordering::SeqCst);
    }

    /// Ends all connections there are.
    pub(crate) fn cut(&self) {
        self.shared.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// How many answers were lost.
    pub(crate) fn lost(&self) -> usize {
        self.shared.lost.load(Ordering::Relaxed)
    }
}

impl Shared {
    /// Whether what was just read gets no further. Asked after each read: a `select!` over the freeze
    /// may serve bytes that come after it first.
    fn is_frozen(&self) -> bool {
        self.frozen.load(Ordering::SeqCst)
    }

    /// Whether the answer to a request of this length is to be lost.
    fn loses(&self, length: usize) -> bool {
        let less = |left: usize| left.checked_sub(1);
        length >= self.at_least
            && self
                .losses
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
                .is_ok()
    }
}

/// Forwards one connection until an end, or until an answer is to be lost: then both sides are cut
/// as soon as the server has answered.
async fn connection(shared: Arc<Shared>, client: TcpStream) -> Option<()> {
    let server = TcpStream::connect(shared.target).await.ok()?;
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let mut cuts = shared.cuts.subscribe();
    let (mut up, mut down) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    let mut is_lost = false;
    loop {
        tokio::select! {
            read = from_client.read(&mut up) => {
                if shared.is_frozen() {
                    break;
                }
                let length = read.ok().filter(|length| *length > 0)?;
                is_lost |= shared.loses(length);
                to_server.write_all(&up[..length]).await.ok()?;
            }
            read = from_server.read(&mut down) => {
                if shared.is_frozen() {
                    break;
                }
                let length = read.ok().filter(|length| *length > 0)?;
                if is_lost {
                    shared.lost.fetch_add(1, Ordering::Relaxed);
                    return None;
                }
                to_client.write_all(&down[..length]).await.ok()?;
            }
            _ = cuts.changed() => return None,
        }
    }
    // frozen: the sockets stay open
    std::future::pending().await
}
