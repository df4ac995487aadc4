use std::path::PathBuf;

use clap::Args;
use node::{Node, RestoreError};

use super::id;
use crate::args::{Global, TEMPLATE};
use crate::config::{Given, Settings};
use crate::failure::{Failure, failed};
use crate::profile::{self, KEYRING_ALONE, Opening};
use crate::stop::Stop;
use crate::ui::Ui;

/// Make your profile out of a backup
#[derive(Args, Debug)]
#[command(help_template = TEMPLATE, before_long_help = EXAMPLES, after_long_help = NOTES)]
pub(crate) struct Restore {
    /// The file that `entrenous backup` made
    #[arg(value_name = "FILE")]
    from: PathBuf,
    #[command(flatten)]
    opening: Opening,
}

impl Restore {
    pub(crate) async fn run(
        &self,
        global: &Global,
        ui: &mut Ui,
        mut stop: Stop,
    ) -> Result<(), Failure> {
        let settings = Settings::load(global, &Given::default())?;
        if profile::exists(&settings) {
            let name = &settings.profile.value;
            return Err(
                Failure::input(format!("there is a profile \"{name}\" already"))
                    .hint("restore into another one: `--profile NAME`"),
            );
        }
        let network = profile::network(&settings)?;
        let key = self.opening.key(&settings, ui, &mut stop).await?;
        let restored = Node::restore(&self.from, &settings.places.data, key, network).await;
        let by_keyring = self.opening.by_keyring(&settings);
        let node = restored.map_err(|error| match &error {
            RestoreError::Vault(vault::RestoreError::Unlock(_)) if by_keyring => refused(&error)
                .text(
                    "the backup does not open with the key that the keyring keeps for this profile",
                ),
            _ => refused(&error),
        })?;
        id::show(&node, &settings, ui).await?;
        if by_keyring {
            ui.warn(KEYRING_ALONE)?;
            self.opening.tell_setting(&settings, ui);
        }
        ui.note(format_args!(
            "restored. If the old device still runs, do not use both: one of them would lose what the \
             other is told"
        ));
        node.close()
            .await
            .map_err(|error| failed(&error, error.kind()))
    }
}

fn refused(error: &RestoreError) -> Failure {
    let failure = failed(error, error.kind());
    match error {
        RestoreError::Vault(vault::RestoreError::Unlock(_)) => {
            failure.hint("it opens with what opened the profile when the backup was made")
        }
        _ => failure,
    }
}

const EXAMPLES: &str = "\
Examples:
  entrenous restore /media/stick/alice.backup
  entrenous restore alice.backup --profile alice2 --key-file alice.key";

const NOTES: &str = "\
The backup is read to its end before anything is made of it. The profile then
opens with what opened the backup, passphrase, key file or keyring, and with
nothing else. A keyring has the key under the name of the profile that the
backup was made of: with --keyring, restore it under that name.";
