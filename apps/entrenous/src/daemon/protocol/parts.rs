//! What events and answers are made of.

use std::time::{Duration, UNIX_EPOCH};

use identity::Fingerprint;
use kernel::Time;
use serde::Serialize;

use super::params::Text;

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
    /// Of their program, if it is known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(in crate::daemon) remote_version: String,
    pub(in crate::daemon) cause: &'static str,
    pub(in crate::daemon) session_ttl_ns: u64,
    pub(in crate::daemon) session_started_at: String,
    pub(in crate::daemon) remote_addr: String,
    /// Whether fingerprints were compared.
    pub(in crate::daemon) entrenous_verified: bool,
}

/// By what others find us at a relay or a broker.
#[derive(Clone, Debug, Serialize)]
pub(in crate::daemon) struct TokenInfo {
    pub(in crate::daemon) token: Text,
    /// Never: it leads here again and again.
    pub(in crate::daemon) consumed: bool,
    /// 0: without an end.
    pub(in crate::daemon) ttl_ns: u64,
    /// The same; at relays only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::daemon) session_ttl_ns: Option<u64>,
    pub(in crate::daemon) expires_at: String,
    /// `random`, or `static`: of two keys.
    pub(in crate::daemon) mode: &'static str,
    /// Whose key the other is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(in crate::daemon) peer_pub_b64: String,
}

/// How a file stands. As `file` in `docs/json.md`.
#[derive(Clone, Debug, Default, Serialize)]
pub(in crate::daemon) struct FileInfo {
    pub(in crate::daemon) session_id: String,
    pub(in crate::daemon) file_id: String,
    pub(in crate::daemon) way: &'static str,
    pub(in crate::daemon) standing: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::daemon) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::daemon) size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::daemon) done: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::daemon) path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::daemon) text: Option<String>,
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

/// Somebody whose key is known.
#[derive(Debug, Serialize)]
pub(in crate::daemon) struct PeerInfo {
    pub(in crate::daemon) name: String,
    /// Not known to us.
    pub(in crate::daemon) app_version: &'static str,
    pub(in crate::daemon) first_seen: String,
    pub(in crate::daemon) last_seen: String,
    pub(in crate::daemon) public_key: String,
    /// Whether their card is held.
    pub(in crate::daemon) entrenous_contact: bool,
    /// Whether fingerprints were compared.
    pub(in crate::daemon) entrenous_verified: bool,
}

/// Where a server waits at a relay.
#[derive(Debug, Serialize)]
pub(in crate::daemon) struct RelayInfo {
    pub(in crate::daemon) address: String,
    pub(in crate::daemon) scheme: &'static str,
    pub(in crate::daemon) token: Text,
    /// Whether one is needed.
    pub(in crate::daemon) password: bool,
}

/// What was said with somebody.
#[derive(Debug, Serialize)]
pub(in crate::daemon) struct HistoryInfo {
    pub(in crate::daemon) id: String,
    pub(in crate::daemon) name: String,
    pub(in crate::daemon) message_count: u64,
    pub(in crate::daemon) first_message: String,
    pub(in crate::daemon) last_message: String,
    pub(in crate::daemon) loaded: bool,
}

/// A line of it.
#[derive(Debug, Serialize)]
pub(in crate::daemon) struct MessageInfo {
    pub(in crate::daemon) text: String,
    pub(in crate::daemon) timestamp: String,
    pub(in crate::daemon) is_local: bool,
    /// Its number.
    pub(in crate::daemon) entrenous_line: u64,
    /// As in `docs/json.md`.
    pub(in crate::daemon) entrenous_standing: &'static str,
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

/// A moment as this protocol writes it, to the millisecond.
pub(in crate::daemon) fn moment(time: Time) -> String {
    // Of a moment after the year 9999, which a peer may name, there is no such text.
    let since = Duration::from_millis(time.as_ms()).min(LAST);
    let moment = UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH);
    humantime::format_rfc3339_millis(moment).to_string()
}

/// The last moment that has a text: when what has no end ends.
pub(in crate::daemon) fn never() -> String {
    moment(Time::from_ms(u64::MAX))
}

/// The last second of the year 9999.
const LAST: Duration = Duration::from_secs(253_402_300_799);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_moment_has_a_text() {
        assert_eq!(moment(Time::from_ms(1)), "1970-01-01T00:00:00.001Z");
        assert_eq!(moment(Time::from_ms(u64::MAX)), "9999-12-31T23:59:59.000Z");
    }
}
