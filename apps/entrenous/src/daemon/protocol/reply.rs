use serde::Serialize;

use super::event::{FingerprintInfo, LogEntry, SessionInfo, Status};

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
        relay_addr: &'static str,
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
        /// Not known to us.
        remote_version: &'static str,
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
    /// `list_relay_tokens`, `list_p2p_tokens`: there are none.
    Tokens { tokens: [(); 0] },
    /// `get_share_info`.
    Share {
        url: String,
        transport: &'static str,
        address: String,
        port: String,
        fingerprint_emoji: String,
        fingerprint_hex: String,
        /// Always null: there are no relays.
        relay_info: Option<()>,
        /// The address with the fingerprint: whoever calls it reaches this profile or nobody.
        entrenous_link: String,
    },
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
