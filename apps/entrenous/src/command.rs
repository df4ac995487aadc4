mod answered;
mod attend;
mod backup;
mod call;
mod chat;
mod completions;
mod config;
mod contacts;
mod daemon;
mod demo;
mod doctor;
mod history;
mod home;
mod id;
mod init;
mod invitations;
mod invite;
mod join;
pub(crate) mod listen;
mod man;
mod meet;
pub(crate) mod place;
mod relay;
mod restore;
mod send_file;
mod talk;
mod verify;

use clap::Subcommand;

use crate::args::Global;
use crate::failure::Failure;
use crate::stop::Stop;
use crate::ui::Ui;

/// What the person wants done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(Box<init::Init>),
    Id(id::Id),
    Meet(Box<meet::Meet>),
    Invite(Box<invite::Invite>),
    Join(Box<join::Join>),
    Invitations(Box<invitations::Invitations>),
    Listen(Box<listen::Listen>),
    Call(Box<call::Call>),
    Chat(Box<chat::Chat>),
    SendFile(Box<send_file::SendFile>),
    History(Box<history::History>),
    Contacts(Box<contacts::Contacts>),
    Verify(verify::Verify),
    Home(Box<home::HomeArgs>),
    Backup(backup::Backup),
    Restore(restore::Restore),
    Demo(demo::Demo),
    Doctor(Box<doctor::Doctor>),
    Config(Box<config::Config>),
    Daemon(Box<daemon::Daemon>),
    Completions(completions::Completions),
    Man(man::Man),
}

impl Command {
    pub(crate) async fn run(
        &self,
        global: &Global,
        ui: &mut Ui,
        stop: Stop,
    ) -> Result<(), Failure> {
        match self {
            Self::Init(init) => init.run(global, ui, stop).await,
            Self::Id(id) => id.run(global, ui, stop).await,
            Self::Meet(meet) => meet.run(global, ui, stop).await,
            Self::Invite(invite) => invite.run(global, ui, stop).await,
            Self::Join(join) => join.run(global, ui, stop).await,
            Self::Invitations(invitations) => invitations.run(global, ui, stop).await,
            Self::Listen(listen) => listen.run(global, ui, stop).await,
            Self::Call(call) => call.run(global, ui, stop).await,
            Self::Chat(chat) => chat.run(global, ui, stop).await,
            Self::SendFile(send) => send.run(global, ui, stop).await,
            Self::History(history) => history.run(global, ui, stop).await,
            Self::Contacts(contacts) => contacts.run(global, ui, stop).await,
            Self::Verify(verify) => verify.run(global, ui, stop).await,
            Self::Home(home) => home.run(global, ui, stop).await,
            Self::Backup(backup) => backup.run(global, ui, stop).await,
            Self::Restore(restore) => restore.run(global, ui, stop).await,
            Self::Demo(demo) => demo.run(ui, stop).await,
            Self::Doctor(doctor) => doctor.run(global, ui, stop).await,
            Self::Config(config) => config.run(global, ui),
            Self::Daemon(daemon) => daemon.run(global, ui, stop).await,
            Self::Completions(completions) => completions.run(ui),
            Self::Man(man) => man.run(),
        }
    }
}
