use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rendezvous::bucket::Host;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// Stands between everybody and a server, and can lose an answer.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    server: Mutex<SocketAddr>,
    /// Answers that still pass; [`usize::MAX`]: all.
    left: AtomicUsize,
    passed: AtomicUsize,
    cut: Notify,
}

impl Proxy {
    pub(crate) async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            server: Mutex::new(server),
            left: AtomicUsize::new(usize::MAX),
            passed: AtomicUsize::new(0),
            cut: Notify::new(),
        });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, Arc::clone(&serving)));
            }
        });
        Self { address, shared }
    }

    pub(crate) fn host(&self) -> Host {
        self.address.to_string().parse().unwrap()
    }

    /// Lets `answers` pass from now on, and loses the next.
    pub(crate) fn cut_after(&self, answers: usize) {
        self.shared.left.store(answers, Ordering::SeqCst);
    }

    /// Lets all pass again.
    pub(crate) fn mend(&self) {
        self.shared.left.store(usize::MAX, Ordering::SeqCst);
    }

    /// Leads new connections to another server from now on.
    pub(crate) fn lead_to(&self, server: SocketAddr) {
        *self.shared.server.lock().unwrap() = server;
    }

    /// Until an answer was lost.
    pub(crate) async fn cut(&self) {
        self.shared.cut.notified().await;
    }

    /// How many answers have passed so far.
    pub(crate) fn passed(&self) -> usize {
        self.shared.passed.load(Ordering::SeqCst)
    }
}

/// Passes bytes both ways, until an answer is to be lost. One comes in one piece: they are short.
async fn pass(client: TcpStream, shared: Arc<Shared>) {
    let server = *shared.server.lock().unwrap();
    let server = TcpStream::connect(server).await.unwrap();
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let asking = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
    });
    let mut bytes = vec![0; 1 << 20];
    while let Ok(length @ 1..) = from_server.read(&mut bytes).await {
        let take = |left: usize| match left {
            0 | usize::MAX => None,
            left => Some(left - 1),
        };
        let left = shared
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take);
        if left == Err(0) {
            shared.cut.notify_one();
            break;
        }
        shared.passed.fetch_add(1, Ordering::SeqCst);
        if to_client.write_all(&bytes[..length]).await.is_err() {
            break;
        }
    }
    asking.abort();
}
