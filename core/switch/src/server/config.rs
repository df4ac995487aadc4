use core::time::Duration;

use crate::Password;

/// The limits of a [`Switch`](super::Switch); the defaults are those of the spec.
///
/// # Spec
///
/// `spec/22-switch.md` 4.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// What clients must know.
    pub password: Option<Password>,
    /// Pairs at a time.
    pub pairs: usize,
    /// Places that wait at a time.
    pub unpaired: usize,
    /// The same of one source.
    pub unpaired_per_source: usize,
    /// Connections without a place at a time.
    pub opening: usize,
    /// The same of one source.
    pub opening_per_source: usize,
    /// Connections of one source at a time, with a place or without.
    pub per_source: usize,
    /// Connections that a source may begin...
    pub starts: usize,
    /// ...in any such time.
    pub starts_within: Duration,
    /// Sources that are remembered.
    pub sources: usize,
    /// How long a connection may take until it has a place.
    pub within: Duration,
    /// How long a place waits for a partner.
    pub token_lasts: Duration,
    /// How long two may talk; `None`: without end.
    pub session_lasts: Option<Duration>,
    /// Bytes that wait for a connection before nothing is read from its partner; beyond them two of the
    /// longest frames, and no more.
    pub queued: usize,
    /// How long nothing is read from the partner of one that does not read.
    pub stalled: Duration,
    /// Bytes that are carried for a pair.
    pub pair_bytes: u64,
    /// Bytes that are carried for a source...
    pub source_bytes: u64,
    /// ...in each such time.
    pub source_bytes_within: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            password: None,
            pairs: 1000,
            unpaired: 1000,
            unpaired_per_source: 16,
            opening: 256,
            opening_per_source: 16,
            per_source: 64,
            starts: 20,
            starts_within: Duration::from_secs(60),
            sources: 10_000,
            within: Duration::from_secs(30),
            token_lasts: Duration::from_secs(600),
            session_lasts: Some(Duration::from_secs(3600)),
            queued: 64 << 10,
            stalled: Duration::from_secs(60),
            pair_bytes: 256 << 20,
            source_bytes: 1 << 30,
            source_bytes_within: Duration::from_secs(3600),
        }
    }
}
