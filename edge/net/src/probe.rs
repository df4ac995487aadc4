//! What is seen of a server or a proxy from here, for finding out why something does not work.
//!
//! Each call tries one thing, once, on a connection of its own, and no step of it takes longer than
//! [`PATIENCE`]. Through a proxy, the name of the server is resolved at the proxy only.

mod fault;
mod tls;

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::header::{DATE, HOST, HeaderMap};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_socks::tcp::Socks5Stream;

pub use fault::{Distrust, Fault};

use crate::board::{Address, Proxy};
use tls::Trust;

/// How long one step takes at most, or four times that through a proxy: Tor may build a circuit.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Which server, and how to get there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Target {
    /// The server.
    pub at: Address,
    /// A proxy to go through.
    pub proxy: Option<Proxy>,
    /// Trusted besides the certificates that the system trusts.
    pub roots: Vec<CertificateDer<'static>>,
}

impl Target {
    /// That server, directly, trusting what the system trusts.
    #[must_use]
    pub const fn new(at: Address) -> Self {
        Self {
            at,
            proxy: None,
            roots: Vec::new(),
        }
    }
}

/// A server that was reached.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Seen {
    /// When the first of its certificates expires; `None` without TLS.
    pub expires: Option<SystemTime>,
    /// What it answers to `GET /.well-known/entrenous`.
    pub answer: Result<Answer, Fault>,
}

/// An answer to an HTTP request, all of it chosen by the server.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Answer {
    /// The status code.
    pub code: u16,
    /// The server's time, in whole seconds, if it tells.
    pub date: Option<SystemTime>,
    /// Our time then: between the request and the answer.
    pub here: SystemTime,
    /// At most [`BODY_MAX`] bytes.
    pub body: Vec<u8>,
}

/// The most bytes that are read of an answer.
pub const BODY_MAX: usize = 64 << 10;

/// The addresses of `host`, as this system finds them.
///
/// # Errors
///
/// [`Fault::NoName`] or [`Fault::Slow`].
pub async fn addresses(host: &str, port: u16) -> Result<Vec<IpAddr>, Fault> {
    let found = within(PATIENCE, async { Ok(lookup_host((host, port)).await) }).await?;
    let found: Vec<IpAddr> = match found {
        Ok(found) => found.map(|address| address.ip()).collect(),
        Err(_) => Vec::new(),
    };
    match found.is_empty() {
        true => Err(Fault::NoName),
        false => Ok(found),
    }
}

/// Greets `proxy` as SOCKS 5 begins, and asks it for nothing.
///
/// # Errors
///
/// See [`Fault`]: [`Fault::NotSocks`] if it answers something else, [`Fault::Login`] if it takes none
/// of the ways to log in that we have.
pub async fn greet(proxy: &Proxy) -> Result<(), Fault> {
    let greeting: &[u8] = match proxy.has_login() {
        true => &[5, 2, 0, 2],
        false => &[5, 1, 0],
    };
    let answer = within(PATIENCE, async {
        let mut stream = tcp(proxy.host(), proxy.port()).await?;
        let mut answer = [0; 2];
        let exchange = async {
            stream.write_all(greeting).await?;
            stream.read_exact(&mut answer).await
        };
        exchange.await.map_err(|_| Fault::NotSocks)?;
        Ok(answer)
    });
    match answer.await? {
        [5, 0xff] => Err(Fault::Login),
        [5, way] if greeting.iter().skip(2).any(|offered| *offered == way) => Ok(()),
        _ => Err(Fault::NotSocks),
    }
}

/// Connects to the server and asks it what it is.
///
/// # Errors
///
/// See [`Fault`]: there is no connection, or no trust in it. What is wrong with the answer is in
/// [`Seen::answer`].
pub async fn server(target: &Target) -> Result<Seen, Fault> {
    let limit = match target.proxy {
        Some(_) => PATIENCE.saturating_mul(4),
        None => PATIENCE,
    };
    let trust = target.at.is_tls().then(|| Trust::new(&target.roots));
    let trust = trust.transpose()?;
    let stream = within(limit, connect(target)).await?;
    let Some(trust) = trust else {
        let answer = within(limit, ask(&target.at, stream)).await;
        return Ok(Seen {
            expires: None,
            answer,
        });
    };
    let stream = within(limit, trust.connect(target.at.host(), stream)).await?;
    let expires = trust.expires(target.at.host(), &stream);
    let answer = within(limit, ask(&target.at, stream)).await;
    Ok(Seen { expires, answer })
}

async fn connect(target: &Target) -> Result<TcpStream, Fault> {
    let to = (target.at.host(), target.at.port());
    let Some(proxy) = &target.proxy else {
        return tcp(to.0, to.1).await;
    };
    let stream = tcp(proxy.host(), proxy.port()).await;
    let stream = stream.map_err(|fault| Fault::ProxyAway {
        why: fault.to_string(),
    })?;
    let joined = match proxy.login() {
        None => Socks5Stream::connect_with_socket(stream, to).await,
        Some((user, password)) => {
            Socks5Stream::connect_with_password_and_socket(stream, to, user, password).await
        }
    };
    let joined = joined.map_err(|error| Fault::Proxy {
        why: error.to_string(),
    })?;
    Ok(joined.into_inner())
}

/// Connects to the first address of `host` that accepts.
async fn tcp(host: &str, port: u16) -> Result<TcpStream, Fault> {
    let addresses = lookup_host((host, port)).await;
    let mut last = Fault::NoName;
    for address in addresses.map_err(|_| Fault::NoName)? {
        match timeout(EACH, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = Fault::NoConnection { why: error.kind() },
            Err(_) => last = Fault::Slow,
        }
    }
    Err(last)
}

async fn ask<S>(at: &Address, stream: S) -> Result<Answer, Fault>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = handshake(TokioIo::new(stream))
        .await
        .map_err(|_| Fault::NotHttp)?;
    let request = Request::builder()
        .uri(format!("{}/.well-known/entrenous", at.path()))
        .header(HOST, at.authority())
        .body(Empty::<Bytes>::new())
        .map_err(|_| Fault::NotHttp)?;
    let exchange = async {
        let begun = SystemTime::now();
        let response = sender.send_request(request).await;
        let response = response.map_err(|_| Fault::NotHttp)?;
        let waited = begun.elapsed().unwrap_or_default();
        let here = begun.checked_add(waited.div_f64(2.0)).unwrap_or(begun);
        answer(response, here).await
    };
    let carry = async {
        // How it ends shows in the exchange.
        drop(connection.await);
        std::future::pending().await
    };
    tokio::select! {
        answer = exchange => answer,
        never = carry => never,
    }
}

async fn answer(
    response: Response<hyper::body::Incoming>,
    here: SystemTime,
) -> Result<Answer, Fault> {
    let (head, body) = response.into_parts();
    let body = Limited::new(body, BODY_MAX).collect().await;
    let body = body.map_err(|error| match error.is::<LengthLimitError>() {
        true => Fault::TooLong,
        false => Fault::NotHttp,
    })?;
    Ok(Answer {
        code: head.status.as_u16(),
        date: date(&head.headers),
        here,
        body: body.to_bytes().to_vec(),
    })
}

fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    timeout(limit, work).await.unwrap_or(Err(Fault::Slow))
}

const EACH: Duration = Duration::from_secs(4);
