use core::time::Duration;

use crate::Wanted;
use crate::board::Fit;
use crate::lan::Rate;

/// The bounds and rhythms of a [`Visit`](super::Visit); the defaults are those of the spec.
///
/// # Spec
///
/// `spec/10-rendezvous.md` section 5.3.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// Whose valid T2 gets a real T3.
    pub wanted: Wanted,
    /// What happens to a message that is too long.
    pub fit: Fit,
    /// How long a read may wait for something new.
    pub wait: Duration,
    /// The least time between two reads, and between two posts; with `n` others 1 + n/10 times
    /// that, at most ten times.
    pub pace: Duration,
    /// How often the own T1 is posted again, since records expire.
    pub repeat: Duration,
    /// On a plain board: a T2 is posted this long, times two and the number of others, after the
    /// own T1; a T3 this long after the server has taken the T2 to the same peer.
    pub hold: Duration,
    /// On a plain board: the longest a T2 is held back.
    pub hold_max: Duration,
    /// How long after [`finish`](super::Visit::finish) answers are still posted.
    pub linger: Duration,
    /// Jobs handed out at once; the number of cores is a good value. At least one.
    pub parallel: usize,
    /// Peers whose T1 was worked on.
    pub peers: usize,
    /// Remembered ids of refused T1.
    pub refused: usize,
    /// T1 waiting for work.
    pub waiting: usize,
    /// Work started.
    pub work: Rate,
    /// T2 and T3 records remembered, of each kind; and answers waiting to be posted.
    pub records: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            wanted: Wanted::Every,
            fit: Fit::Refuse,
            wait: Duration::from_secs(25),
            pace: Duration::from_millis(200),
            repeat: Duration::from_secs(300),
            hold: Duration::from_secs(1),
            hold_max: Duration::from_secs(30),
            linger: Duration::from_secs(4),
            parallel: 2,
            peers: 1024,
            refused: 1024,
            waiting: 256,
            work: Rate::new(600, 64),
            records: 65_536,
        }
    }
}
