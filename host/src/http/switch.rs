//! The relay and the broker of a server.

use std::net::SocketAddr;
use std::sync::Arc;

use super::StartError;
use crate::broker::{self, Broker};
use crate::random::secret;
use crate::relay::{self, Relay};

/// A relay with its own listeners.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) relay: Arc<Relay>,
    pub(super) config: relay::Config,
    pub(super) tcp: Vec<SocketAddr>,
    pub(super) tls: Vec<SocketAddr>,
}

/// The relay, if one is wanted.
pub(super) fn relay(config: &relay::Config) -> Result<Option<Arc<Relay>>, StartError> {
    if !config.is_on() {
        return Ok(None);
    }
    let limits = config.load().map_err(StartError::Password)?;
    let seed = secret().map_err(|_| StartError::NoRandomness)?;
    Ok(Some(Arc::new(Relay::new(limits, seed))))
}

/// The broker, if one is wanted.
pub(super) fn broker(config: &broker::Config) -> Result<Option<Arc<Broker>>, StartError> {
    if config.listen.is_empty() {
        return Ok(None);
    }
    let seed = secret().map_err(|_| StartError::NoRandomness)?;
    let broker = Broker::bind(config, seed).map_err(|(address, error)| StartError::Bind {
        address,
        reason: error.kind(),
    })?;
    Ok(Some(Arc::new(broker)))
}
