use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::command;
use crate::failure::Failure;
use crate::ui::Ui;

/// Does what the command line says, and says how that ended.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let ui = Ui::new(&cli.global);
    match cli.command.run(&ui) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            ui.fail(&failure);
            failure.code()
        }
    }
}

/// Meeting boards for Entrenous: people who know the same passphrase swap a message there.
///
/// The server never learns a passphrase, a message, or who met whom.
///
/// Examples:
///
///   entrenousd run                            on this machine only, no set-up
///
///   entrenousd config example > server.toml   every setting, explained
///
///   entrenousd run --config server.toml
#[derive(Debug, Parser)]
#[command(
    name = "entrenousd",
    version,
    max_term_width = 100,
    verbatim_doc_comment
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Global {
    /// Write one JSON object per line to stdout instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say only what went wrong.
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say more; twice for even more.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server until SIGTERM or Ctrl-C; SIGHUP reloads the configuration.
    Run(Run),
    /// Look at the configuration without running anything.
    #[command(subcommand)]
    Config(Config),
    /// Ask the running server whether it serves; for container and service checks.
    Health(File),
}

#[derive(Args, Debug)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) file: File,
    /// Listen here instead of what the configuration says; may be given several times.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Vec<SocketAddr>,
    /// Admin listener instead of what the configuration says.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) admin: Option<SocketAddr>,
}

#[derive(Args, Debug)]
pub(crate) struct File {
    /// The configuration; without one, and without ENTRENOUSD_CONFIG, the defaults are used.
    #[arg(long, value_name = "FILE", env = "ENTRENOUSD_CONFIG", hide_env = true)]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Find every mistake that `run` would refuse; opens no port.
    Check(File),
    /// Print every setting with its default and its meaning.
    Example,
    /// Print every setting with its value and where it comes from.
    Show(File),
}

impl Command {
    pub(crate) fn run(&self, ui: &Ui) -> Result<(), Failure> {
        match self {
            Self::Run(run) => command::run::run(run, ui),
            Self::Health(file) => command::health::run(file, ui),
            Self::Config(Config::Check(file)) => command::config::check(file, ui),
            Self::Config(Config::Example) => command::config::example(ui),
            Self::Config(Config::Show(file)) => command::config::show(file, ui),
        }
    }
}
