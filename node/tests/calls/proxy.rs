use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Stands between a caller and whoever is called, and can break what goes through.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    /// Where it leads; `None`: nowhere.
    to: Option<SocketAddr>,
    through: JoinSet<()>,
    refused: usize,
}

impl Proxy {
    pub(crate) async fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Mutex::new(Shared {
            to: Some(to),
            through: JoinSet::new(),
            refused: 0,
        }));
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut shared = serving.lock().unwrap();
                let Some(to) = shared.to else {
                    shared.refused = shared.refused.saturating_add(1);
                    continue;
                };
                shared.through.spawn(async move {
                    if let Ok(mut server) = TcpStream::connect(to).await {
                        let _ = copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        });
        Self { address, shared }
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
