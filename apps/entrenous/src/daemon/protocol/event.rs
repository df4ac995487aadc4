use std::io;
use std::time::{Duration, UNIX_EPOCH};

use identity::Fingerprint;
use kernel::Time;
use serde::Serialize;

use super::params::Text;
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
    LogEntry(LogEntry),
    Error(Fault),
    Response(Reply),
    /// Ours: the connection broke, and it is theirs to call again.
    SessionLost {
        session_id: String,
        reason: String,
    },
    /// Ours: a `verify_peer` is no longer to be answered.
    VerifyOver {
        request_id: u64,
    },
    /// Ours: the recovery key of a profile that was made. A secret.
    RecoveryWords {
        words: Text,
    },
}

/// How it stands with the network.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::daemon) enum Status {
    Disconnected,
    Connecting,
    Connected,
    Verifying,
    Error,
}

/// Whether somebody is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::daemon) enum Who {
    Known,
    Unknown,
    /// Somebody of this name is, with another key.
    KeyChanged,
}

/// A session.
#[derive(Clone, Debug, Serialize)]
pub(in crate::daemon) struct SessionInfo {
    pub(in crate::daemon) session_id: String,
    pub(in crate::daemon) peer_name: String,
    pub(in crate::daemon) is_server: bool,
    pub(in crate::daemon) msg_count: u64,
    pub(in crate::daemon) last_activity: String,
    pub(in crate::daemon) transport_type: &'static str,
    pub(in crate::daemon) cause: &'static str,
    pub(in crate::daemon) session_ttl_ns: u64,
    pub(in crate::daemon) session_started_at: String,
    pub(in crate::daemon) remote_addr: String,
    /// Whether fingerprints were compared.
    pub(in crate::daemon) entrenous_verified: bool,
}

/// A fingerprint in all forms.
#[derive(Clone, Debug, Serialize)]
pub(in crate::daemon) struct FingerprintInfo {
    pub(in crate::daemon) emoji: String,
    pub(in crate::daemon) b64: String,
    pub(in crate::daemon) hex: String,
    pub(in crate::daemon) sum: String,
}

/// Something that was done, without names, addresses or messages.
#[derive(Clone, Debug, Serialize)]
pub(in crate::daemon) struct LogEntry {
    pub(in crate::daemon) timestamp: String,
    pub(in crate::daemon) level: &'static str,
    pub(in crate::daemon) message: String,
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
            Self::LogEntry(_) => "log_entry",
            Self::Error(_) => "error",
            Self::Response(_) => "response",
            Self::SessionLost { .. } => "entrenous_session_lost",
            Self::VerifyOver { .. } => "entrenous_verify_over",
            Self::RecoveryWords { .. } => "entrenous_recovery_words",
        }
    }
}

impl From<&Fingerprint> for FingerprintInfo {
    fn from(fingerprint: &Fingerprint) -> Self {
        Self {
            emoji: fingerprint.to_emoji(),
            b64: fingerprint.to_base64(),
            hex: fingerprint.to_hex(),
            sum: fingerprint.to_sum(),
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

/// A moment as this protocol writes it, to the millisecond.
pub(in crate::daemon) fn moment(time: Time) -> String {
    // Of a moment after the year 9999, which a peer may name, there is no such text.
    let since = Duration::from_millis(time.as_ms()).min(LAST);
    let moment = UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH);
    humantime::format_rfc3339_millis(moment).to_string()
}

/// The last second of the year 9999.
const LAST: Duration = Duration::from_secs(253_402_300_799);

#[cfg(test)]
mod tests {
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
        let none = Reply::Tokens { tokens: [] };
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

    #[test]
    fn every_moment_has_a_text() {
        assert_eq!(moment(Time::from_ms(1)), "1970-01-01T00:00:00.001Z");
        assert_eq!(moment(Time::from_ms(u64::MAX)), "9999-12-31T23:59:59.000Z");
    }
}
