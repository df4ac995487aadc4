use core::time::Duration;

use super::budget::Rate;
use crate::Wanted;

/// The bounds and rhythms of a [`Lan`](super::Lan); the defaults are those of the spec.
///
/// # Spec
///
/// `spec/10-rendezvous.md` section 4, "Limits".
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// Whose valid T2 gets a real T3.
    pub wanted: Wanted,
    /// How long a session announces itself; it then answers for as long again.
    pub interval: Duration,
    /// How long after [`finish`](super::Lan::finish) peers are still answered.
    pub linger: Duration,
    /// Jobs handed out at once; the number of cores is a good value. At least one.
    pub parallel: usize,
    /// Peers per session, those waiting for work included.
    pub peers: usize,
    /// Remembered ids of refused T1, per session.
    pub refused: usize,
    /// Pairs of link and source address remembered.
    pub places: usize,
    /// T1 remembered of one place.
    pub t1_per_place: usize,
    /// New T2 of one place that are answered in a second; each gives a T3 for each of its T1.
    pub t2_per_second: u32,
    /// New T3 of one place that are tried in a second.
    pub t3_per_second: u32,
    /// T1 waiting for work, in all.
    pub waiting: usize,
    /// T1 waiting for work, per source address.
    pub waiting_per_source: usize,
    /// Work started, in all.
    pub work: Rate,
    /// Work started, per source address.
    pub work_per_source: Rate,
    /// The longest datagram looked at, in bytes.
    pub datagram: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            wanted: Wanted::Every,
            interval: Duration::from_secs(60),
            linger: Duration::from_secs(4),
            parallel: 2,
            peers: 1024,
            refused: 1024,
            places: 2048,
            t1_per_place: 16,
            t2_per_second: 8,
            t3_per_second: 64,
            waiting: 256,
            waiting_per_source: 16,
            work: Rate::new(600, 64),
            work_per_source: Rate::new(60, 16),
            datagram: 1024,
        }
    }
}
