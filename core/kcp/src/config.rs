use core::time::Duration;

use crate::HEADER;

/// The bounds and rhythms of a [`Connection`](crate::Connection).
///
/// All of them are local: two ends need not agree, and none is on the wire but the window. The
/// default is what kcp-go does when nobody sets anything. A value out of its range counts as the
/// nearest one in it.
///
/// # Spec
///
/// `spec/21-datagrams.md` section 9.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Config {
    /// The longest datagram sent, in bytes: 25 to 65,507. kcp-go reads no more than 1,500.
    pub mtu: usize,
    /// The longest datagram taken, in bytes.
    pub datagram: usize,
    /// Segments in flight, at most; at least 1.
    pub send_window: u16,
    /// Segments kept until they are read, at most, and as many again that came out of order; at
    /// least 1.
    pub receive_window: u16,
    /// Bytes written and not yet in flight, at most; at least 1.
    pub send_queue: usize,
    /// Datagrams that wait for [`poll`](crate::Connection::poll), at most; later ones are dropped.
    /// At least 1.
    pub outgoing: usize,
    /// How long an ack may wait: 10 ms to 5 s.
    pub interval: Duration,
    /// How soon a segment is sent again.
    pub pace: Pace,
    /// Acks of later segments after which a segment is sent again though new ones are waiting; 0:
    /// never.
    pub fast_resend: u32,
    /// How many segments may be in flight, given what was lost.
    pub congestion: Congestion,
    /// Transmissions of one segment after which the connection counts as dead; at
    /// least 1.
    pub dead_after: u32,
}

impl Config {
    /// A faster one, for two nodes of ours; the wire is the same.
    ///
    /// Acks wait 10 ms in place of 100, 256 segments fly in place of 32 (352 KB a round trip), timers
    /// start at 30 ms and grow half as fast, and a segment that was only overtaken is not taken for
    /// lost. A connection then keeps up to 755 KB that nobody reads.
    ///
    /// Toward kcp-go it works too, within its window of 32.
    #[must_use]
    pub fn own() -> Self {
        Self {
            send_window: 256,
            receive_window: 256,
            send_queue: 512 * 1024,
            outgoing: 1024,
            interval: Duration::from_millis(10),
            pace: Pace::Quick,
            fast_resend: 2,
            congestion: Congestion::Prompt,
            ..Self::default()
        }
    }

    /// Data that fits into one segment, in bytes.
    pub(crate) const fn segment(&self) -> usize {
        self.mtu.saturating_sub(HEADER)
    }

    /// Acks that fit into one datagram: so many do not wait.
    pub(crate) const fn acks(&self) -> usize {
        self.mtu / HEADER
    }

    /// Every value in its range.
    pub(crate) fn bounded(self) -> Self {
        Self {
            mtu: self.mtu.clamp(HEADER.saturating_add(1), 65_507),
            send_window: self.send_window.max(1),
            receive_window: self.receive_window.max(1),
            send_queue: self.send_queue.max(1),
            outgoing: self.outgoing.max(1),
            interval: self
                .interval
                .clamp(Duration::from_millis(10), Duration::from_secs(5)),
            dead_after: self.dead_after.max(1),
            ..self
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            mtu: 1400,
            datagram: 1500,
            send_window: 32,
            receive_window: 32,
            send_queue: 64 * 1024,
            outgoing: 256,
            interval: Duration::from_millis(100),
            pace: Pace::Normal,
            fast_resend: 0,
            congestion: Congestion::Classic,
            dead_after: 20,
        }
    }
}

/// How soon a segment is sent again. Spec `21-datagrams` 4.2.
#[expect(clippy::exhaustive_enums, reason = "KCP has these two")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pace {
    /// After 100 ms at least; each time a whole timeout longer.
    Normal,
    /// After 30 ms at least; each time half a timeout longer. ("nodelay")
    Quick,
}

/// How many segments may be in flight, given what was lost. Spec `21-datagrams` 4.4.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Congestion {
    /// That of kcp-go: begins with 1, doubles up to 2, then grows by about one a round trip; falls to
    /// half for each missed segment and to 1 for each timeout.
    Classic,
    /// Begins with 10, doubles each round trip until something is lost; then grows by one a round
    /// trip, and falls to half, once a round trip. A segment is lost when its ack is overtaken for
    /// more than a quarter of a round trip.
    Prompt,
}
