//! Meet, call, write and gather with people, over networks that nobody has to trust.
//!
//! This program is thin: it reads arguments, calls the faces of `net` and `host`, and shows what
//! they tell. [`ui`] is the only module that prints, [`failure`] the only one that knows exit codes.

mod args;
mod chat;
mod command;
mod config;
mod daemon;
mod downloads;
mod event;
mod failure;
mod keyring;
mod lasts;
mod message;
#[cfg(all(test, unix))]
#[path = "../tests/e2e/needs.rs"]
mod needs;
mod profile;
mod prompt;
mod qr;
mod secret;
mod stop;
#[cfg(all(test, unix))]
#[path = "../tests/e2e/tmux.rs"]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tmux;
mod ui;

use std::process::ExitCode;

use args::Cli;
use failure::Failure;
use stop::Stop;
use ui::Ui;

fn main() -> ExitCode {
    let cli = match args::parse() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let mut ui = Ui::new(&cli.global);
    let result = run(&cli, &mut ui);
    let code = match &result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.exit_code(),
    };
    if let Err(failure) = result {
        ui.fail(&failure);
    }
    code
}

fn run(cli: &Cli, ui: &mut Ui) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::unavailable("this system gives no threads").because(&error))?;
    let result = runtime.block_on(async {
        let stop = Stop::listen()?;
        cli.command.run(&cli.global, ui, stop).await
    });
    // A prompt or a calculation that is still under way must not hold up the end.
    runtime.shutdown_background();
    result
}
