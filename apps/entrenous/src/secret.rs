//! The passphrase: where it comes from, and how it stays out of sight.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use kernel::Kind;
use rendezvous::{Passkey, Salt};
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::message::read_source;
use crate::prompt;
use crate::stop::Stop;
use crate::ui::Ui;

/// How a passphrase is given.
#[derive(Args, Debug)]
pub(crate) struct Source {
    /// Where the passphrase is, - for stdin
    #[arg(long, value_name = "PATH")]
    #[arg(
        long_help = "Read the passphrase from a file, or from stdin with -, without the line \
        end. Without this flag it is asked for, and not shown. A descriptor works too: \
        --passphrase-file /dev/fd/3"
    )]
    passphrase_file: Option<PathBuf>,
    /// The passphrase itself, as the reference program takes it. Visible to others; not advertised.
    #[arg(
        long,
        value_name = "TEXT",
        hide = true,
        conflicts_with = "passphrase_file"
    )]
    passphrase: Option<Passphrase>,
}

/// What a person shares with those who are to be met. Erased when dropped.
#[derive(Clone)]
pub(crate) struct Passphrase(Zeroizing<Vec<u8>>);

impl Source {
    /// Gets the passphrase from where it is, and warns if it is weak.
    pub(crate) async fn read(&self, ui: &mut Ui, stop: &mut Stop) -> Result<Passphrase, Failure> {
        let passphrase = match (&self.passphrase, &self.passphrase_file) {
            (Some(passphrase), _) => passphrase.clone(),
            (None, Some(path)) => {
                Passphrase(read_source(path, "passphrase", MAX_BYTES, stop).await?)
            }
            (None, None) => {
                let typed =
                    prompt::hidden(ui, stop, "Passphrase", "--passphrase-file PATH").await?;
                Passphrase(Zeroizing::new(typed.as_bytes().to_vec()))
            }
        };
        match passphrase.0.len() {
            0 => ui.warn("the passphrase is empty: everybody can read the message")?,
            1..SHORT => {
                ui.warn("short passphrases are easy to guess; four random words are better")?
            }
            _ => {}
        }
        Ok(passphrase)
    }

    /// Whether the passphrase is an argument, which other users of this machine can see.
    pub(crate) fn is_visible(&self) -> bool {
        self.passphrase.is_some()
    }

    /// Whether the passphrase takes all of stdin.
    pub(crate) fn takes_stdin(&self) -> bool {
        self.passphrase_file.as_deref() == Some(Path::new("-"))
    }
}

impl Passphrase {
    /// Stretches it, which takes a quarter of a second, on another thread.
    pub(crate) async fn stretch(&self, salt: Salt) -> Result<Passkey, Failure> {
        let passphrase = self.clone();
        let stretched = spawn_blocking(move || Passkey::derive(&passphrase.0, salt)).await;
        match stretched {
            Ok(Ok(passkey)) => Ok(passkey),
            Ok(Err(error)) => Err(Failure::new(error.kind(), error.to_string())),
            Err(error) => Err(
                Failure::new(Kind::Bug, "stretching the passphrase ended early").because(&error),
            ),
        }
    }
}

impl From<&str> for Passphrase {
    fn from(text: &str) -> Self {
        Self(Zeroizing::new(text.as_bytes().to_vec()))
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase")
    }
}

/// Below this a passphrase is called short.
const SHORT: usize = 8;

/// More than anybody types; a passphrase file that is longer is the wrong file.
const MAX_BYTES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_does_not_contain_the_passphrase() {
        assert_eq!(
            format!("{:?}", Passphrase::from("four random words here")),
            "Passphrase"
        );
    }
}
