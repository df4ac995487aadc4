//! A network that stands between a caller and whoever is called, and gives the caller an address of its
//! own, as a translator of addresses does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::ANY;

pub(super) struct Nat {
    /// What a caller calls.
    pub(super) address: SocketAddr,
    target: SocketAddr,
    outside: watch::Sender<Arc<UdpSocket>>,
    retries: Arc<AtomicUsize>,
    carrier: JoinHandle<()>,
}

impl Nat {
    pub(super) async fn to(target: SocketAddr) -> Self {
        let inside = UdpSocket::bind(ANY).await.unwrap();
        let address = inside.local_addr().unwrap();
        let (outside, watched) = watch::channel(socket(target).await);
        let retries = Arc::default();
        let carrier = tokio::spawn(carry(inside, watched, Arc::clone(&retries)));
        Self {
            address,
            target,
            outside,
            retries,
            carrier,
        }
    }

    /// The caller has another address from now on; what is sent to the old one goes nowhere.
    pub(super) async fn rebind(&self) {
        self.outside.send_replace(socket(self.target).await);
    }

    /// Carries nothing any more.
    pub(super) fn cut(&self) {
        self.carrier.abort();
    }

    /// How often a caller was asked to show where they are.
    pub(super) fn retries(&self) -> usize {
        self.retries.load(Ordering::SeqCst)
    }
}

async fn socket(target: SocketAddr) -> Arc<UdpSocket> {
    let socket = UdpSocket::bind(ANY).await.unwrap();
    socket.connect(target).await.unwrap();
    Arc::new(socket)
}

async fn carry(
    inside: UdpSocket,
    mut outside: watch::Receiver<Arc<UdpSocket>>,
    retries: Arc<AtomicUsize>,
) {
    let mut caller = None;
    let (mut up, mut down) = (Vec::with_capacity(2048), Vec::with_capacity(2048));
    loop {
        up.clear();
        down.clear();
        let socket = Arc::clone(&outside.borrow_and_update());
        tokio::select! {
            Ok((_, from)) = inside.recv_buf_from(&mut up) => {
                caller = Some(from);
                drop(socket.send(&up).await);
            }
            Ok(_) = socket.recv_buf(&mut down) => {
                // RFC 9000, section 17.2.5: long header, type 3, version 1.
                let is_retry = matches!(down.as_slice(), [first, 0, 0, 0, 1, ..] if first & 0xf0 == 0xf0);
                retries.fetch_add(usize::from(is_retry), Ordering::SeqCst);
                if let Some(caller) = caller {
                    drop(inside.send_to(&down, caller).await);
                }
            }
            changed = outside.changed() => if changed.is_err() {
                return;
            },
        }
    }
}
