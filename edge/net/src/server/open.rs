use std::sync::Arc;
use std::time::Duration;

use rendezvous::bucket::Host;
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::pki_types::CertificateDer;
use wire::Binding;

use super::{Options, StartError};
use crate::Proxy;
use crate::circuit::Circuit;
use crate::dial::{Dialer, trust};

/// The way to servers: through which proxy, trusting whom.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    proxy: Option<Proxy>,
    tls: Arc<ClientConfig>,
}

impl Access {
    /// TLS 1.3 only, which has the exporter that proofs are bound to. No session is ever resumed:
    /// it would tell a server which connections are of one client.
    pub(crate) fn new(
        proxy: Option<Proxy>,
        roots: &[CertificateDer<'static>],
    ) -> Result<Self, StartError> {
        let refused = |error: rustls::Error| StartError::Root {
            reason: error.to_string(),
        };
        let mut tls = trust(roots, &[&rustls::version::TLS13]).map_err(refused)?;
        tls.resumption = Resumption::disabled();
        let tls = Arc::new(tls);
        Ok(Self { proxy, tls })
    }

    /// To ask `at` once, this way.
    pub(crate) fn once(&self, at: Host) -> Options {
        let mut options = Options::new(at);
        options.proxy.clone_from(&self.proxy);
        options.tries = 1;
        options
    }

    /// Connections to `at`, on a circuit of their own.
    pub(crate) fn circuit(&self, at: &Host) -> Result<Dialer, StartError> {
        let circuit = Circuit::fresh().ok_or(StartError::NoRandomness)?;
        let dialer = Dialer::new(at.name().to_owned(), at.port(), self.proxy.clone());
        let dialer = dialer.on(circuit);
        Ok(match at.is_local() {
            true => dialer,
            false => dialer.with_tls(Arc::clone(&self.tls)),
        })
    }
}

/// What proofs are bound to: the channel if there is TLS and the server ends it, else the name that
/// was dialled.
pub(super) fn binding<'a>(at: &'a Host, exporter: Option<&'a [u8; 32]>) -> Binding<'a> {
    exporter.map_or_else(|| Binding::Name(at.name()), Binding::Exporter)
}

/// How long an answer is waited for.
pub(super) fn patience(options: &Options) -> Duration {
    let way = match options.proxy {
        Some(_) => VIA_PROXY,
        None => DIRECT,
    };
    options.within.min(LONGEST).saturating_add(way)
}

/// What a request says of it, in milliseconds.
pub(super) fn within_ms(options: &Options) -> u32 {
    let within = options.within.min(LONGEST).as_millis();
    // 0 would be the longest.
    u32::try_from(within).unwrap_or(u32::MAX).max(1)
}

/// What servers take for the longest; spec 40, section 1.1.
const LONGEST: Duration = Duration::from_secs(30);
/// For the way of request and answer.
const DIRECT: Duration = Duration::from_secs(5);
const VIA_PROXY: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_may_work_for_half_a_minute_and_no_longer() {
        let mut options = Options::new("meet.example:1".parse().unwrap());
        for (within, ms, waits) in [
            (0, 1, 5_000),
            (29_999, 29_999, 34_999),
            (30_000, 30_000, 35_000),
            (30_001, 30_000, 35_000),
        ] {
            options.within = Duration::from_millis(within);
            assert_eq!(within_ms(&options), ms);
            assert_eq!(patience(&options), Duration::from_millis(waits));
        }
        options.proxy = Some("socks5://127.0.0.1:9050".parse().unwrap());
        assert_eq!(patience(&options), Duration::from_secs(60));
    }
}
