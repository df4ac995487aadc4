use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::args::{Cli, TEMPLATE};
use crate::failure::Failure;
use crate::ui::Ui;

/// Print completions for your shell
#[derive(Args, Debug)]
#[command(hide = true, help_template = TEMPLATE, before_long_help = EXAMPLES)]
pub(crate) struct Completions {
    /// bash, zsh, fish, elvish or powershell
    #[arg(hide_possible_values = true)]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self, ui: &mut Ui) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "entrenous", &mut script);
        ui.print(&script)
    }
}

const EXAMPLES: &str = "\
Examples:
  entrenous completions bash > ~/.local/share/bash-completion/completions/entrenous
  entrenous completions zsh  > ~/.zfunc/_entrenous
  entrenous completions fish > ~/.config/fish/completions/entrenous.fish";

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_shell_learns_the_commands_and_their_flags() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "entrenous", &mut script);
            let script = String::from_utf8(script).unwrap();
            for word in ["meet", "doctor", "config", "passphrase-file"] {
                assert!(script.contains(word), "{shell} does not know {word}");
            }
        }
    }
}
