use crate::DecodeError;

/// What a [`Connection`](crate::Connection) counted since its start.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stats {
    /// Datagrams that came.
    pub received: u64,
    /// Datagrams handed out to be sent.
    pub sent: u64,
    /// Datagrams dropped because nobody took those before them.
    pub dropped: u64,
    /// Received ends of datagrams, or whole ones, with fewer bytes than a header.
    pub short: u64,
    /// Received datagrams longer than [`Config::datagram`](crate::Config::datagram).
    pub long: u64,
    /// Received segments with a command that KCP does not have.
    pub unknown_commands: u64,
    /// Received segments that claim more data than there is.
    pub truncated: u64,
    /// Received segments of another conv.
    pub other_convs: u64,
    /// Received segments that acknowledge what was never sent.
    pub unsent: u64,
    /// Received pushes beyond the receive window.
    pub beyond_window: u64,
    /// Received pushes that had come before.
    pub repeats: u64,
    /// Segments sent again because no ack came in time.
    pub timeouts: u64,
    /// Segments sent again because acks of later ones came.
    pub skipped: u64,
}

impl Stats {
    pub(crate) fn count_undecodable(&mut self, error: DecodeError) {
        count(match error {
            DecodeError::Short => &mut self.short,
            DecodeError::UnknownCommand { .. } => &mut self.unknown_commands,
            DecodeError::Truncated { .. } => &mut self.truncated,
        });
    }
}

pub(crate) fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}
