use std::io;

use serde::Serialize;

use super::params::Text;
use super::parts::{FileInfo, FingerprintInfo, LogEntry, SessionInfo, Status, TokenInfo, Who};
use super::{Fault, Reply};
use crate::ui::json;

/// What a daemon tells its clients. Fields are only ever added.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(in crate::daemon) enum Event {
    /// The first line.
    Ready {
        version: &'static str,
        pid: String,
        protocol_version: &'static str,
    },
    StatusChanged {
        status: Status,
        message: String,
    },
    ServerRunning {
        running: bool,
        transport: &'static str,
    },
    ServerStarted {
        addr: String,
        transport: &'static str,
        name: String,
        public_key: String,
        emoji: [&'static str; 8],
        fingerprint_hex: String,
        fingerprint_sum: String,
    },
    ServerStopped {
        running: bool,
    },
    ServerStartCancelled {},
    SessionStarted(SessionInfo),
    SessionClosed {
        #[serde(flatten)]
        info: SessionInfo,
        /// As `reason` of `ended` in `docs/json.md`.
        entrenous_reason: &'static str,
        /// Messages that no connection has taken.
        entrenous_waiting: usize,
    },
    SessionUpdated {
        session_id: String,
    },
    SessionReconnecting {
        session_id: String,
        attempt: u32,
        max_attempts: u32,
    },
    SessionReconnected {
        session_id: String,
        /// Whether the session goes on; else it is a new one with the same person.
        entrenous_resumed: bool,
    },
    MessageReceived {
        session_id: String,
        data_base64: String,
        timestamp: String,
    },
    /// A message was taken; not that it has come.
    MessageSent {
        session_id: String,
        timestamp: String,
    },
    FingerprintChanged(FingerprintInfo),
    LocalNameChanged {
        name: String,
    },
    /// Somebody waits for a `verify_response`.
    VerifyPeer {
        request_id: u64,
        /// What they call themselves.
        peer_name: String,
        emoji: [&'static str; 8],
        hex: String,
        known: bool,
        mode: &'static str,
        entrenous_who: Who,
        /// Who is known by that key, or by that name with another key.
        #[serde(skip_serializing_if = "Option::is_none")]
        entrenous_name: Option<String>,
    },
    VersionWarning {
        /// Empty if there is no session for that reason.
        session_id: String,
        message: String,
    },
    /// By what a server is found that has just come to its relay.
    RelayToken {
        token: Text,
        ttl_ns: u64,
        session_ttl_ns: u64,
        expires_at: String,
    },
    RelayTokens {
        tokens: Vec<TokenInfo>,
    },
    P2pTokens {
        tokens: Vec<TokenInfo>,
    },
    HistoryLoaded {
        session_id: String,
    },
    HistoryUpdated {},
    LogEntry(LogEntry),
    Error(Fault),
    Response(Reply),
    /// Ours: the connection broke, and it is theirs to call again.
    SessionLost {
        session_id: String,
        reason: String,
    },
    /// Ours: something happened to a file.
    File(FileInfo),
    /// Ours: a `verify_peer` is no longer to be answered.
    VerifyOver {
        request_id: u64,
    },
    /// Ours: the recovery key of a profile that was made. A secret.
    RecoveryWords {
        words: Text,
    },
}

#[derive(Serialize)]
struct Envelope<'a> {
    data: &'a Event,
    #[serde(rename = "type")]
    kind: &'static str,
    evt: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
}

impl Event {
    /// As one line, with its end; with `id` for whoever asked. Characters that a terminal would obey are
    /// escaped.
    ///
    /// # Errors
    ///
    /// None that is known.
    pub(in crate::daemon) fn line(&self, id: Option<&str>) -> io::Result<Vec<u8>> {
        json::line(&Envelope {
            data: self,
            kind: "evt",
            evt: self.name(),
            id: id.filter(|id| !id.is_empty()),
        })
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Ready { .. } => "ready",
            Self::StatusChanged { .. } => "status_changed",
            Self::ServerRunning { .. } => "server_running",
            Self::ServerStarted { .. } => "server_started",
            Self::ServerStopped { .. } => "server_stopped",
            Self::ServerStartCancelled {} => "server_start_cancelled",
            Self::SessionStarted(_) => "session_started",
            Self::SessionClosed { .. } => "session_closed",
            Self::SessionUpdated { .. } => "session_updated",
            Self::SessionReconnecting { .. } => "session_reconnecting",
            Self::SessionReconnected { .. } => "session_reconnected",
            Self::MessageReceived { .. } => "message_received",
            Self::MessageSent { .. } => "message_sent",
            Self::FingerprintChanged(_) => "fingerprint_changed",
            Self::LocalNameChanged { .. } => "local_name_changed",
            Self::VerifyPeer { .. } => "verify_peer",
            Self::VersionWarning { .. } => "version_warning",
            Self::RelayToken { .. } => "relay_token",
            Self::RelayTokens { .. } => "relay_tokens",
            Self::P2pTokens { .. } => "p2p_tokens",
            Self::HistoryLoaded { .. } => "history_loaded",
            Self::HistoryUpdated {} => "history_updated",
            Self::LogEntry(_) => "log_entry",
            Self::Error(_) => "error",
            Self::Response(_) => "response",
            Self::SessionLost { .. } => "entrenous_session_lost",
            Self::File(_) => "entrenous_file",
            Self::VerifyOver { .. } => "entrenous_verify_over",
            Self::RecoveryWords { .. } => "entrenous_recovery_words",
        }
    }
}

impl From<Reply> for Event {
    fn from(reply: Reply) -> Self {
        Self::Response(reply)
    }
}

impl From<Fault> for Event {
    fn from(fault: Fault) -> Self {
        Self::Error(fault)
    }
}

#[cfg(test)]
mod tests {
    use kernel::Time;

    use super::super::moment;
    use super::*;

    fn line(event: impl Into<Event>, id: Option<&str>) -> String {
        String::from_utf8(event.into().line(id).unwrap()).unwrap()
    }

    #[test]
    fn events_read_as_in_kamune() {
        let ready = Event::Ready {
            version: "1.0.0",
            pid: "12345".into(),
            protocol_version: "1",
        };
        assert_eq!(
            line(ready, None),
            r#"{"data":{"version":"1.0.0","pid":"12345","protocol_version":"1"},"type":"evt","evt":"ready"}"#
                .to_owned()
                + "\n"
        );
        let message = Event::MessageReceived {
            session_id: "abc123...".into(),
            data_base64: "SGVsbG8sIFdvcmxkIQ==".into(),
            timestamp: moment(Time::from_ms(1_782_037_800_123)),
        };
        assert_eq!(
            line(message, None),
            r#"{"data":{"session_id":"abc123...","data_base64":"SGVsbG8sIFdvcmxkIQ==","timestamp":"2026-06-21T10:30:00.123Z"},"type":"evt","evt":"message_received"}"#
                .to_owned()
                + "\n"
        );
        let fault = Fault::new(
            "storage_not_opened",
            "storage not opened: open_storage comes first",
        );
        assert_eq!(
            line(fault, Some("1")),
            r#"{"data":{"error":"storage not opened: open_storage comes first","code":"storage_not_opened"},"type":"evt","evt":"error","id":"1"}"#
                .to_owned()
                + "\n"
        );
        let stopped = Reply::Done { status: "stopped" };
        assert_eq!(
            line(stopped, Some("1")),
            r#"{"data":{"status":"stopped"},"type":"evt","evt":"response","id":"1"}"#.to_owned()
                + "\n"
        );
        let none = Reply::Tokens { tokens: Vec::new() };
        assert_eq!(
            line(none, Some("")),
            r#"{"data":{"tokens":[]},"type":"evt","evt":"response"}"#.to_owned() + "\n"
        );
    }

    #[test]
    fn what_a_peer_chose_cannot_act_on_a_terminal_or_end_the_line() {
        let event = Event::LocalNameChanged {
            name: "a\n\u{1b}[2J\u{202e}".into(),
        };
        let line = line(event, None);
        assert_eq!(line.matches('\n').count(), 1);
        assert!(
            !line.contains('\u{1b}') && !line.contains('\u{202e}'),
            "{line:?}"
        );
    }
}
