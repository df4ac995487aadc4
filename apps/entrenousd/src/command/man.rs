use std::io;

use clap::{CommandFactory, ValueEnum};
use clap_complete::Shell;
use kernel::Kind;

use crate::cli::{Cli, Man};
use crate::failure::Failure;

/// `man`
pub(crate) fn run(man: &Man) -> Result<(), Failure> {
    let written = || -> io::Result<()> {
        clap_mangen::generate_to(Cli::command(), &man.folder)?;
        for shell in Shell::value_variants() {
            let mut command = Cli::command();
            clap_complete::generate_to(*shell, &mut command, "entrenousd", &man.folder)?;
        }
        Ok(())
    };
    written().map_err(|error| {
        let folder = man.folder.display();
        Failure::new(Kind::BadInput, format!("{folder}: {}", error.kind()))
    })
}
