//! An example of everything that a daemon tells.

use identity::Fingerprint;
use kernel::Time;

use crate::daemon::protocol::*;

fn session() -> SessionInfo {
    SessionInfo {
        session_id: "a".into(),
        peer_name: "b".into(),
        is_server: true,
        msg_count: 1,
        last_activity: moment(Time::from_ms(0)),
        transport_type: "tcp",
        remote_version: "0.7.0".into(),
        cause: "incoming",
        session_ttl_ns: 0,
        session_started_at: moment(Time::from_ms(0)),
        remote_addr: String::new(),
        entrenous_verified: false,
    }
}

fn entry() -> LogEntry {
    LogEntry {
        timestamp: moment(Time::from_ms(0)),
        level: "INFO",
        message: "a".into(),
    }
}

fn token() -> TokenInfo {
    TokenInfo {
        token: Text::default(),
        consumed: false,
        ttl_ns: 0,
        session_ttl_ns: Some(0),
        expires_at: never(),
        mode: "static",
        peer_pub_b64: "a".into(),
    }
}

/// One of each.
pub(super) fn events(fingerprint: &Fingerprint) -> Vec<Event> {
    let (emoji, session_id) = (fingerprint.emoji(), "a".to_owned());
    vec![
        Event::Ready {
            version: "1.0.0",
            pid: "1".into(),
            protocol_version: VERSION,
        },
        Event::StatusChanged {
            status: Status::Verifying,
            message: String::new(),
        },
        Event::ServerRunning {
            running: true,
            transport: "tcp",
        },
        Event::ServerStarted {
            addr: "127.0.0.1:1".into(),
            transport: "tcp",
            name: "a".into(),
            public_key: fingerprint.to_base64(),
            emoji,
            fingerprint_hex: fingerprint.to_hex(),
            fingerprint_sum: fingerprint.to_sum(),
        },
        Event::ServerStopped { running: false },
        Event::ServerStartCancelled {},
        Event::SessionStarted(session()),
        Event::SessionClosed {
            info: session(),
            entrenous_reason: "left",
            entrenous_waiting: 0,
        },
        Event::SessionUpdated {
            session_id: session_id.clone(),
        },
        Event::SessionReconnecting {
            session_id: session_id.clone(),
            attempt: 1,
            max_attempts: 10,
        },
        Event::SessionReconnected {
            session_id: session_id.clone(),
            entrenous_resumed: true,
        },
        Event::MessageReceived {
            session_id: session_id.clone(),
            data_base64: "AA==".into(),
            timestamp: moment(Time::from_ms(0)),
        },
        Event::MessageSent {
            session_id: session_id.clone(),
            timestamp: moment(Time::from_ms(0)),
        },
        Event::FingerprintChanged(fingerprint.into()),
        Event::LocalNameChanged { name: "a".into() },
        Event::VerifyPeer {
            request_id: 1,
            peer_name: "a".into(),
            emoji,
            hex: fingerprint.to_hex(),
            known: false,
            mode: "quick",
            entrenous_who: Who::KeyChanged,
            entrenous_name: Some("a".into()),
        },
        Event::VersionWarning {
            session_id: session_id.clone(),
            message: "a".into(),
        },
        Event::RelayToken {
            token: Text::default(),
            ttl_ns: 0,
            session_ttl_ns: 0,
            expires_at: never(),
        },
        Event::RelayTokens {
            tokens: vec![token()],
        },
        Event::P2pTokens {
            tokens: vec![TokenInfo {
                session_ttl_ns: None,
                mode: "random",
                peer_pub_b64: String::new(),
                ..token()
            }],
        },
        Event::HistoryLoaded {
            session_id: session_id.clone(),
        },
        Event::HistoryUpdated {},
        Event::LogEntry(entry()),
        Fault::new("not_supported", "a").into(),
        Reply::Done { status: "ok" }.into(),
        Event::File(FileInfo {
            session_id: session_id.clone(),
            file_id: "a".into(),
            way: "in",
            standing: "offered",
            name: Some("a".into()),
            size: Some(1),
            done: Some(1),
            path: Some("a".into()),
            text: Some("a".into()),
        }),
        Event::File(FileInfo {
            way: "out",
            standing: "declined",
            ..FileInfo::default()
        }),
        Event::SessionLost {
            session_id,
            reason: "a".into(),
        },
        Event::VerifyOver { request_id: 1 },
        Event::RecoveryWords {
            words: Text::default(),
        },
    ]
}

/// One of each kind of answer.
pub(super) fn replies(fingerprint: &Fingerprint) -> Vec<Reply> {
    let text = || "a".to_owned();
    let peer = || PeerInfo {
        name: text(),
        app_version: "",
        first_seen: moment(Time::from_ms(0)),
        last_seen: moment(Time::from_ms(0)),
        public_key: fingerprint.to_base64(),
        entrenous_contact: true,
        entrenous_verified: true,
    };
    let (status, message, path) = (Status::Error, text(), text());
    vec![
        Reply::Opened {
            status: "opened",
            storage_path: path.clone(),
        },
        Reply::Called {
            status: "added",
            name: text(),
        },
        Reply::Server {
            running: false,
            transport: "",
            addr: text(),
            relay_addr: text(),
            name: text(),
            started_at: text(),
        },
        Reply::Status { status, message },
        Reply::Sessions {
            sessions: vec![session()],
        },
        Reply::Live {
            kind: "live",
            session_id: text(),
            peer_name: text(),
            is_server: false,
            msg_count: 0,
            last_activity: text(),
            transport_type: "tcp",
            remote_version: text(),
            cause: "dial",
            session_ttl_ns: 0,
            started_at: text(),
            remote_addr: text(),
        },
        Reply::Closed {
            status: "closed",
            session_id: text(),
        },
        Reply::ModeSet {
            status: "ok",
            mode: text(),
        },
        Reply::Mode { mode: text() },
        Reply::Peers {
            peers: vec![peer()],
        },
        Reply::Peer(peer()),
        Reply::Fingerprint(fingerprint.into()),
        Reply::Name { name: text() },
        Reply::Version { version: text() },
        Reply::Enabled { enabled: true },
        Reply::Logs {
            entries: vec![entry()],
        },
        Reply::Level { level: "INFO" },
        Reply::LevelSet {
            status: "set",
            level: "INFO",
        },
        Reply::Exported {
            status: "exported",
            file_path: path,
        },
        Reply::Keychain {
            has_passphrase: false,
        },
        Reply::Format { format: text() },
        Reply::FormatSet {
            status: "set",
            format: text(),
        },
        Reply::Tokens {
            tokens: vec![token()],
        },
        Reply::RelayToken {
            token: Text::default(),
            ttl_ns: 0,
            session_ttl_ns: 0,
            expires_at: never(),
        },
        Reply::P2pToken {
            token: Text::default(),
            broker_addr: text(),
            peer_pub_b64: text(),
        },
        Reply::Histories {
            sessions: vec![HistoryInfo {
                id: text(),
                name: text(),
                message_count: 1,
                first_message: never(),
                last_message: never(),
                loaded: true,
            }],
        },
        Reply::Past {
            kind: "history",
            session_id: text(),
            name: text(),
            msg_count: 1,
            first_message: never(),
            last_message: never(),
            loaded: false,
        },
        Reply::Messages {
            messages: vec![MessageInfo {
                text: text(),
                timestamp: never(),
                is_local: true,
                entrenous_line: 1,
                entrenous_standing: "sent",
            }],
            entrenous_more: false,
        },
        Reply::File { file_id: text() },
        share(Some(RelayInfo {
            address: text(),
            scheme: "wss",
            token: Text::default(),
            password: true,
        })),
        share(None),
    ]
}

fn share(relay_info: Option<RelayInfo>) -> Reply {
    let text = || "a".to_owned();
    Reply::Share {
        url: text(),
        transport: "tcp",
        address: text(),
        port: text(),
        fingerprint_emoji: text(),
        fingerprint_hex: text(),
        relay_info,
        entrenous_link: text(),
    }
}
