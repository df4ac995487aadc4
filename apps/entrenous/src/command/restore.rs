use std::path::PathBuf;

use clap::Args;
use node::{Node, RestoreError};

use super::id;
use crate::args::{Global, TEMPLATE};
use crate::config::{Given, Settings};
use crate::failure::{Failure, failed};
use crate::profile::{self, Opening};
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
        let key = self.opening.key(ui, &mut stop).await?;
        let network = profile::network(&settings)?;
        let restored = Node::restore(&self.from, &settings.places.data, key, network).await;
        let node = restored.map_err(|error| refused(&error))?;
        id::show(&node, &settings, ui).await?;
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
opens with the same passphrase or key file as the backup.";
