use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Fault;
use super::params::{self, Object, lax};

/// What a client wants.
#[derive(Debug, Eq, PartialEq)]
pub(in crate::daemon) struct Request {
    /// What the client knows the answer by; may be empty.
    pub(in crate::daemon) id: String,
    pub(in crate::daemon) command: Command,
}

/// A line that is no command, and the id to say so with.
#[derive(Debug, Eq, PartialEq)]
pub(in crate::daemon) struct Refused {
    pub(in crate::daemon) id: String,
    pub(in crate::daemon) fault: Fault,
}

macro_rules! commands {
    (
        plain { $($plain:literal => $bare:ident,)+ }
        given { $($given:literal => $variant:ident($params:ident),)+ }
    ) => {
        /// All that can be asked for.
        #[derive(Debug, Eq, PartialEq)]
        pub(in crate::daemon) enum Command {
            $($bare,)+
            $($variant(params::$params),)+
        }

        impl Command {
            /// The names, as clients write them.
            #[cfg(test)]
            pub(super) const NAMES: &[&str] = &[$($plain,)+ $($given,)+];

            /// The params of a command.
            #[cfg(test)]
            pub(super) fn params(name: &str) -> Option<&'static str> {
                match name {
                    $($given => Some(stringify!($params)),)+
                    _ => None,
                }
            }

            /// The command of this name; `None` if there is none.
            fn read(name: &str, line: &str) -> Option<serde_json::Result<Self>> {
                Some(match name {
                    $($plain => Ok(Self::$bare),)+
                    $($given => given::<params::$params>(line).map(Self::$variant),)+
                    _ => return None,
                })
            }
        }
    };
}

commands! {
    plain {
        "stop_server" => StopServer,
        "restart_server" => RestartServer,
        "cancel_start_server" => CancelStartServer,
        "get_server_status" => GetServerStatus,
        "get_status" => GetStatus,
        "list_sessions" => ListSessions,
        "list_relay_tokens" => ListRelayTokens,
        "list_p2p_tokens" => ListP2pTokens,
        "get_share_info" => GetShareInfo,
        "get_verification_mode" => GetVerificationMode,
        "get_history_sessions" => GetHistorySessions,
        "refresh_history" => RefreshHistory,
        "list_peers" => ListPeers,
        "get_fingerprint" => GetFingerprint,
        "get_fingerprint_format" => GetFingerprintFormat,
        "get_my_name" => GetMyName,
        "get_incognito" => GetIncognito,
        "get_version" => GetVersion,
        "get_library_version" => GetLibraryVersion,
        "get_logs" => GetLogs,
        "clear_logs" => ClearLogs,
        "get_log_level" => GetLogLevel,
        "has_keychain_passphrase" => HasKeychainPassphrase,
        "clear_keychain_passphrase" => ClearKeychainPassphrase,
        "shutdown" => Shutdown,
    }
    given {
        "open_storage" => OpenStorage(OpenStorage),
        "submit_passphrase" => SubmitPassphrase(SubmitPassphrase),
        "start_server" => StartServer(StartServer),
        "dial" => Dial(Dial),
        "send_message" => SendMessage(Send),
        "get_session_info" => GetSessionInfo(Session),
        "close_session" => CloseSession(Session),
        "rename_session" => RenameSession(Rename),
        "generate_relay_token" => GenerateRelayToken(RelayToken),
        "remove_relay_token" => RemoveRelayToken(Token),
        "generate_p2p_token" => GenerateP2pToken(P2pToken),
        "remove_p2p_token" => RemoveP2pToken(Token),
        "load_history" => LoadHistory(Session),
        "get_history_messages" => GetHistoryMessages(Messages),
        "rename_history_session" => RenameHistorySession(Rename),
        "delete_history_session" => DeleteHistorySession(Session),
        "verify_response" => VerifyResponse(Verdict),
        "set_verification_mode" => SetVerificationMode(SetMode),
        "add_peer" => AddPeer(AddPeer),
        "rename_peer" => RenamePeer(RenamePeer),
        "get_peer" => GetPeer(Peer),
        "delete_peer" => DeletePeer(Peer),
        "set_fingerprint_format" => SetFingerprintFormat(SetFormat),
        "set_my_name" => SetMyName(SetName),
        "set_incognito" => SetIncognito(SetEnabled),
        "export_logs" => ExportLogs(ExportLogs),
        "set_log_level" => SetLogLevel(SetLevel),
        "entrenous_send_file" => SendFile(SendFile),
        "entrenous_accept_file" => AcceptFile(AcceptFile),
        "entrenous_cancel_file" => CancelFile(File),
    }
}

#[derive(Default, Deserialize)]
struct Head {
    #[serde(default, rename = "type", deserialize_with = "lax")]
    kind: String,
    #[serde(default, deserialize_with = "lax")]
    cmd: String,
    #[serde(default, deserialize_with = "lax")]
    id: String,
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned + Default")]
struct Body<T> {
    #[serde(default)]
    params: Object<T>,
}

/// What a line of a client says; `None` if it says nothing.
///
/// # Errors
///
/// It is no command. Nothing of a line that is not understood is kept.
pub(in crate::daemon) fn parse(line: &[u8]) -> Result<Option<Request>, Refused> {
    if line.is_empty() {
        return Ok(None);
    }
    let unheard = |fault| Refused {
        id: String::new(),
        fault,
    };
    let invalid = |why: &dyn std::fmt::Display| {
        unheard(Fault::new(
            "invalid_json",
            format_args!("invalid JSON: {why}"),
        ))
    };
    let line = std::str::from_utf8(line).map_err(|error| invalid(&error))?;
    let head: Object<Head> = serde_json::from_str(line).map_err(|error| invalid(&error))?;
    let Object(head) = head;
    let Head { kind, cmd, id } = head;
    if id.len() > LONGEST_ID {
        let fault = Fault::new(
            "invalid_id",
            format_args!("an id has at most {LONGEST_ID} bytes"),
        );
        return Err(unheard(fault));
    }
    if kind != "cmd" {
        let text = format_args!("unknown message type: {kind}");
        let fault = Fault::new("unknown_message_type", text);
        return Err(Refused { id, fault });
    }
    match Command::read(&cmd, line) {
        Some(Ok(command)) => Ok(Some(Request { id, command })),
        Some(Err(error)) => {
            let fault = Fault::new("invalid_params", format_args!("invalid params: {error}"));
            Err(Refused { id, fault })
        }
        None => {
            let fault = Fault::new("unknown_command", format_args!("unknown command: {cmd}"));
            Err(Refused { id, fault })
        }
    }
}

/// The params of a command, of which the rest of the line is known to be sound.
fn given<T: DeserializeOwned + Default>(line: &str) -> serde_json::Result<T> {
    let body: Body<T> = serde_json::from_str(line)?;
    Ok(body.params.0)
}

/// Bytes of an id: it is kept until the command is done.
const LONGEST_ID: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str) -> Command {
        parse(line.as_bytes()).unwrap().unwrap().command
    }

    fn code(line: impl AsRef<[u8]>) -> (String, &'static str) {
        let refused = parse(line.as_ref()).unwrap_err();
        (refused.id, refused.fault.code())
    }

    #[test]
    fn the_lines_of_a_client_of_kamune_are_understood() {
        let line = r#"{ "type": "cmd", "cmd": "stop_server", "id": "1", "params": {} }"#;
        let request = parse(line.as_bytes()).unwrap().unwrap();
        assert_eq!(
            (request.id.as_str(), request.command),
            ("1", Command::StopServer)
        );
        let line = r#"{"type":"cmd","cmd":"start_server","id":"1","params":{"addr":"127.0.0.1:9000","transport":"tcp","name":"MyServer"}}"#;
        let Command::StartServer(given) = command(line) else {
            panic!("{line}");
        };
        assert_eq!(
            (&*given.addr, &*given.transport, &*given.name),
            ("127.0.0.1:9000", "tcp", "MyServer")
        );
        let line = r#"{"type":"cmd","cmd":"send_message","id":"1","params":{"session_id":"xyz789...","data_base64":"SGVsbG8sIFdvcmxkIQ=="}}"#;
        let Command::SendMessage(given) = command(line) else {
            panic!("{line}");
        };
        assert_eq!(
            (&*given.session_id, &*given.data_base64),
            ("xyz789...", "SGVsbG8sIFdvcmxkIQ==")
        );
        let line = r#"{"type":"cmd","cmd":"verify_response","id":"1","params":{"request_id":42,"accepted":true}}"#;
        let Command::VerifyResponse(given) = command(line) else {
            panic!("{line}");
        };
        assert_eq!((given.request_id, given.accepted), (42, true));
        assert!(!given.entrenous_compared);
    }

    #[test]
    fn every_name_is_a_command_and_all_52_of_kamune_are_there() {
        let names = Command::NAMES.iter();
        let theirs = names.filter(|name| !name.starts_with("entrenous_"));
        assert_eq!(theirs.count(), 52);
        for name in Command::NAMES {
            for params in ["", r#","params":{}"#, r#","params":null"#] {
                command(&format!(
                    r#"{{"type":"cmd","id":"1","cmd":"{name}"{params}}}"#
                ));
            }
        }
    }

    #[test]
    fn what_is_missing_or_null_is_empty_and_what_is_new_is_ignored() {
        let line = r#"{"later":[1],"type":"cmd","cmd":"dial","params":{"addr":null,"token":null,"new":{}}}"#;
        assert_eq!(command(line), Command::Dial(params::Dial::default()));
        assert_eq!(parse(b""), Ok(None));
    }

    #[test]
    fn whatever_is_no_command_says_why_and_for_which_id() {
        let none = |code| (String::new(), code);
        let one = |code| ("1".to_owned(), code);
        assert_eq!(code("no json"), none("invalid_json"));
        assert_eq!(code("[1]"), none("invalid_json"));
        assert_eq!(code("5"), none("invalid_json"));
        assert_eq!(
            code(r#"{"type":"cmd","cmd":"shutdown","id":7}"#),
            none("invalid_json")
        );
        assert_eq!(
            code(b"{\"type\":\"cmd\",\"cmd\":\"shutdown\",\"x\":\"\xff\"}"),
            none("invalid_json")
        );
        let deep = format!(r#"{{"type":{}"#, "[".repeat(100_000));
        assert_eq!(code(deep), none("invalid_json"));
        assert_eq!(code(r#"{"id":"1"}"#), one("unknown_message_type"));
        assert_eq!(
            code(r#"{"id":"1","type":"evt"}"#),
            one("unknown_message_type")
        );
        assert_eq!(
            code(r#"{"id":"1","type":"cmd","cmd":"fly"}"#),
            one("unknown_command")
        );
        assert_eq!(code(r#"["cmd","shutdown","1"]"#), none("invalid_json"));
        for params in [
            r#"{"request_id":"1"}"#,
            r#"{"request_id":-1}"#,
            r#"{"accepted":1}"#,
            "[]",
            "7",
            r#""x""#,
        ] {
            let line =
                format!(r#"{{"id":"1","type":"cmd","cmd":"verify_response","params":{params}}}"#);
            assert_eq!(code(&line), one("invalid_params"), "{params}");
        }
        let id = "x".repeat(LONGEST_ID + 1);
        assert_eq!(
            code(format!(r#"{{"id":"{id}","type":"cmd","cmd":"shutdown"}}"#)),
            none("invalid_id")
        );
    }

    #[test]
    fn a_fault_repeats_no_more_than_a_little_of_what_was_said() {
        let name = "x".repeat(500_000);
        let line = format!(r#"{{"id":"1","type":"cmd","cmd":"{name}"}}"#);
        let refused = parse(line.as_bytes()).unwrap_err();
        let text = serde_json::to_string(&refused.fault).unwrap();
        assert!(text.len() < 1000, "{}", text.len());
    }

    #[test]
    fn a_passphrase_shows_nowhere() {
        let line = r#"{"type":"cmd","cmd":"submit_passphrase","params":{"passphrase":"hunter2"}}"#;
        let shown = format!("{:?}", command(line));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
