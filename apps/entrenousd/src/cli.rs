use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use host::pins::Handle;

use crate::command;
use crate::config::duration_text;
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

/// The Entrenous server: boards where people meet, and accounts with invitations.
///
/// The server never learns a passphrase, a message, or who met whom.
///
/// Examples:
///
///   entrenousd run                            boards on this machine only, no set-up
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
    /// Write a first configuration of a public server, and say what else it needs.
    Init(Init),
    /// Registration pins of the running server: each lets one person make an account.
    #[command(subcommand)]
    Pins(Pins),
    /// Ask the running server how it is.
    Status(File),
    /// Copy all that is kept into one new file, while the server runs or not.
    Backup(Copy),
    /// Make what is kept again from such a file; the server must have nothing yet.
    Restore(Copy),
    /// Write the manual pages and the completions into a folder, for packages.
    #[command(hide = true)]
    Man(Man),
}

#[derive(Args, Debug)]
pub(crate) struct Man {
    /// An existing folder.
    pub(crate) folder: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Copy {
    /// The backup.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) config: File,
}

#[derive(Args, Debug)]
pub(crate) struct Init {
    /// The name that clients will dial, such as relay.example.org.
    #[arg(long, value_name = "HOST")]
    pub(crate) name: String,
    /// Get the certificate from Let's Encrypt, which is told this mail address and whose terms you
    /// agree to; without it the certificate's files are yours to renew.
    #[arg(long, value_name = "MAIL")]
    pub(crate) acme: Option<String>,
    /// Where accounts and invitations will be kept.
    #[arg(long, value_name = "DIRECTORY", default_value = "/var/lib/entrenous")]
    pub(crate) data: PathBuf,
    /// The file to write; it must not exist.
    #[arg(long, value_name = "FILE", default_value = "server.toml")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Pins {
    /// Make a pin; the server keeps only a hash of it.
    New(NewPin),
    /// Name the pins that are not over; what is secret of them is gone.
    List(File),
    /// Make a pin useless.
    Revoke(RevokePin),
}

#[derive(Args, Debug)]
pub(crate) struct NewPin {
    #[command(flatten)]
    pub(crate) file: File,
    /// How long it is good: 1m to 90d.
    #[arg(long, value_name = "DURATION", default_value = "7d", value_parser = duration_text)]
    pub(crate) lasts: Duration,
    /// How many mistakes it bears.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub(crate) tries: u32,
}

#[derive(Args, Debug)]
pub(crate) struct RevokePin {
    /// Its first three characters.
    #[arg(value_parser = handle)]
    pub(crate) handle: Handle,
    #[command(flatten)]
    pub(crate) file: File,
}

fn handle(text: &str) -> Result<Handle, &'static str> {
    Handle::parse(text).ok_or("not the first three characters of a pin")
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
            Self::Init(init) => command::init::run(init, ui),
            Self::Pins(pins) => command::pins::run(pins, ui),
            Self::Status(file) => command::status::run(file, ui),
            Self::Backup(copy) => command::backup::backup(copy, ui),
            Self::Restore(copy) => command::backup::restore(copy, ui),
            Self::Man(man) => command::man::run(man),
            Self::Config(Config::Check(file)) => command::config::check(file, ui),
            Self::Config(Config::Example) => command::config::example(ui),
            Self::Config(Config::Show(file)) => command::config::show(file, ui),
        }
    }
}
