use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::args::{Cli, TEMPLATE};
use crate::failure::Failure;
use crate::ui::Ui;

/// Print completions for your shell
#[derive(Args, Debug)]
#[command(help_template = TEMPLATE, before_long_help = EXAMPLES)]
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
