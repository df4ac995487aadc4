use std::path::PathBuf;

use clap::{Args, CommandFactory};

use crate::args::Cli;
use crate::failure::Failure;

/// Write the manual pages into a folder, for packages
#[derive(Args, Debug)]
#[command(hide = true, before_long_help = EXAMPLES)]
pub(crate) struct Man {
    /// An existing folder
    folder: PathBuf,
}

impl Man {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        clap_mangen::generate_to(Cli::command(), &self.folder)
            .map_err(|error| Failure::unavailable("the pages cannot be written").because(&error))
    }
}

const EXAMPLES: &str = "\
Examples:
  entrenous man target/man";
