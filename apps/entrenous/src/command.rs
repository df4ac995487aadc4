mod completions;
mod demo;
mod meet;

use clap::Subcommand;

use crate::failure::Failure;
use crate::stop::Stop;
use crate::ui::Ui;

/// What the person wants done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Meet(Box<meet::Meet>),
    Demo(demo::Demo),
    Completions(completions::Completions),
}

impl Command {
    pub(crate) async fn run(&self, ui: &mut Ui, stop: Stop) -> Result<(), Failure> {
        match self {
            Self::Meet(meet) => meet.run(ui, stop).await,
            Self::Demo(demo) => demo.run(ui, stop).await,
            Self::Completions(completions) => completions.run(ui),
        }
    }
}
