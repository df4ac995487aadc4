use clap::{Args, Subcommand};
use node::{Invitation, Node};

use super::answered;
use crate::args::{Global, TEMPLATE};
use crate::config::Given;
use crate::event::{
    InvitationListed, InvitationWithdrawn, InvitationsDone, base64url_text, rfc3339,
};
use crate::failure::{Failure, failed};
use crate::profile::Opening;
use crate::stop::Stop;
use crate::ui::Ui;

/// Your invitations that can still be followed; take one back
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_long_help = EXAMPLES,
    disable_help_subcommand = true
)]
pub(crate) struct Invitations {
    #[command(subcommand)]
    what: Option<What>,
    /// Also show the words
    #[arg(long)]
    words: bool,
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    #[command(next_help_heading = "Servers")]
    given: Given,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Take an invitation back: nobody can follow it any more
    #[command(help_template = TEMPLATE, before_long_help = WITHDRAW_EXAMPLES)]
    Withdraw {
        /// Its number in the list
        number: usize,
    },
}

impl Invitations {
    pub(crate) async fn run(
        &self,
        global: &Global,
        ui: &mut Ui,
        mut stop: Stop,
    ) -> Result<(), Failure> {
        let stop = &mut stop;
        let opened = self.opening.open(global, &self.given, ui, stop).await?;
        let node = &opened.node;
        match &self.what {
            None => {
                answered::collect(node, ui, stop).await?;
                self.list(&invitations(node).await?, ui)?;
            }
            Some(What::Withdraw { number }) => withdraw(node, *number, ui).await?,
        }
        opened
            .node
            .close()
            .await
            .map_err(|error| failed(&error, error.kind()))
    }

    fn list(&self, invitations: &[Invitation], ui: &mut Ui) -> Result<(), Failure> {
        if ui.is_json() {
            for invitation in invitations {
                ui.event(&InvitationListed {
                    invitation: invitation.into(),
                })?;
            }
            let invitations = invitations.len();
            return ui.event(&InvitationsDone { invitations });
        }
        if invitations.is_empty() {
            ui.note(format_args!(
                "no invitation can be followed now: `entrenous invite`"
            ));
        }
        let rows: Vec<_> = (1_usize..)
            .zip(invitations)
            .map(|(number, invitation)| {
                let joined = format!("{} of {}", invitation.joined, invitation.uses);
                let until = format!("until {}", rfc3339(invitation.until));
                let line = invitation.line.as_ref();
                let line = line.map_or_else(|| "never shown".to_owned(), ToString::to_string);
                let words = match self.words {
                    true => invitation.words.expose().to_owned(),
                    false => String::new(),
                };
                [number.to_string(), joined, until, format!("{line} {words}")]
            })
            .collect();
        ui.table(&rows)
    }
}

async fn invitations(node: &Node) -> Result<Vec<Invitation>, Failure> {
    node.invitations()
        .await
        .map_err(|error| failed(&error, error.kind()))
}

async fn withdraw(node: &Node, number: usize, ui: &mut Ui) -> Result<(), Failure> {
    let invitations = invitations(node).await?;
    let place = number.checked_sub(1);
    let invitation = place
        .and_then(|place| invitations.get(place))
        .ok_or_else(|| {
            Failure::input(format!("there is no invitation number {number}"))
                .hint("`entrenous invitations` lists them")
        })?;
    let withdrawn = node.withdraw(&invitation.id).await;
    withdrawn.map_err(|error| {
        failed(&error, error.kind())
            .hint("it may be there still: try again when your home is there")
    })?;
    ui.note(format_args!("nobody can follow it any more"));
    ui.event(&InvitationWithdrawn {
        id: base64url_text(invitation.id.as_bytes()),
    })
}

const EXAMPLES: &str = "\
Examples:
  entrenous invitations
  entrenous invitations withdraw 1";

const WITHDRAW_EXAMPLES: &str = "\
Examples:
  entrenous invitations
  entrenous invitations withdraw 1";
