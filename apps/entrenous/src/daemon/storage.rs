//! Profiles that clients open, or make.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use node::{KeepError, Node, Setup, Unlock};
use strength::{Guessing, rate};
use vault::{KeyFile, Passphrase};
use zeroize::Zeroizing;

use super::desk::{Daemon, Open};
use super::hub::Asker;
use super::log::Level;
use super::protocol::{Event, Fault, FingerprintInfo, OpenStorage, Reply, SubmitPassphrase, Text};

impl Daemon<'_> {
    /// Opens the profile in a folder, which is made if nothing is there.
    pub(super) async fn open_storage(
        &mut self,
        given: OpenStorage,
        asker: &Asker,
    ) -> Result<(), Fault> {
        if given.storage_path.is_empty() {
            let text = "storage_path is required";
            return Err(Fault::new("storage_path_required", text));
        }
        self.must_be_idle()?;
        let path = PathBuf::from(&given.storage_path);
        let has_profile = has_profile(&path)?;
        let unlock = match (&*given.entrenous_key_file, given.db_no_passphrase) {
            ("", false) => {
                self.waiting = Some(path.clone());
                passphrase_of_environment(has_profile)?
            }
            ("", true) => Unlock::KeyFile(key_beside(&path, has_profile)?),
            (key, _) => Unlock::KeyFile(key_file(Path::new(key), has_profile)?),
        };
        self.take_profile(path, has_profile, unlock, asker).await?;
        let (status, storage_path) = ("opened", given.storage_path);
        self.reply(
            asker,
            Reply::Opened {
                status,
                storage_path,
            },
        )
    }

    /// Opens, with this passphrase, the profile that was to be opened last.
    pub(super) async fn submit_passphrase(
        &mut self,
        given: &SubmitPassphrase,
        asker: &Asker,
    ) -> Result<(), Fault> {
        let opened = self.open.as_ref().map(|open| open.path.clone());
        let path = self.waiting.clone().or(opened).ok_or_else(|| {
            Fault::new(
                "storage_not_opened",
                "storage not opened: open_storage comes first",
            )
        })?;
        self.must_be_idle()?;
        let has_profile = has_profile(&path)?;
        let unlock = passphrase(given.passphrase.as_str(), has_profile)?;
        self.take_profile(path, has_profile, unlock, asker).await?;
        self.reply(asker, Reply::Done { status: "opened" })
    }

    /// Opens or makes a profile in place of the one that is open, which stays if that fails, but for one in
    /// the same folder: nobody opens that twice.
    async fn take_profile(
        &mut self,
        path: PathBuf,
        has_profile: bool,
        unlock: Unlock,
        asker: &Asker,
    ) -> Result<(), Fault> {
        if self.open.as_ref().is_some_and(|open| open.path == path) {
            self.close_storage().await.map_err(not_opened)?;
            self.waiting = Some(path.clone());
        }
        let node = match has_profile {
            true => {
                let opened = Node::open(&path, unlock, self.network.clone()).await;
                opened.map_err(not_opened)?
            }
            false => self.make_profile(&path, unlock, asker).await?,
        };
        self.close_storage().await.map_err(not_opened)?;
        self.opened(node, path).await;
        Ok(())
    }

    /// Makes a profile; whoever asked for it hears its recovery words, and nobody else.
    async fn make_profile(
        &mut self,
        path: &Path,
        unlock: Unlock,
        asker: &Asker,
    ) -> Result<Node, Fault> {
        // Its name is known with its key.
        let name = "Somebody".parse().map_err(not_opened)?;
        let network = self.network.clone();
        let made = Node::create(path, vec![unlock], Setup::new(name), network).await;
        let (node, words) = made.map_err(not_opened)?;
        let words = Text::from(words);
        // The answer is another one: a client may take the first line with its id for it.
        let words = Event::RecoveryWords { words };
        self.hub.whisper(asker.client, &words);
        let pseudonym = node.fingerprint_in_calls().await.to_pseudonym();
        let pseudonym = pseudonym.parse().map_err(not_opened)?;
        node.call_me(pseudonym).await.map_err(not_opened)?;
        self.log(Level::Info, "a profile was made");
        Ok(node)
    }

    /// A profile is open: tells whose it is.
    pub(super) async fn opened(&mut self, node: Node, path: PathBuf) {
        let node = Arc::new(node);
        self.waiting = None;
        self.open = Some(Open { node, path });
        self.loaded.clear();
        if let Some((fingerprint, name)) = self.who().await {
            let changed = FingerprintInfo::from(&fingerprint);
            self.hub.tell(&Event::FingerprintChanged(changed));
            self.hub.tell(&Event::LocalNameChanged { name });
            self.hub.tell(&Event::HistoryUpdated {});
        }
        self.log(Level::Info, "a profile was opened");
    }

    /// Closes the profile, if one is open and nothing uses it.
    pub(super) async fn close_storage(&mut self) -> Result<(), KeepError> {
        let Some(Open { node, .. }) = self.open.take() else {
            return Ok(());
        };
        match Arc::into_inner(node) {
            Some(node) => node.close().await,
            None => Err(KeepError::Bug("nobody uses a profile that is closed")),
        }
    }

    fn must_be_idle(&mut self) -> Result<(), Fault> {
        match self.server.is_busy() || !self.calls.is_empty() {
            true => Err(Fault::new(
                "storage_busy",
                "storage cannot be replaced while networking is active",
            )),
            false => Ok(()),
        }
    }
}

/// Whether there is a profile in this folder; what is no folder is nobody's.
fn has_profile(path: &Path) -> Result<bool, Fault> {
    if path.is_file() {
        return Err(not_opened(
            "this is a file, not the folder of a profile: databases of other programs cannot be read",
        ));
    }
    Ok(path.join("store.db").exists())
}

fn passphrase_of_environment(has_profile: bool) -> Result<Unlock, Fault> {
    let given = std::env::var(VARIABLE).map(Zeroizing::new);
    match given {
        Ok(given) if !given.is_empty() => passphrase(&given, has_profile),
        _ => Err(not_opened(format_args!(
            "this profile wants its passphrase: send submit_passphrase, or set {VARIABLE}"
        ))),
    }
}

/// What opens a profile, or is to open a new one, which must not be easy to guess.
fn passphrase(given: &str, has_profile: bool) -> Result<Unlock, Fault> {
    let rating = rate(given, &["entrenous", "kamune"]);
    if !has_profile && !rating.withstands(Guessing::Owner) {
        let reason = rating.reason();
        return Err(not_opened(format_args!(
            "a new profile needs a passphrase that is harder to guess: {reason}"
        )));
    }
    let passphrase = Passphrase::new(Zeroizing::new(given.as_bytes().to_vec()));
    passphrase.map(Unlock::Passphrase).map_err(not_opened)
}

/// The key of a profile without a passphrase: a file beside its folder.
fn key_beside(profile: &Path, has_profile: bool) -> Result<KeyFile, Fault> {
    let mut path = OsString::from(profile);
    path.push(".key");
    key_file(Path::new(&path), has_profile)
}

/// The key in a file, which is made for a new profile if it is not there.
fn key_file(path: &Path, has_profile: bool) -> Result<KeyFile, Fault> {
    let key = match has_profile || path.exists() {
        true => KeyFile::read(path),
        false => KeyFile::create(path),
    };
    let place = path.display();
    key.map_err(|error| not_opened(format_args!("cannot use the key {place}: {error}")))
}

fn not_opened(why: impl std::fmt::Display) -> Fault {
    Fault::new(
        "storage_open_failed",
        format_args!("failed to open storage: {why}"),
    )
}

/// Where programs of Kamune have the passphrase.
const VARIABLE: &str = "KAMUNE_DB_PASSPHRASE";
