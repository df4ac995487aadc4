mod completions;
mod config;
mod demo;
mod doctor;
mod meet;

use clap::Subcommand;

use crate::args::Global;
use crate::failure::Failure;
use crate::stop::Stop;
use crate::ui::Ui;

/// What the person wants done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Meet(Box<meet::Meet>),
    Demo(demo::Demo),
    Doctor(Box<doctor::Doctor>),
    Config(Box<config::Config>),
    Completions(completions::Completions),
}

impl Command {
    pub(crate) async fn run(
        &self,
        global: &Global,
        ui: &mut Ui,
        stop: Stop,
    ) -> Result<(), Failure> {
        match self {
            Self::Meet(meet) => meet.run(ui, stop).await,
            Self::Demo(demo) => demo.run(ui, stop).await,
            Self::Doctor(doctor) => doctor.run(global, ui, stop).await,
            Self::Config(config) => config.run(global, ui),
            Self::Completions(completions) => completions.run(ui),
        }
    }
}
