//! A connection that somebody watches, and can cut: every byte goes through their hands.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Stands before somebody who listens. Dropping it cuts what goes through.
#[derive(Debug)]
pub(super) struct Wire {
    address: SocketAddr,
    shared: Shared,
    _serving: JoinSet<()>,
}

/// All that went through.
#[derive(Clone, Debug, Default)]
pub(super) struct Copied {
    /// Connections that led somewhere.
    pub(super) connections: usize,
    /// From who calls.
    pub(super) there: Vec<u8>,
    /// To them.
    pub(super) back: Vec<u8>,
}

#[derive(Clone, Debug, Default)]
struct Shared {
    copied: Arc<Mutex<Copied>>,
    cut: Arc<Mutex<Cut>>,
}

#[derive(Debug, Default)]
struct Cut {
    is_cut: bool,
    through: JoinSet<()>,
}

impl Wire {
    /// Leads to `to`.
    pub(super) async fn start(to: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Shared::default();
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, to, shared.clone()));
        Ok(Self {
            address,
            shared,
            _serving: serving,
        })
    }

    /// Where to call.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Breaks what goes through, and lets nothing through.
    pub(super) fn cut(&self) {
        let mut cut = lock(&self.shared.cut);
        cut.is_cut = true;
        cut.through.abort_all();
    }

    /// Lets connections through again.
    pub(super) fn mend(&self) {
        lock(&self.shared.cut).is_cut = false;
    }

    pub(super) fn copied(&self) -> Copied {
        lock(&self.shared.copied).clone()
    }
}

async fn serve(listener: TcpListener, to: SocketAddr, shared: Shared) {
    while let Ok((client, _)) = listener.accept().await {
        let mut cut = lock(&shared.cut);
        while cut.through.try_join_next().is_some() {}
        if !cut.is_cut {
            let copied = Arc::clone(&shared.copied);
            cut.through.spawn(async move {
                // A connection that breaks is what both sides expect of one.
                drop(pass(client, to, &copied).await);
            });
        }
    }
}

async fn pass(client: TcpStream, to: SocketAddr, copied: &Mutex<Copied>) -> io::Result<()> {
    let server = TcpStream::connect(to).await?;
    {
        let mut copied = lock(copied);
        copied.connections = copied.connections.saturating_add(1);
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let there = carry(from_client, to_server, |bytes| {
        lock(copied).there.extend_from_slice(bytes);
    });
    let back = carry(from_server, to_client, |bytes| {
        lock(copied).back.extend_from_slice(bytes);
    });
    tokio::try_join!(there, back)?;
    Ok(())
}

/// Copies first: what arrives is always in the copy.
async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    copy: impl Fn(&[u8]),
) -> io::Result<()> {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let length = from.read(&mut buffer).await?;
        let bytes = buffer.get(..length).unwrap_or_default();
        if bytes.is_empty() {
            return to.shutdown().await;
        }
        copy(bytes);
        to.write_all(bytes).await?;
    }
}

/// Also after a panic elsewhere: what is behind these is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_goes_through_is_copied_until_it_is_cut() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let wire = Wire::start(listener.local_addr().unwrap()).await.unwrap();
        let mut here = TcpStream::connect(wire.address()).await.unwrap();
        let (mut there, _) = listener.accept().await.unwrap();
        let mut bytes = [0; 4];
        here.write_all(b"ping").await.unwrap();
        there.read_exact(&mut bytes).await.unwrap();
        there.write_all(b"pong").await.unwrap();
        here.read_exact(&mut bytes).await.unwrap();
        let copied = wire.copied();
        assert_eq!(copied.connections, 1);
        assert_eq!(
            (&copied.there[..], &copied.back[..]),
            (&b"ping"[..], &b"pong"[..])
        );

        wire.cut();
        assert!(is_over(&mut here).await && is_over(&mut there).await);
        let mut refused = TcpStream::connect(wire.address()).await.unwrap();
        assert!(is_over(&mut refused).await);
        wire.mend();
        let mut again = TcpStream::connect(wire.address()).await.unwrap();
        let (mut there, _) = listener.accept().await.unwrap();
        again.write_all(b"more").await.unwrap();
        there.read_exact(&mut bytes).await.unwrap();
        assert_eq!(wire.copied().there, b"pingmore");
        assert_eq!(wire.copied().connections, 2);
    }

    async fn is_over(stream: &mut TcpStream) -> bool {
        matches!(stream.read(&mut [0]).await, Ok(0) | Err(_))
    }
}
