//! What a new profile is to open with.

use std::path::Path;

use node::Unlock;
use strength::{Guessing, rate};
use vault::KeyFile;
use zeroize::Zeroizing;

use crate::config::Settings;
use crate::failure::{Failure, failed};
use crate::keyring::{Item, Was};
use crate::profile::{self, KEYRING_ALONE, Opening};
use crate::stop::Stop;
use crate::ui::Ui;

/// What is known of a new profile before it has keys.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) opening: &'a Opening,
    pub(super) settings: &'a Settings,
    /// Its owner's.
    pub(super) name: &'a str,
}

/// What is to open a new profile.
#[derive(Debug)]
pub(super) struct Keys {
    /// Each alone does.
    pub(super) unlocks: Vec<Unlock>,
    /// Where the keyring keeps one of them since a moment ago.
    pub(super) drawn: Option<Item>,
}

impl Wanted<'_> {
    /// The keys, from where they are: flags, the keyring, the person. What the keyring is to keep comes last,
    /// so that it keeps nothing for a profile that is not made for want of something else.
    ///
    /// # Errors
    ///
    /// There is none, or a passphrase that is easy to guess. The keyring then keeps nothing new.
    pub(super) async fn keys(&self, ui: &mut Ui, stop: &mut Stop) -> Result<Keys, Failure> {
        if let Some(path) = self.opening.key_file() {
            let (unlocks, drawn) = (vec![Unlock::KeyFile(key_file(path)?)], None);
            return Ok(Keys { unlocks, drawn });
        }
        let by_keyring = self.opening.wants_keyring(self.settings);
        let chosen = match self.opening.read_file(stop).await? {
            None if !by_keyring => Some(ask_twice(ui, stop).await?),
            chosen => chosen,
        };
        let chosen = chosen.map(|chosen| strong(chosen, self.name));
        let mut unlocks: Vec<_> = chosen.transpose()?.into_iter().collect();
        if !by_keyring {
            let drawn = None;
            return Ok(Keys { unlocks, drawn });
        }
        if unlocks.is_empty() {
            ui.warn(&format!(
                "{KEYRING_ALONE}. If it is made with `--unlock-file PATH` as well, a passphrase opens it too"
            ))?;
        }
        let item = Item::of(self.settings);
        let taken = item.take(ui, stop).await?;
        if taken.was == Was::Kept {
            ui.note(format_args!(
                "the keyring keeps a key for a profile here already: it opens this one too"
            ));
        }
        unlocks.push(Unlock::KeyFile(taken.key));
        let drawn = (taken.was == Was::Drawn).then_some(item);
        Ok(Keys { unlocks, drawn })
    }
}

/// Takes a key out of the keyring whose profile could not be made, unless somebody else made one meanwhile.
pub(super) async fn forget(item: &Item, settings: &Settings, ui: &mut Ui) -> Result<(), Failure> {
    match profile::exists(settings) {
        true => Ok(()),
        false => item.remove(ui).await,
    }
}

/// The passphrase that these bytes are, if it is not easy to guess.
fn strong(chosen: Zeroizing<Vec<u8>>, name: &str) -> Result<Unlock, Failure> {
    let text =
        std::str::from_utf8(&chosen).map_err(|_| Failure::input("the passphrase is no text"))?;
    let rating = rate(text, &[name, "entrenous"]);
    if !rating.withstands(Guessing::Owner) {
        return Err(Failure::input(format!(
            "this passphrase is too easy to guess: {}",
            rating.reason()
        ))
        .hint("four words drawn at random do; or use `--key-file PATH` or `--keyring`"));
    }
    profile::passphrase(chosen)
}

/// The key in this file, which is made if it is not there.
fn key_file(path: &Path) -> Result<KeyFile, Failure> {
    let key = match path.exists() {
        true => KeyFile::read(path),
        false => KeyFile::create(path),
    };
    key.map_err(|error| {
        let place = path.display();
        failed(&error, error.kind()).text(format!("cannot use {place} as a key: {error}"))
    })
}

async fn ask_twice(ui: &mut Ui, stop: &mut Stop) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let first = profile::ask(ui, stop, "Passphrase (for your profile)").await?;
    let again = profile::ask(ui, stop, "The same again").await?;
    match first == again {
        true => Ok(first),
        false => Err(Failure::input("the two passphrases differ").hint("try again")),
    }
}
