use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use node::{Network, Node};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::call::{Call, CallId, Happened};
use super::hub::{Asker, ClientId, Hub, Outlet};
use super::log::Log;
use super::protocol::{
    Command, Event, Fault, FingerprintInfo, Line, Lines, Reply, Request, Status, VERSION, parse,
};
use super::server::Server;
use super::server::plan::Transport;
use super::verify::Mode;
use crate::failure::{Failure, failed};
use crate::ui::Ui;

/// All that a daemon knows, and does what clients want with it.
#[derive(Debug)]
pub(super) struct Daemon<'a> {
    pub(super) ui: &'a mut Ui,
    pub(super) hub: Hub,
    pub(super) network: Network,
    pub(super) open: Option<Open>,
    /// Where a profile is that waits for its passphrase.
    pub(super) waiting: Option<PathBuf>,
    pub(super) status: (Status, String),
    pub(super) mode: Mode,
    pub(super) fingerprint_format: String,
    pub(super) log: Log,
    pub(super) server: Server,
    /// Of whom clients have asked what was said.
    pub(super) loaded: BTreeSet<[u8; 32]>,
    pub(super) calls: BTreeMap<CallId, Call>,
    pub(super) next_call: u64,
    pub(super) next_request: u64,
    /// What calls tell.
    pub(super) happens: mpsc::Sender<Happened>,
    /// What runs beside this: diallings, and calls that go on.
    pub(super) tasks: JoinSet<()>,
    /// Who has said `shutdown`.
    over: Option<Asker>,
}

/// An open profile.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) node: Arc<Node>,
    pub(super) path: PathBuf,
}

impl<'a> Daemon<'a> {
    /// One that knows nothing yet, and what is to be given to [`happened`](Self::happened).
    pub(super) fn new(
        network: Network,
        mode: Mode,
        ui: &'a mut Ui,
    ) -> (Self, mpsc::Receiver<Happened>) {
        let (happens, happened) = mpsc::channel(HAPPENED);
        let daemon = Self {
            ui,
            hub: Hub::default(),
            network,
            open: None,
            waiting: None,
            status: (Status::Disconnected, NOT_CONNECTED.to_owned()),
            mode,
            fingerprint_format: "hex".to_owned(),
            log: Log::default(),
            server: Server::default(),
            loaded: BTreeSet::new(),
            calls: BTreeMap::new(),
            next_call: 0,
            next_request: 0,
            happens,
            tasks: JoinSet::new(),
            over: None,
        };
        (daemon, happened)
    }

    /// A client is here: says how things stand.
    pub(super) async fn joined(&mut self, client: ClientId, outlet: Outlet) {
        self.hub.join(client, outlet);
        let ready = Event::Ready {
            version: env!("CARGO_PKG_VERSION"),
            pid: std::process::id().to_string(),
            protocol_version: VERSION,
        };
        self.hub.whisper(client, &ready);
        if let Some((fingerprint, name)) = self.who().await {
            let changed = Event::FingerprintChanged(FingerprintInfo::from(&fingerprint));
            self.hub.whisper(client, &changed);
            self.hub.whisper(client, &Event::LocalNameChanged { name });
        }
    }

    pub(super) fn left(&mut self, client: ClientId) {
        self.hub.leave(client);
    }

    /// Whether clients read too little for anything more to happen; see [`Hub::is_behind`].
    pub(super) fn is_behind(&mut self) -> bool {
        self.hub.is_behind()
    }

    /// Whether somebody has said `shutdown`.
    pub(super) const fn is_over(&self) -> bool {
        self.over.is_some()
    }

    /// Does what a line says.
    pub(super) async fn line(&mut self, client: ClientId, line: Line) {
        let Line::Whole(line) = line else {
            let text = format!("a line has at most {} bytes", Lines::MOST);
            let fault = Fault::new("line_too_long", text);
            return self.hub.whisper(client, &fault.into());
        };
        match parse(&line) {
            Ok(None) => {}
            Ok(Some(Request { id, command })) => {
                let asker = Asker { client, id };
                if let Err(fault) = self.command(command, &asker).await {
                    self.hub.fault(&asker, fault);
                }
            }
            Err(refused) => {
                let id = refused.id;
                self.hub.fault(&Asker { client, id }, refused.fault);
            }
        }
    }

    /// # Errors
    ///
    /// What is to be answered instead.
    async fn command(&mut self, command: Command, asker: &Asker) -> Result<(), Fault> {
        match command {
            Command::OpenStorage(given) => self.open_storage(given, asker).await,
            Command::SubmitPassphrase(given) => self.submit_passphrase(&given, asker).await,
            Command::StartServer(given) => self.start_server(given, asker).await,
            Command::StopServer => self.stop_server(asker),
            Command::RestartServer => self.restart_server(asker).await,
            Command::CancelStartServer => self.cancel_start(asker),
            Command::GetServerStatus => self.server_status(asker).await,
            Command::GetStatus => {
                let (status, message) = self.shown_status();
                self.reply(asker, Reply::Status { status, message })
            }
            Command::GetShareInfo => self.share_info(asker).await,
            Command::Dial(given) => self.dial(given, asker).await,
            Command::SendMessage(given) => self.send_message(&given, asker),
            Command::ListSessions => self.list_sessions(asker),
            Command::GetSessionInfo(given) => self.session_info(&given.session_id, asker).await,
            Command::CloseSession(given) => self.close_session(&given.session_id, asker),
            Command::RenameSession(given) => self.rename_session(given, asker),
            Command::VerifyResponse(given) => self.verify_response(&given, asker),
            Command::SetVerificationMode(given) => self.set_mode(given.mode, asker).await,
            Command::GetVerificationMode => {
                let mode = self.mode.number().to_string();
                self.reply(asker, Reply::Mode { mode })
            }
            Command::ListPeers => self.list_peers(asker).await,
            Command::AddPeer(given) => self.add_peer(&given, asker).await,
            Command::RenamePeer(given) => self.rename_peer(&given, asker).await,
            Command::GetPeer(given) => self.get_peer(&given, asker).await,
            Command::DeletePeer(given) => self.delete_peer(&given, asker).await,
            other => self.little(other, asker).await,
        }
    }

    /// What needs little, and what this program cannot do.
    async fn little(&mut self, command: Command, asker: &Asker) -> Result<(), Fault> {
        match command {
            Command::GetFingerprint => self.fingerprint(asker).await,
            Command::GetFingerprintFormat => {
                let format = self.fingerprint_format.clone();
                self.reply(asker, Reply::Format { format })
            }
            Command::SetFingerprintFormat(given) => self.set_fingerprint_format(given, asker),
            Command::GetMyName => self.my_name(asker).await,
            Command::SetMyName(given) => self.set_my_name(&given.name, asker).await,
            Command::GetVersion => {
                let version = env!("CARGO_PKG_VERSION").to_owned();
                self.reply(asker, Reply::Version { version })
            }
            Command::GetLibraryVersion => {
                let version = channel::Version::OURS.to_string();
                self.reply(asker, Reply::Version { version })
            }
            Command::GetLogs
            | Command::ClearLogs
            | Command::ExportLogs(_)
            | Command::GetLogLevel
            | Command::SetLogLevel(_) => self.logs(command, asker),
            // The keyring has keys of profiles, never their passphrases.
            Command::HasKeychainPassphrase => {
                let has_passphrase = false;
                self.reply(asker, Reply::Keychain { has_passphrase })
            }
            Command::ClearKeychainPassphrase => Err(Fault::new(
                "keychain_clear_failed",
                "the keyring keeps no passphrase of this profile",
            )),
            // What is said is kept before it is acknowledged, and who was talked to is known by that.
            Command::SetIncognito(given) if given.enabled => {
                Err(Fault::not_supported("calls of which nothing is remembered"))
            }
            Command::GetIncognito | Command::SetIncognito(_) => {
                self.reply(asker, Reply::Enabled { enabled: false })
            }
            Command::Shutdown => {
                self.over = Some(asker.clone());
                Ok(())
            }
            other => self.rest(other, asker).await,
        }
    }

    /// Tokens, what was said, and files.
    async fn rest(&mut self, command: Command, asker: &Asker) -> Result<(), Fault> {
        match command {
            Command::GenerateRelayToken(given) => self.generate_relay_token(given, asker).await,
            Command::GenerateP2pToken(given) => self.generate_p2p_token(given, asker).await,
            Command::ListRelayTokens => self.list_tokens(Transport::Relay, asker),
            Command::ListP2pTokens => self.list_tokens(Transport::P2p, asker),
            Command::RemoveRelayToken(given) => self.remove_token(Transport::Relay, &given, asker),
            Command::RemoveP2pToken(given) => self.remove_token(Transport::P2p, &given, asker),
            Command::GetHistorySessions => self.list_histories(asker).await,
            Command::LoadHistory(given) => self.load_history(given.session_id, asker).await,
            Command::GetHistoryMessages(given) => self.history_messages(&given, asker).await,
            Command::RenameHistorySession(given) => self.rename_history(given, asker).await,
            Command::DeleteHistorySession(given) => {
                self.delete_history(&given.session_id, asker).await
            }
            Command::RefreshHistory => self.refresh_history(asker),
            Command::SendFile(given) => self.send_file(given, asker),
            Command::AcceptFile(given) => self.accept_file(given, asker),
            Command::CancelFile(given) => self.cancel_file(&given, asker),
            _ => Err(Fault::new("unknown_command", "unknown command")),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "so that each command ends alike")]
    pub(super) fn reply(&mut self, asker: &Asker, reply: Reply) -> Result<(), Fault> {
        self.hub.reply(asker, reply);
        Ok(())
    }

    /// The open profile.
    pub(super) fn node(&self) -> Result<Arc<Node>, Fault> {
        let open = self.open.as_ref().ok_or_else(|| {
            Fault::new(
                "storage_not_opened",
                "storage not opened: open_storage comes first",
            )
        })?;
        Ok(Arc::clone(&open.node))
    }

    /// Says how it stands with the network, unless it is said that somebody is being verified.
    pub(super) fn set_status(&mut self, status: Status, message: impl Into<String>) {
        self.status = (status, message.into());
        self.tell_status();
    }

    pub(super) fn tell_status(&mut self) {
        let (status, message) = self.shown_status();
        self.hub.tell(&Event::StatusChanged { status, message });
    }

    fn shown_status(&self) -> (Status, String) {
        match self.calls.values().any(Call::is_asked_about) {
            true => (Status::Verifying, "Verifying a fingerprint...".to_owned()),
            false => self.status.clone(),
        }
    }

    /// Ends all calls, closes the profile, and says so.
    pub(super) async fn end(
        mut self,
        mut happened: mpsc::Receiver<Happened>,
    ) -> Result<(), Failure> {
        self.server.close();
        self.close_all();
        let rest = async {
            while !self.calls.is_empty() {
                let Some(told) = happened.recv().await else {
                    return;
                };
                self.happened(told).await;
            }
        };
        // Those who do not hear a goodbye are left without.
        drop(timeout(GOODBYES, rest).await);
        self.calls.clear();
        self.tasks.shutdown().await;
        let closed = self.close_storage().await;
        let done = Reply::Done { status: "shutdown" };
        self.hub.tell_of(&done.into(), self.over.as_ref());
        self.hub.end();
        closed.map_err(|error| failed(&error, error.kind()))
    }
}

/// What is said when there is nobody to talk to.
pub(super) const NOT_CONNECTED: &str = "Not connected";
/// Events of calls that wait.
const HAPPENED: usize = 64;
/// How long goodbyes may take altogether: a little more than each.
const GOODBYES: Duration = Duration::from_secs(7);
