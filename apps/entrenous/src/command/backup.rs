use std::path::PathBuf;

use clap::Args;

use crate::args::{Global, TEMPLATE};
use crate::config::Given;
use crate::event::BackupDone;
use crate::failure::{Failure, failed};
use crate::profile::Opening;
use crate::stop::Stop;
use crate::ui::Ui;

/// Write your profile into one encrypted file
#[derive(Args, Debug)]
#[command(help_template = TEMPLATE, before_long_help = EXAMPLES, after_long_help = NOTES)]
pub(crate) struct Backup {
    /// The file to make; it must not be there yet
    #[arg(value_name = "FILE")]
    to: PathBuf,
    #[command(flatten)]
    opening: Opening,
}

impl Backup {
    pub(crate) async fn run(
        &self,
        global: &Global,
        ui: &mut Ui,
        mut stop: Stop,
    ) -> Result<(), Failure> {
        let given = Given::default();
        let opened = self.opening.open(global, &given, ui, &mut stop).await?;
        let made = opened.node.backup(&self.to).await;
        let made = made.map_err(|error| failed(&error, error.kind()))?;
        let place = self.to.display();
        ui.note(format_args!(
            "{} records are in {place}; it opens as your profile does",
            made.records
        ));
        ui.event(&BackupDone {
            path: &self.to,
            records: made.records,
            revision: made.revision,
        })?;
        opened
            .node
            .close()
            .await
            .map_err(|error| failed(&error, error.kind()))
    }
}

const EXAMPLES: &str = "\
Examples:
  entrenous backup /media/stick/alice.backup
  entrenous restore /media/stick/alice.backup      on another device";

const NOTES: &str = "\
The file was read back before this says that it is done. It opens with the
passphrase, key file or keyring that opens your profile now, also after you
change that: without it nobody reads it, you neither. A keyring stays on this
machine.";
