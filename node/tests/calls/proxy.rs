use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{self, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// Stands between a caller and whoever is called, and can break what goes through.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    /// Where it leads; `None`: nowhere.
    to: Option<SocketAddr>,
    /// Bytes that go through a new connection, each way, before it holds back the rest.
    most: u64,
    through: JoinSet<()>,
    refused: usize,
}

impl Proxy {
    pub(crate) async fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Mutex::new(Shared {
            to: Some(to),
            most: u64::MAX,
            through: JoinSet::new(),
            refused: 0,
        }));
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let mut shared = serving.lock().unwrap();
                let Some(to) = shared.to else {
                    shared.refused = shared.refused.saturating_add(1);
                    continue;
                };
                let most = shared.most;
                shared.through.spawn(async move {
                    if let Ok(server) = TcpStream::connect(to).await {
                        let (from_client, to_client) = client.into_split();
                        let (from_server, to_server) = server.into_split();
                        let there = pass(from_client, to_server, most);
                        let _ = tokio::try_join!(there, pass(from_server, to_client, most));
                    }
                });
            }
        });
        Self { address, shared }
    }

    /// Lets so many bytes through each new connection, each way; it holds back what follows, and stays.
    pub(crate) fn hold_after(&self, most: u64) {
        self.shared.lock().unwrap().most = most;
    }

    /// Leads new connections there, or nowhere, and breaks all others.
    pub(crate) fn lead(&self, to: Option<SocketAddr>) {
        let mut shared = self.shared.lock().unwrap();
        shared.to = to;
        shared.through.abort_all();
    }

    pub(crate) fn refused(&self) -> usize {
        self.shared.lock().unwrap().refused
    }
}

/// Leads one caller there, and holds back what is answered after so many frames, until it is told to go on.
pub(crate) async fn answers(to: SocketAddr, frames: usize) -> (SocketAddr, oneshot::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (go_on, goes_on) = oneshot::channel();
    tokio::spawn(async move {
        let (client, _) = listener.accept().await?;
        let server = TcpStream::connect(to).await?;
        let (from_client, mut to_client) = client.into_split();
        let (mut from_server, to_server) = server.into_split();
        let back = async {
            for _ in 0..frames {
                let length = from_server.read_u16().await?;
                let mut frame = vec![0; length.into()];
                from_server.read_exact(&mut frame).await?;
                to_client.write_u16(length).await?;
                to_client.write_all(&frame).await?;
            }
            goes_on.await.unwrap();
            pass(from_server, to_client, u64::MAX).await
        };
        tokio::try_join!(pass(from_client, to_server, u64::MAX), back)
    });
    (address, go_on)
}

/// Passes on what comes, to its end or `most` bytes.
async fn pass(
    from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    most: u64,
) -> io::Result<()> {
    if io::copy(&mut from.take(most), &mut to).await? == most {
        std::future::pending::<()>().await;
    }
    to.shutdown().await
}
