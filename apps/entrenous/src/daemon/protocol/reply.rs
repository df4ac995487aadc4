use serde::Serialize;

use super::params::Text;
use super::parts::{
    FingerprintInfo, HistoryInfo, LogEntry, MessageInfo, PeerInfo, RelayInfo, SessionInfo, Status,
    TokenInfo,
};

/// What a command that was done is answered, where no event of its own says it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(in crate::daemon) enum Reply {
    /// It is done.
    Done { status: &'static str },
    /// `open_storage`.
    Opened {
        status: &'static str,
        storage_path: String,
    },
    /// `add_peer`, `rename_peer`.
    Called { status: &'static str, name: String },
    /// `get_server_status`.
    Server {
        running: bool,
        transport: &'static str,
        addr: String,
        relay_addr: String,
        name: String,
        /// Empty if it does not run.
        started_at: String,
    },
    /// `get_status`.
    Status { status: Status, message: String },
    /// `list_sessions`.
    Sessions { sessions: Vec<SessionInfo> },
    /// `get_session_info`.
    Live {
        #[serde(rename = "type")]
        kind: &'static str,
        session_id: String,
        peer_name: String,
        is_server: bool,
        msg_count: u64,
        last_activity: String,
        transport_type: &'static str,
        /// Empty if it is not known.
        remote_version: String,
        cause: &'static str,
        session_ttl_ns: u64,
        started_at: String,
        remote_addr: String,
    },
    /// `close_session`.
    Closed {
        status: &'static str,
        session_id: String,
    },
    /// `set_verification_mode`.
    ModeSet { status: &'static str, mode: String },
    /// `get_verification_mode`.
    Mode { mode: String },
    /// `list_peers`.
    Peers { peers: Vec<PeerInfo> },
    /// `get_peer`.
    Peer(PeerInfo),
    /// `get_fingerprint`.
    Fingerprint(FingerprintInfo),
    /// `get_my_name`.
    Name { name: String },
    /// `get_version`, `get_library_version`.
    Version { version: String },
    /// `get_incognito`, `set_incognito`.
    Enabled { enabled: bool },
    /// `get_logs`.
    Logs { entries: Vec<LogEntry> },
    /// `get_log_level`.
    Level { level: &'static str },
    /// `set_log_level`.
    LevelSet {
        status: &'static str,
        level: &'static str,
    },
    /// `export_logs`.
    Exported {
        status: &'static str,
        file_path: String,
    },
    /// `has_keychain_passphrase`.
    Keychain { has_passphrase: bool },
    /// `get_fingerprint_format`.
    Format { format: String },
    /// `set_fingerprint_format`.
    FormatSet {
        status: &'static str,
        format: String,
    },
    /// `list_relay_tokens`, `list_p2p_tokens`.
    Tokens { tokens: Vec<TokenInfo> },
    /// `generate_relay_token`.
    RelayToken {
        token: Text,
        ttl_ns: u64,
        session_ttl_ns: u64,
        expires_at: String,
    },
    /// `generate_p2p_token`.
    P2pToken {
        token: Text,
        broker_addr: String,
        peer_pub_b64: String,
    },
    /// `get_history_sessions`.
    Histories { sessions: Vec<HistoryInfo> },
    /// `get_session_info` of one that is over.
    Past {
        #[serde(rename = "type")]
        kind: &'static str,
        session_id: String,
        name: String,
        msg_count: u64,
        first_message: String,
        last_message: String,
        loaded: bool,
    },
    /// `get_history_messages`.
    Messages {
        messages: Vec<MessageInfo>,
        /// Whether there are older ones, which `entrenous_before` leads to.
        entrenous_more: bool,
    },
    /// `entrenous_send_file`.
    File { file_id: String },
    /// `get_share_info`.
    Share {
        url: String,
        transport: &'static str,
        address: String,
        port: String,
        fingerprint_emoji: String,
        fingerprint_hex: String,
        /// Null if it is at no relay.
        relay_info: Option<RelayInfo>,
        /// The address with the fingerprint: whoever calls it reaches this profile or nobody.
        entrenous_link: String,
    },
}
