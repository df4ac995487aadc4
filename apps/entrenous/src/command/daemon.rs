use std::path::PathBuf;

use clap::Args;

use crate::args::{Global, TEMPLATE};
use crate::config::{Given, Settings};
use crate::daemon::{Beginning, Mode, run};
use crate::failure::Failure;
use crate::profile::{self, Opened, Opening};
use crate::stop::Stop;
use crate::ui::Ui;

/// Calls for other programs, as JSON lines like Kamune's daemon
#[derive(Args, Debug)]
#[command(help_template = TEMPLATE, before_long_help = EXAMPLES, after_long_help = NOTES)]
pub(crate) struct Daemon {
    /// A Unix socket for clients, instead of stdin and stdout
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Open the profile at once; else a client says open_storage
    #[arg(long)]
    open: bool,
    /// Whom to take without asking: strict, quick or auto
    #[arg(
        long,
        value_name = "MODE",
        default_value = "quick",
        hide_possible_values = true
    )]
    verification: Mode,
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    #[command(next_help_heading = "Servers")]
    given: Given,
}

impl Daemon {
    pub(crate) async fn run(
        &self,
        global: &Global,
        ui: &mut Ui,
        mut stop: Stop,
    ) -> Result<(), Failure> {
        if self.opening.takes_stdin() && self.socket.is_none() {
            return Err(
                Failure::usage("commands and the passphrase cannot both come from stdin")
                    .hint("put the passphrase into a file: `--unlock-file PATH`"),
            );
        }
        let settings = Settings::load(global, &self.given)?;
        let network = profile::network(&settings)?;
        let open = match self.open {
            true => {
                let opened = self.opening.open_with(settings, ui, &mut stop).await?;
                let Opened { node, settings } = opened;
                Some((node, settings.places.data))
            }
            false => None,
        };
        let beginning = Beginning {
            network,
            open,
            mode: self.verification,
            socket: self.socket.clone(),
        };
        run(beginning, ui, stop).await
    }
}

const EXAMPLES: &str = "\
Examples:
  entrenous daemon                            your program runs it
  entrenous daemon --open --key-file bot.key  with the profile open at once
  entrenous daemon --open --key-file bot.key --socket /run/user/1000/bot.sock

  {\"type\":\"cmd\",\"cmd\":\"open_storage\",\"id\":\"1\",\"params\":
    {\"storage_path\":\"/home/me/bot\",\"db_no_passphrase\":true}}
  {\"type\":\"cmd\",\"cmd\":\"start_server\",\"id\":\"2\",\"params\":
    {\"addr\":\"127.0.0.1:9000\"}}       each of these on one line";

const NOTES: &str = "\
Clients of the daemon of Kamune 0.7 need not change: they start this program
instead. docs/json.md says what differs, and docs/daemon has a schema.

--verification says whom it takes without asking: strict nobody, quick those who
are known by their key, auto everybody. With auto nobody is verified: whoever
reaches the port is talked to, under any name. A client can change it.

The socket is yours alone (mode 0600). All its clients hear all events, and each
the answers to its own commands. Who does not read is dropped, with a last line
that says so; without --socket that ends the program, with exit code 5.

It ends when its input does, by the command shutdown, Ctrl-C or SIGTERM: calls
are closed, and the exit code is 0. Entries of its log go to stderr, as JSON.";
