//! The profile of whoever runs the program: how it is opened.

use std::path::{Path, PathBuf};

use clap::Args;
use node::{Network, Node, OpenError, Unlock};
use vault::{KeyFile, Passphrase};
use zeroize::Zeroizing;

use crate::args::Global;
use crate::config::{Given, Settings};
use crate::failure::{Failure, failed};
use crate::message::read_source;
use crate::prompt;
use crate::stop::Stop;
use crate::ui::Ui;

/// What opens the profile, as flags of a command.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Opening {
    /// Where the profile's passphrase is, - for stdin
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        hide_short_help = true,
        conflicts_with = "key_file"
    )]
    #[arg(
        long_help = "Read the passphrase of the profile from a file, or from stdin with -, without \
        the line end. Without this flag it is asked for, and not shown"
    )]
    unlock_file: Option<PathBuf>,
    /// A key file that opens the profile; also ENTRENOUS_KEY_FILE
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = "ENTRENOUS_KEY_FILE",
        hide_env = true
    )]
    #[arg(hide_short_help = true)]
    key_file: Option<PathBuf>,
}

/// A profile, open, and what is set for it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) node: Node,
    pub(crate) settings: Settings,
}

impl Opening {
    /// Whether the passphrase takes all of stdin.
    pub(crate) fn takes_stdin(&self) -> bool {
        self.unlock_file.as_deref() == Some(Path::new("-"))
    }

    /// The key file, if one is to be used.
    pub(crate) fn key_file(&self) -> Option<&Path> {
        self.key_file.as_deref()
    }

    /// Opens the profile.
    ///
    /// # Errors
    ///
    /// There is none, or it does not open.
    pub(crate) async fn open(
        &self,
        global: &Global,
        given: &Given,
        ui: &mut Ui,
        stop: &mut Stop,
    ) -> Result<Opened, Failure> {
        let settings = Settings::load(global, given)?;
        self.open_with(settings, ui, stop).await
    }

    /// The same with settings that are there already.
    pub(crate) async fn open_with(
        &self,
        settings: Settings,
        ui: &mut Ui,
        stop: &mut Stop,
    ) -> Result<Opened, Failure> {
        if !exists(&settings) {
            let name = &settings.profile.value;
            return Err(
                Failure::input(format!("there is no profile \"{name}\" yet"))
                    .hint("make one with `entrenous init`"),
            );
        }
        let key = self.key(ui, stop).await?;
        let network = network(&settings)?;
        let opened = Node::open(&settings.places.data, key, network).await;
        let node = opened.map_err(|error| cannot_open(&error))?;
        Ok(Opened { node, settings })
    }

    /// What opens a profile that is there.
    pub(crate) async fn key(&self, ui: &mut Ui, stop: &mut Stop) -> Result<Unlock, Failure> {
        if let Some(path) = &self.key_file {
            let key = KeyFile::read(path).map_err(|error| {
                let place = path.display();
                failed(&error, error.kind()).text(format!("cannot use the key {place}: {error}"))
            })?;
            return Ok(Unlock::KeyFile(key));
        }
        let typed = match self.read_file(stop).await? {
            Some(bytes) => bytes,
            None => {
                let typed = prompt::hidden(ui, stop, LABEL, FLAG).await?;
                Zeroizing::new(typed.as_bytes().to_vec())
            }
        };
        passphrase(typed)
    }

    /// What is in the file of the passphrase, if there is to be one.
    pub(crate) async fn read_file(
        &self,
        stop: &mut Stop,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        match &self.unlock_file {
            None => Ok(None),
            Some(path) => read_source(path, "passphrase", MAX_BYTES, stop)
                .await
                .map(Some),
        }
    }
}

/// Whether there is a profile to open.
pub(crate) fn exists(settings: &Settings) -> bool {
    settings.places.data.join("store.db").exists()
}

/// How the profile reaches servers.
pub(crate) fn network(settings: &Settings) -> Result<Network, Failure> {
    let mut network = Network::default();
    network.proxy.clone_from(&settings.proxy.value);
    network.roots = settings.roots()?;
    Ok(network)
}

pub(crate) fn passphrase(bytes: Zeroizing<Vec<u8>>) -> Result<Unlock, Failure> {
    let passphrase = Passphrase::new(bytes);
    let passphrase = passphrase.map_err(|error| failed(&error, error.kind()))?;
    Ok(Unlock::Passphrase(passphrase))
}

fn cannot_open(error: &OpenError) -> Failure {
    let failure = failed(error, error.kind());
    match error {
        OpenError::Vault(vault::OpenError::Unlock(_)) => failure
            .hint("capitals and spaces count; a profile made with a key file wants `--key-file`"),
        OpenError::Vault(vault::OpenError::Lock(_)) => {
            failure.hint("end the other program, or look at the modes with `entrenous doctor`")
        }
        OpenError::NoProfile => {
            failure.hint("making it was interrupted: remove its folder (`entrenous config show`)")
        }
        _ => failure.hint("`entrenous doctor` looks closer"),
    }
}

pub(crate) const LABEL: &str = "Passphrase of your profile";
pub(crate) const FLAG: &str = "--unlock-file PATH";
/// More than a passphrase may have; a longer file is another file.
const MAX_BYTES: usize = 4096;
