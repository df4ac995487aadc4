//! The profile of whoever runs the program: how it is opened.

use std::path::{Path, PathBuf};

use clap::Args;
use node::{Network, Node, OpenError, Unlock};
use vault::{KeyFile, Passphrase};
use zeroize::Zeroizing;

use crate::args::Global;
use crate::config::{Given, Settings};
use crate::failure::{Failure, Why, failed};
use crate::keyring::Item;
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
    /// Have the keyring of this system open the profile
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        conflicts_with = "key_file"
    )]
    #[arg(
        long_help = "Have the keyring of this system open the profile: GNOME Keyring, KWallet or \
        KeePassXC, by the command secret-tool. It may show a dialog. ENTRENOUS_KEYRING=1 or a \
        setting says the same for every time"
    )]
    keyring: bool,
}

/// What opens a profile that is there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way<'a> {
    Passphrase,
    KeyFile(&'a Path),
    Keyring,
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

    /// Whether the keyring is to have a key of the profile: a flag says so, or a setting and no key file
    /// is given.
    pub(crate) fn wants_keyring(&self, settings: &Settings) -> bool {
        self.key_file.is_none() && (self.keyring || settings.keyring.value)
    }

    /// What opens a profile that is there. Flags win over the setting.
    fn way(&self, settings: &Settings) -> Result<Way<'_>, Failure> {
        match (&self.key_file, &self.unlock_file) {
            (Some(path), _) => Ok(Way::KeyFile(path)),
            (None, Some(_)) if self.keyring => Err(Failure::usage(
                "`--keyring` and `--unlock-file` go together only where a profile is made",
            )
            .hint("either opens it: leave one out")),
            (None, Some(_)) => Ok(Way::Passphrase),
            (None, None) if self.wants_keyring(settings) => Ok(Way::Keyring),
            (None, None) => Ok(Way::Passphrase),
        }
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
        let key = self.key(&settings, ui, stop).await?;
        let network = network(&settings)?;
        let opened = Node::open(&settings.places.data, key, network).await;
        let node = opened.map_err(|error| match self.by_keyring(&settings) {
            true if is_wrong_key(&error) => failed(&error, error.kind())
                .text("this profile does not open with the key that the keyring keeps for it")
                .hint(self.instead()),
            _ => cannot_open(&error),
        })?;
        Ok(Opened { node, settings })
    }

    /// What opens a profile that is there.
    pub(crate) async fn key(
        &self,
        settings: &Settings,
        ui: &mut Ui,
        stop: &mut Stop,
    ) -> Result<Unlock, Failure> {
        match self.way(settings)? {
            Way::KeyFile(path) => {
                let key = KeyFile::read(path).map_err(|error| {
                    let place = path.display();
                    failed(&error, error.kind())
                        .text(format!("cannot use the key {place}: {error}"))
                })?;
                Ok(Unlock::KeyFile(key))
            }
            Way::Keyring => {
                let key = Item::of(settings).read(ui, stop).await?;
                let none = || {
                    let name = &settings.profile.value;
                    Failure::input(format!(
                        "the keyring keeps no key for the profile \"{name}\""
                    ))
                    .hint(self.instead())
                };
                key.map(Unlock::KeyFile).ok_or_else(none)
            }
            Way::Passphrase => match self.read_file(stop).await? {
                Some(bytes) => passphrase(bytes),
                None => passphrase(ask(ui, stop, "Passphrase of your profile").await?),
            },
        }
    }

    /// Whether it is the keyring that opens a profile that is there.
    pub(crate) fn by_keyring(&self, settings: &Settings) -> bool {
        self.way(settings) == Ok(Way::Keyring)
    }

    /// What to try if the keyring does not open the profile.
    fn instead(&self) -> &'static str {
        match self.keyring {
            true => "leave `--keyring` out to be asked for its passphrase",
            false => "with `ENTRENOUS_KEYRING=0` in front you are asked for its passphrase",
        }
    }

    /// Says how the keyring opens the profile from now on, if it was a flag that said so.
    pub(crate) fn tell_setting(&self, settings: &Settings, ui: &mut Ui) {
        if !self.keyring || settings.keyring.value {
            return;
        }
        let (file, name) = (settings.places.config.display(), &settings.profile.value);
        ui.note(format_args!(
            "to have `--keyring` always, write `keyring = true` into {file}, for this profile alone below \
             `[profiles.{name}]`"
        ));
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

/// Asks for a passphrase of the profile.
pub(crate) async fn ask(
    ui: &mut Ui,
    stop: &mut Stop,
    label: &str,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let typed = prompt::hidden(ui, stop, label, "--unlock-file PATH").await;
    let typed = typed.map_err(|failure| match failure.why {
        Why::Usage => failure.hint(NOBODY),
        _ => failure,
    })?;
    Ok(Zeroizing::new(typed.as_bytes().to_vec()))
}

fn is_wrong_key(error: &OpenError) -> bool {
    matches!(error, OpenError::Vault(vault::OpenError::Unlock(_)))
}

fn cannot_open(error: &OpenError) -> Failure {
    let failure = failed(error, error.kind());
    match error {
        OpenError::Vault(vault::OpenError::Unlock(_)) => failure
            .hint("capitals and spaces count; without a passphrase it opens with `--key-file` or `--keyring`"),
        OpenError::Vault(vault::OpenError::Lock(_)) => {
            failure.hint("end the other program, or look at the modes with `entrenous doctor`")
        }
        OpenError::NoProfile => {
            failure.hint("making it was interrupted: remove its folder (`entrenous config show`)")
        }
        _ => failure.hint("`entrenous doctor` looks closer"),
    }
}

const NOBODY: &str =
    "give it with `--unlock-file PATH`, or open the profile with `--key-file PATH` or `--keyring`";
/// What is true of a profile that has no other key.
pub(crate) const KEYRING_ALONE: &str = "only the keyring of this system opens this profile and the backups of it: without it they are lost";
/// More than a passphrase may have; a longer file is another file.
const MAX_BYTES: usize = 4096;
