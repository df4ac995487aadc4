//! The keyring of the operating system, as a place for the bytes of a key file.
//!
//! What answers is what keeps the secrets of the desktop: GNOME Keyring, KWallet, KeePassXC. It may show a
//! dialog of its own, whatever our arguments say. Keys go through pipes, never through arguments.
//!
//! Spec: `spec/16-vault.md` 3.3.

mod command;
mod key;

use primitives::{Secret, sha256};
use vault::KeyFile;

use crate::config::Settings;
use crate::failure::Failure;
use crate::stop::Stop;
use crate::ui::Ui;
use command::{Answer, Call};
use key::KeyText;

/// Where the keyring keeps the key of a profile.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    profile: String,
    /// Says which directory is meant, also to who may not know its path.
    store: String,
}

/// A key for a new profile.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) key: KeyFile,
    pub(crate) was: Was,
}

/// Where a key for a new profile comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Was {
    /// The keyring has kept it already.
    Kept,
    /// It was drawn, and the keyring keeps it since.
    Drawn,
}

impl Item {
    /// That of the profile that is set.
    pub(crate) fn of(settings: &Settings) -> Self {
        let path = settings.places.data.as_os_str().as_encoded_bytes();
        let mut store = hex::encode(sha256(&[path]));
        store.truncate(STORE_LEN);
        let profile = settings.profile.value.to_string();
        Self { profile, store }
    }

    /// The key that is kept for the profile; `None` if there is none. If its directory was moved, the key
    /// of another one of that name.
    ///
    /// # Errors
    ///
    /// The keyring is not there, stays locked, does not answer, or keeps something that is no key.
    pub(crate) async fn read(
        &self,
        ui: &mut Ui,
        stop: &mut Stop,
    ) -> Result<Option<KeyFile>, Failure> {
        let here = look_up(&self.attributes(), ui, stop).await?;
        let key = match here {
            Some(key) => Some(key),
            None => look_up(&self.attributes_anywhere(), ui, stop).await?,
        };
        Ok(key.map(KeyFile::from_secret))
    }

    /// A key for a new profile: the one that is kept for it already, or a new one, which then is.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read), or the keyring does not keep what it is given. Nothing new is kept then.
    pub(crate) async fn take(&self, ui: &mut Ui, stop: &mut Stop) -> Result<Taken, Failure> {
        if let Some(key) = look_up(&self.attributes(), ui, stop).await? {
            let (key, was) = (KeyFile::from_secret(key), Was::Kept);
            return Ok(Taken { key, was });
        }
        let key = key::draw()?;
        let kept = self.keep(&key, ui, stop).await;
        if kept.is_err() {
            self.remove(ui).await?;
        }
        kept?;
        let (key, was) = (KeyFile::from_secret(key), Was::Drawn);
        Ok(Taken { key, was })
    }

    /// Takes away what is kept for the profile, if anything is. Nobody's wish to stop keeps it from that.
    ///
    /// # Errors
    ///
    /// The warning that it may still be there cannot be written.
    pub(crate) async fn remove(&self, ui: &mut Ui) -> Result<(), Failure> {
        let call = Call::new(&["clear", "--"]).with(&self.attributes());
        if command::finish(call).await.is_ok() {
            return Ok(());
        }
        let attributes = self.attributes().concat().join(" ");
        ui.warn(&format!(
            "the keyring may still keep a key that opens nothing: `secret-tool clear {attributes}`"
        ))
    }

    /// Gives the key to the keyring, and sees whether it comes back.
    async fn keep(&self, key: &Secret<32>, ui: &mut Ui, stop: &mut Stop) -> Result<(), Failure> {
        let label = format!("--label=Entrenous, profile {}", self.profile);
        let call = Call::new(&["store", &label, "--"]).with(&self.attributes());
        let stored = command::run(call.giving(KeyText::of(key)), ui, stop).await?;
        if !stored.succeeded {
            return Err(command::refused(&stored));
        }
        match look_up(&self.attributes(), ui, stop).await? {
            Some(back) if back == *key => Ok(()),
            _ => Err(
                Failure::unavailable("the keyring does not give back what it was given")
                    .hint("try again, or use a key file: `--key-file PATH`"),
            ),
        }
    }

    fn attributes(&self) -> [[&str; 2]; 3] {
        let [service, profile] = self.attributes_anywhere();
        [service, profile, ["store", &self.store]]
    }

    /// Those that the profile has in every directory.
    fn attributes_anywhere(&self) -> [[&str; 2]; 2] {
        [["service", "entrenous"], ["profile", &self.profile]]
    }
}

/// Digits of what says which directory is meant.
const STORE_LEN: usize = 32;

/// The key of an item with these attributes.
async fn look_up(
    attributes: &[[&str; 2]],
    ui: &mut Ui,
    stop: &mut Stop,
) -> Result<Option<Secret<32>>, Failure> {
    let call = Call::new(&["lookup", "--"]).with(attributes);
    let found = command::run(call, ui, stop).await?;
    if found.succeeded {
        let key = key::read(&found.out);
        return key.map(Some).ok_or_else(|| {
            Failure::input("what the keyring keeps for this profile is no key")
                .hint("its owner may have changed it; look with the desktop's own program")
        });
    }
    command::check(&found)?;
    // Nothing was found, or what was found stays locked, and neither is said.
    let call = Call::new(&["search", "--"]).with(attributes);
    let listed = command::run(call, ui, stop).await?;
    command::check(&listed)?;
    match listed {
        Answer { out, .. } if out.is_empty() => Ok(None),
        _ => Err(command::locked()),
    }
}
