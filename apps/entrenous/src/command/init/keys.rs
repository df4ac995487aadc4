//! What a new profile is to open with.

use std::path::Path;

use node::Unlock;
use strength::{Guessing, rate};
use vault::KeyFile;
use zeroize::Zeroizing;

use crate::failure::{Failure, failed};
use crate::profile::{self, FLAG, Opening};
use crate::prompt;
use crate::stop::Stop;
use crate::ui::Ui;

/// What is to open the new profile.
pub(super) async fn new(
    opening: &Opening,
    name: &str,
    ui: &mut Ui,
    stop: &mut Stop,
) -> Result<Unlock, Failure> {
    if let Some(path) = opening.key_file() {
        return key_file(path).map(Unlock::KeyFile);
    }
    let chosen = match opening.read_file(stop).await? {
        Some(bytes) => bytes,
        None => ask_twice(ui, stop).await?,
    };
    let text =
        std::str::from_utf8(&chosen).map_err(|_| Failure::input("the passphrase is no text"))?;
    let rating = rate(text, &[name, "entrenous"]);
    if !rating.withstands(Guessing::Owner) {
        return Err(Failure::input(format!(
            "this passphrase is too easy to guess: {}",
            rating.reason()
        ))
        .hint("four words drawn at random do; or use `--key-file PATH`"));
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
    let first = prompt::hidden(ui, stop, "Passphrase (for your profile)", FLAG).await?;
    let again = prompt::hidden(ui, stop, "The same again", FLAG).await?;
    match first == again {
        true => Ok(Zeroizing::new(first.as_bytes().to_vec())),
        false => Err(Failure::input("the two passphrases differ").hint("try again")),
    }
}
