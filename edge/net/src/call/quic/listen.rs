use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use quinn::Endpoint;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::super::Path;
use super::super::listen::{Incoming, Limits, Openings};
use super::config;
use super::stream::Stream;

/// Waits for callers on QUIC. Dropping it takes no more of them; calls that were taken go on.
///
/// # Spec
///
/// `spec/21-datagrams.md` 10.
#[derive(Debug)]
pub struct Listener {
    endpoint: Endpoint,
    address: SocketAddr,
    openings: Openings,
    incoming: Mutex<mpsc::Receiver<Incoming>>,
    reader: JoinHandle<()>,
}

impl Listener {
    /// Listens on `address`, with a new certificate. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// It is taken, not ours, or not allowed.
    pub fn bind(address: SocketAddr, limits: Limits) -> io::Result<Self> {
        Self::open(address, Openings::new(limits))
    }

    /// The same, with others who count the same openings.
    pub(in super::super) fn open(address: SocketAddr, openings: Openings) -> io::Result<Self> {
        let endpoint = Endpoint::server(config::server()?, address)?;
        let address = endpoint.local_addr()?;
        let (callers, incoming) = mpsc::channel(WAITING);
        let reader = Reader {
            endpoint: endpoint.clone(),
            openings: openings.clone(),
            callers,
        };
        Ok(Self {
            endpoint,
            address,
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

    /// The next caller, who has spoken. Safe to cancel.
    ///
    /// # Errors
    ///
    /// The socket is of no use any more.
    pub async fn accept(&self) -> io::Result<Incoming> {
        let next = self.incoming.lock().await.recv().await;
        next.ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }

    /// How many were refused because too many were opening.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.openings.refused()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.reader.abort();
        self.endpoint.set_server_config(None);
    }
}

/// Takes callers, as many as may open at a time.
struct Reader {
    endpoint: Endpoint,
    openings: Openings,
    callers: mpsc::Sender<Incoming>,
}

impl Reader {
    async fn run(self) {
        while let Some(incoming) = self.endpoint.accept().await {
            self.take(incoming);
        }
    }

    fn take(&self, incoming: quinn::Incoming) {
        let source = incoming.remote_address();
        if incoming.may_retry() && self.openings.is_pressed(source.ip()) {
            // It cannot be one that may not.
            drop(incoming.retry());
            return;
        }
        let Some(opening) = self.openings.take(source.ip()) else {
            incoming.refuse();
            return;
        };
        let callers = self.callers.clone();
        tokio::spawn(async move {
            // Whoever does not come so far gives the place back.
            let Ok(Ok(stream)) = timeout(WITHIN, open(incoming)).await else {
                return;
            };
            let incoming = Incoming {
                stream: Box::pin(stream),
                source,
                path: Path::Quic,
                opening,
            };
            drop(callers.send(incoming).await);
        });
    }
}

/// The stream of a caller, once something has come on it.
async fn open(incoming: quinn::Incoming) -> io::Result<Stream> {
    let connection = incoming.accept()?.await?;
    let (writer, reader) = connection.accept_bi().await?;
    Ok(Stream::new(reader, writer))
}

/// Callers that wait to be taken.
const WAITING: usize = 16;
/// How long a connection may take to be made, and its first bytes to come.
const WITHIN: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::sync::Arc;

    use quinn::crypto::rustls::QuicClientConfig;
    use quinn::{ClientConfig, Connection};
    use rustls::pki_types::CertificateDer;
    use rustls::version::TLS13;

    use super::*;
    use crate::dial::trusting_anyone;

    async fn connected(listener: &Listener, config: ClientConfig) -> Option<Connection> {
        let client = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let connecting = client.connect_with(config, listener.address(), "call");
        connecting.unwrap().await.ok()
    }

    fn listener() -> Listener {
        Listener::bind((Ipv4Addr::LOCALHOST, 0).into(), Limits::default()).unwrap()
    }

    #[tokio::test]
    async fn whoever_wants_another_protocol_is_refused_and_gives_the_place_back() {
        let listener = listener();
        for name in [None, Some("h3"), Some("entrenous-call/2")] {
            let mut tls = trusting_anyone(&[&TLS13]).unwrap();
            tls.alpn_protocols = name.map(|name| name.into()).into_iter().collect();
            let tls = QuicClientConfig::try_from(tls).unwrap();
            let config = ClientConfig::new(Arc::new(tls));
            assert!(connected(&listener, config).await.is_none(), "{name:?}");
        }
        let gone = async {
            while listener.openings.is_pressed(Ipv4Addr::LOCALHOST.into()) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(WITHIN, gone).await.unwrap();
    }

    #[tokio::test]
    async fn there_is_one_stream() {
        let listener = listener();
        let connection = connected(&listener, config::client().unwrap())
            .await
            .unwrap();
        let (mut writer, _reader) = connection.open_bi().await.unwrap();
        writer.write_all(&[0]).await.unwrap();
        let incoming = listener.accept().await.unwrap();
        let wait = Duration::from_millis(200);
        assert!(timeout(wait, connection.open_bi()).await.is_err());
        assert!(timeout(wait, connection.open_uni()).await.is_err());
        assert_eq!(connection.max_datagram_size(), None);
        drop(incoming);
    }

    #[tokio::test]
    async fn a_certificate_names_nobody_and_is_new_each_time() {
        let mut seen: Vec<Vec<u8>> = Vec::new();
        for _ in 0..2 {
            let listener = listener();
            let connection = connected(&listener, config::client().unwrap())
                .await
                .unwrap();
            let identity = connection.peer_identity().unwrap();
            let chain: Box<Vec<CertificateDer<'static>>> = identity.downcast().unwrap();
            let [certificate] = chain.as_slice() else {
                panic!("{} certificates", chain.len());
            };
            // Neither a common name nor other names: 2.5.4.3, 2.5.29.17.
            for name in [[0x55, 0x04, 0x03], [0x55, 0x1d, 0x11]] {
                assert!(!certificate.windows(3).any(|part| part == name));
            }
            seen.push(certificate.to_vec());
        }
        assert_ne!(seen.first(), seen.last());
    }
}
