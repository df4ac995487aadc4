use std::process::ExitCode;

use clap::{ArgAction, Args, ColorChoice, CommandFactory, FromArgMatches, Parser, ValueEnum};

use crate::command::Command;
use crate::config::Profile;
use crate::ui;

/// Meet, call, write and gather with people, over networks that nobody has to trust.
#[derive(Debug, Parser)]
#[command(
    name = "entrenous",
    version,
    max_term_width = 80,
    disable_help_subcommand = true,
    disable_help_flag = true,
    disable_version_flag = true,
    help_template = TIGHT,
    before_long_help = EXAMPLES,
    after_long_help = EXIT_CODES
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
    /// Print the version
    #[arg(long, short = 'V', action = ArgAction::Version, hide_short_help = true)]
    #[arg(help_heading = EVERYWHERE)]
    version: Option<bool>,
}

/// What every command takes, before or after its name.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = EVERYWHERE)]
pub(crate) struct Global {
    /// Print help; --help says more
    #[arg(long, short, global = true, action = ArgAction::Help)]
    help: Option<bool>,
    /// One JSON object per line on stdout, and no other talk
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) json: bool,
    /// Results, warnings and errors only
    #[arg(long, short, global = true, hide_short_help = true)]
    #[arg(conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Also say what is dropped, and the causes of errors
    #[arg(long, short, global = true, hide_short_help = true)]
    pub(crate) verbose: bool,
    /// Whose data to use
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    #[arg(
        long_help = "Whose data to use: a name of 1 to 32 of a-z, 0-9 and - [default: default, or \
        ENTRENOUS_PROFILE]"
    )]
    pub(crate) profile: Option<Profile>,
    /// Never ask; what is missing is an error
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) no_input: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    #[arg(hide_short_help = true, hide_possible_values = true)]
    #[arg(
        long_help = "When to use colour: auto, always, never. NO_COLOR and CLICOLOR_FORCE are \
        respected"
    )]
    pub(crate) color: When,
}

/// A choice of `--color`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum When {
    Auto,
    Always,
    Never,
}

/// The arguments of this process, or the exit code if there is nothing to run: help was asked
/// for, or the arguments are wrong.
pub(crate) fn parse() -> Result<Cli, ExitCode> {
    let wants = |flag: &str| std::env::args_os().any(|arg| arg == flag);
    let color = match (wants("--color=never"), wants("--color=always")) {
        (true, _) => ColorChoice::Never,
        (_, true) => ColorChoice::Always,
        _ => ColorChoice::Auto,
    };
    let parsed = Cli::command()
        .color(color)
        .try_get_matches()
        .and_then(|matches| Cli::from_arg_matches(&matches));
    parsed.map_err(|error| {
        if error.use_stderr() && wants("--json") {
            ui::refuse_arguments(&error.to_string());
        } else {
            // Help into a closed pipe is as good as read.
            let _ = error.print();
        }
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
    })
}

/// Examples stand before the list of flags.
pub(crate) const TEMPLATE: &str = "\
{about-with-newline}
{before-help}{usage-heading} {usage}

{all-args}{after-help}";

/// The same with a list of commands that fits 80x24.
const TIGHT: &str = "\
{about-with-newline}{before-help}{usage-heading} {usage}

Commands:
  init, id         Make a profile; show your contact card and fingerprint
  meet             Swap a message with everyone who gives the same passphrase
  invite, join     Leave a hidden link, and pass on one line; follow such a line
  invitations      Yours that can still be followed; take one back
  listen, call     Be there for calls; talk to somebody who listens
  chat             People, conversations and calls on one screen
  send-file        Send files to somebody who listens
  history          What was said in calls: read, search, export, forget
  contacts         Who you know; add, rename, remove
  verify           Compare fingerprints with somebody: nobody stands between
  home             The server that keeps your account: show or set it
  backup, restore  Your profile in one encrypted file, and back
  daemon           Calls for other programs, as JSON lines
  demo, doctor     The whole story on this machine; what is wrong, and where
  config           Show settings, and where they come from

Everywhere:
{options}{after-help}";

const EVERYWHERE: &str = "Everywhere";

const EXAMPLES: &str = "
Examples:
  entrenous demo                         the whole story, on this machine alone
  entrenous meet                         meet on this network
  entrenous meet --at https://host:7447  meet at a server
  entrenous init                         a profile, to know people by
  entrenous invite --at meet.example     a line for somebody who is elsewhere
  entrenous join                         follow such a line
  entrenous listen                       be there for a call, and print a link
  entrenous call tcp://192.0.2.1:7448    talk to whoever listens there
  entrenous chat                         both, and all you said, on one screen
  entrenous doctor                       what is wrong here, and what to do";

const EXIT_CODES: &str = "\
Results go to stdout, talk to stderr. Completions for a shell: `entrenous
completions bash` prints them (zsh, fish, elvish, powershell).

Exit codes:
  0  done                              4  a peer or server misbehaved
  1  something you can fix             5  a limit is reached
  2  wrong arguments                  70  a bug of ours
  3  network, peer or server away,   130  interrupted
     or time is up";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_fits_a_small_terminal() {
        let mut cli = Cli::command();
        cli.build();
        let mut commands = vec![cli];
        while let Some(mut command) = commands.pop() {
            commands.extend(command.get_subcommands().cloned());
            let short = command.render_help().to_string();
            assert!(short.lines().count() <= 23, "{short}");
            let long = command.render_long_help().to_string();
            assert!(long.contains("Examples:\n"), "{long}");
            for line in short.lines().chain(long.lines()) {
                assert!(line.chars().count() <= 80, "{line}");
            }
        }
    }

    #[test]
    fn every_command_is_in_the_list() {
        let cli = Cli::command();
        for command in cli.get_subcommands().filter(|one| !one.is_hide_set()) {
            let listed = TIGHT.lines().filter_map(|line| line.strip_prefix("  "));
            let names = listed.filter_map(|line| line.split("  ").next());
            let mut names = names.flat_map(|names| names.split(", "));
            let name = command.get_name();
            assert!(names.any(|one| one == name), "{name}");
        }
    }

    #[test]
    fn global_flags_work_in_any_position() {
        for line in ["entrenous --json demo", "entrenous demo --json"] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert!(cli.global.json, "{line}");
        }
    }
}
