use std::collections::HashMap;
use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ProtocolVersion;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;

use super::hub::{Hub, lock};
use super::pulse::Beat;
use super::routes::Peer;
use super::tls::{Tls, is_question};
use super::{Settings, Share, relay};
use crate::board::Source;
use crate::relay::Relay;

/// One listening socket and what its connections get.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) name: &'static str,
    pub(super) socket: TcpListener,
    pub(super) serves: Serves,
    pub(super) hub: Arc<Hub>,
    pub(super) open: Arc<Open>,
    pub(super) tls: Option<Arc<Tls>>,
    /// Whether it is alive.
    pub(super) beats: mpsc::Receiver<Beat>,
}

/// What a connection is for.
#[derive(Clone, Debug)]
pub(super) enum Serves {
    Http {
        router: Router,
        /// When its connections shall end.
        draining: Option<watch::Receiver<bool>>,
    },
    /// Frames of a relay.
    Relay(Arc<Relay>),
}

impl Listener {
    /// Accepts connections until dropped; each runs as a task of its own.
    pub(super) async fn run(mut self) {
        loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                Some(beat) = self.beats.recv() => {
                    beat.answer();
                    continue;
                }
            };
            match accepted {
                Ok((stream, peer)) => self.accept(stream, peer),
                Err(error) if is_of_one_peer(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, listener = self.name, "cannot accept connections");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    fn accept(&self, stream: TcpStream, peer: SocketAddr) {
        let ip = peer.ip();
        let settings = self.hub.settings();
        let mut share = settings.connections;
        if self.hub.is_trusted(ip) {
            share.per_source = share.total;
        }
        let source = self.hub.source_of(ip);
        let Some(held) = Open::take(&self.open, self.name, source, share) else {
            metrics::counter!("entrenous_rejected_total", "limit" => "connections").increment(1);
            return;
        };
        let (hub, serves) = (Arc::clone(&self.hub), self.serves.clone());
        let tls = self.tls.as_ref().and_then(|tls| tls.acceptor());
        tokio::spawn(async move {
            let mut line = Line {
                held: Some(Arc::new(held)),
                exporter: None,
            };
            // Without it an answer of two packets waits for the peer's delayed acknowledgement.
            drop(stream.set_nodelay(true));
            keep_alive(&stream);
            // A reader who stops in the middle of an answer does not keep the connection for ever.
            let mut stream = TimeoutStream::new(stream);
            stream.set_write_timeout(serves.stalled(&settings));
            let stream = Box::pin(stream);
            match tls {
                None => serves.serve(hub, stream, (ip, line)).await,
                Some(tls) => match timeout(HANDSHAKE, tls.accept(stream)).await {
                    Ok(Ok(stream)) if is_question(stream.get_ref().1) => {}
                    Ok(Ok(stream)) => {
                        line.exporter = exporter(stream.get_ref().1);
                        serves.serve(hub, stream, (ip, line)).await;
                    }
                    Ok(Err(error)) => tracing::debug!(%error, "TLS handshake"),
                    Err(_) => tracing::debug!("TLS handshake took too long"),
                },
            }
        });
    }
}

impl Serves {
    /// How long a reader may take nothing; a relay looks at that itself.
    fn stalled(&self, settings: &Settings) -> Option<Duration> {
        match self {
            Self::Http { .. } => Some(settings.stalled),
            Self::Relay(_) => None,
        }
    }

    async fn serve(
        self,
        hub: Arc<Hub>,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        (peer, line): (IpAddr, Line),
    ) {
        match self {
            Self::Http { router, draining } => serve(stream, (peer, line), router, draining).await,
            Self::Relay(relay) => {
                relay::serve(hub, relay, peer, stream).await;
                // The connection is counted until here.
                drop(line);
            }
        }
    }
}

/// Lets the system find out that a peer is gone that no longer says anything.
fn keep_alive(stream: &TcpStream) {
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE)
        .with_interval(KEEPALIVE_AGAIN);
    // Without it the bounds of time remain.
    drop(SockRef::from(stream).set_tcp_keepalive(&keepalive));
}

/// Speaks HTTP/1.1 with one peer; once `draining`, only until the request in hand is answered.
pub(super) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    (peer, line): (IpAddr, Line),
    router: Router,
    draining: Option<watch::Receiver<bool>>,
) {
    let router = router.layer(Extension(Peer(peer))).layer(Extension(line));
    let service = TowerToHyperService::new(router);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = drained(draining) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        if is_stalled(&error) {
            metrics::counter!("entrenous_rejected_total", "limit" => "time").increment(1);
        }
        tracing::debug!(%error, "connection");
    }
}

/// What a connection carries to its requests.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    /// Counts the connection for as long as anyone has this.
    #[expect(dead_code, reason = "held, not read")]
    held: Option<Arc<Held>>,
    /// The exporter, if we ended TLS 1.3 ourselves.
    pub(super) exporter: Option<[u8; 32]>,
}

/// The exporter that proofs are bound to.
///
/// # Spec
///
/// `spec/40-server.md` section 3.
fn exporter(connection: &rustls::ServerConnection) -> Option<[u8; 32]> {
    let is_1_3 = connection.protocol_version() == Some(ProtocolVersion::TLSv1_3);
    let exporter = connection.export_keying_material([0; 32], EXPORTER, None);
    exporter.ok().filter(|_| is_1_3)
}

/// Until the server is stopping.
async fn drained(draining: Option<watch::Receiver<bool>>) {
    match draining {
        Some(mut draining) => drop(draining.wait_for(|is_draining| *is_draining).await),
        None => std::future::pending().await,
    }
}

/// How many connections are open, in all and per source.
#[derive(Debug, Default)]
pub(super) struct Open {
    total: watch::Sender<usize>,
    sources: Mutex<HashMap<Source, usize>>,
}

impl Open {
    fn take(self: &Arc<Self>, name: &'static str, source: Source, share: Share) -> Option<Held> {
        let mut sources = lock(&self.sources);
        let mine = sources.get(&source).copied().unwrap_or(0);
        if self.count() >= share.total || mine >= share.per_source {
            return None;
        }
        self.total
            .send_modify(|total| *total = total.saturating_add(1));
        sources.insert(source, mine.saturating_add(1));
        metrics::gauge!("entrenous_connections", "listener" => name).increment(1);
        Some(Held {
            open: Arc::clone(self),
            name,
            source,
        })
    }

    pub(super) fn count(&self) -> usize {
        *self.total.borrow()
    }

    /// Until no connection is open.
    pub(super) async fn none(&self) {
        // The sender is in `self`, so this is no error.
        drop(self.total.subscribe().wait_for(|total| *total == 0).await);
    }
}

/// One open connection; counted until dropped.
#[derive(Debug)]
struct Held {
    open: Arc<Open>,
    name: &'static str,
    source: Source,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut sources = lock(&self.open.sources);
        if let Some(count) = sources.get_mut(&self.source) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                sources.remove(&self.source);
            }
        }
        let total = &self.open.total;
        total.send_modify(|total| *total = total.saturating_sub(1));
        metrics::gauge!("entrenous_connections", "listener" => self.name).decrement(1);
    }
}

/// Whether a connection ended because its reader did not take the answer.
fn is_stalled(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    cause.is_some_and(|cause: &io::Error| cause.kind() == io::ErrorKind::TimedOut)
}

/// Whether an error of `accept` concerns one connection, not the socket.
fn is_of_one_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

/// For the head of a request, and so between requests.
const HEAD: Duration = Duration::from_secs(30);
const HANDSHAKE: Duration = Duration::from_secs(10);
const EXPORTER: &[u8] = b"EXPORTER-entrenous-v1";
/// Silence before the first question, and between questions.
const KEEPALIVE: Duration = Duration::from_secs(60);
const KEEPALIVE_AGAIN: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(200);
const BUFFER: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use axum::body::Body;
    use axum::http::Request;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tower::ServiceExt;

    use super::super::{Service, Settings, pulse, routes};
    use super::*;

    #[tokio::test]
    async fn a_reader_who_stops_in_the_middle_of_an_answer_loses_the_connection() {
        let settings = Settings {
            stalled: Duration::from_millis(200),
            ..Settings::default()
        };
        let service = Service::new(settings);
        let records: Vec<u8> = (0..3_000_u32)
            .flat_map(|number| [number.to_le_bytes(); 72].concat())
            .collect();
        let post = Request::post("/t1").body(Body::from(records)).unwrap();
        let here = IpAddr::from(Ipv4Addr::LOCALHOST);
        service.router(here).oneshot(post).await.unwrap();

        let socket = TcpListener::bind((here, 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        let open = Arc::<Open>::default();
        let listener = Listener {
            name: "test",
            socket,
            serves: Serves::Http {
                router: routes::router(&service.hub),
                draining: None,
            },
            hub: Arc::clone(&service.hub),
            open: Arc::clone(&open),
            tls: None,
            beats: pulse::questions().1,
        };
        let listening = tokio::spawn(listener.run());

        // 80 MB of answers: more than the buffers on the way hold.
        let mut stream = TcpStream::connect(address).await.unwrap();
        let requests = "GET /t1 HTTP/1.1\r\nhost: x\r\n\r\n".repeat(100);
        stream.write_all(requests.as_bytes()).await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), b'H', "it is served");
        open.none().await;
        listening.abort();
    }

    #[test]
    fn connections_are_bounded_in_all_and_per_source_and_given_back() {
        let open = Arc::new(Open::default());
        let share = Share {
            total: 3,
            per_source: 2,
        };
        let take = |source| Open::take(&open, "test", Source::new(source), share);
        let first = [take(1).unwrap(), take(1).unwrap()];
        assert!(take(1).is_none(), "of one source");
        let _second = take(2).unwrap();
        assert!(take(3).is_none(), "in all");
        drop(first);
        assert!(take(3).is_some());
        assert_eq!(open.count(), 1);
    }
}
