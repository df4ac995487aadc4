use std::io;
use std::sync::Arc;
use std::time::Duration;

use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{ClientConfig, IdleTimeout, ServerConfig, TransportConfig, VarInt};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::NoServerSessionStorage;
use rustls::version::TLS13;

use crate::dial::trusting_anyone;

/// What a dialer says and takes.
pub(super) fn client() -> io::Result<ClientConfig> {
    let mut tls = trusting_anyone(&[&TLS13]).map_err(io::Error::other)?;
    tls.alpn_protocols = vec![ALPN.to_vec()];
    tls.enable_sni = false;
    // No call can be told to be of the same person as another.
    tls.resumption = Resumption::disabled();
    let tls = QuicClientConfig::try_from(tls).map_err(io::Error::other)?;
    let mut config = ClientConfig::new(Arc::new(tls));
    config.transport_config(Arc::new(transport(0)));
    Ok(config)
}

/// What a listener says and takes, with a certificate of its own.
pub(super) fn server() -> io::Result<ServerConfig> {
    let tls = QuicServerConfig::try_from(server_tls()?).map_err(io::Error::other)?;
    let mut config = ServerConfig::with_crypto(Arc::new(tls));
    config
        .transport_config(Arc::new(transport(1)))
        .migration(true)
        .max_incoming(INCOMING)
        .incoming_buffer_size(EARLY)
        .incoming_buffer_size_total(ALL_EARLY);
    config.validation_token.sent(0);
    Ok(config)
}

fn server_tls() -> io::Result<rustls::ServerConfig> {
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    let certificate = params.self_signed(&key).map_err(io::Error::other)?;
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let provider = Arc::new(aws_lc_rs::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.into());
    let mut tls = tls.map_err(io::Error::other)?;
    tls.alpn_protocols = vec![ALPN.to_vec()];
    tls.send_tls13_tickets = 0;
    tls.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(tls)
}

/// Bounds and rhythms; the other side may open `streams` at a time.
fn transport(streams: u8) -> TransportConfig {
    let mut config = TransportConfig::default();
    config
        .max_concurrent_bidi_streams(VarInt::from(streams))
        .max_concurrent_uni_streams(VarInt::from(0_u8))
        .datagram_receive_buffer_size(None)
        .stream_receive_window(VarInt::from(WINDOW))
        .receive_window(VarInt::from(WINDOW))
        .send_window(u64::from(WINDOW))
        .keep_alive_interval(Some(KEEP_ALIVE))
        .max_idle_timeout(Some(IdleTimeout::from(VarInt::from(IDLE_MS))))
        // It would show everyone on the way how far away people are.
        .allow_spin(false);
    config
}

/// What a stream in QUIC is about.
const ALPN: &[u8] = b"entrenous-call/1";
/// Bytes that one side may be ahead of the other's reading.
const WINDOW: u32 = 256 << 10;
/// A network that translates addresses forgets one after 30 s of silence, some say.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Longer than a channel waits for a sign of life (`spec/20-channel.md` 8.3), which so has the say.
const IDLE_MS: u32 = 75_000;
/// Callers who are not looked at yet.
const INCOMING: usize = 256;
/// Bytes that one of them sent meanwhile, and all.
const EARLY: u64 = 16 << 10;
const ALL_EARLY: u64 = 1 << 20;
