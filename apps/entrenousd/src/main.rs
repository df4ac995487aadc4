//! The Entrenous server: meeting boards over HTTP.

mod cli;
mod command;
mod config;
mod failure;
mod service;
mod ui;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let ui = ui::Ui::new(&cli.global);
    match cli.command.run(&ui) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            ui.fail(&failure);
            failure.code()
        }
    }
}
