use std::path::PathBuf;

use clap::Args;
use node::Node;

use crate::args::{Global, TEMPLATE};
use crate::config::{Given, Settings};
use crate::event::{ProfileShown, base64url_text};
use crate::failure::{Failure, failed};
use crate::profile::{Opened, Opening};
use crate::qr::{self, Existing};
use crate::stop::Stop;
use crate::ui::{Ui, filter};

/// Show your contact card and fingerprint
#[derive(Args, Debug)]
#[command(help_template = TEMPLATE, before_long_help = EXAMPLES, after_long_help = NOTES)]
pub(crate) struct Id {
    /// Print the card alone, as text
    #[arg(long)]
    card: bool,
    /// Also show the card as a QR code
    #[arg(long)]
    qr: bool,
    /// Save the card as a QR code in this file
    #[arg(long, value_name = "PNG")]
    png: Option<PathBuf>,
    #[command(flatten)]
    opening: Opening,
}

impl Id {
    pub(crate) async fn run(
        &self,
        global: &Global,
        ui: &mut Ui,
        mut stop: Stop,
    ) -> Result<(), Failure> {
        let given = Given::default();
        let Opened { node, settings } = self.opening.open(global, &given, ui, &mut stop).await?;
        let card = node
            .card()
            .await
            .map_err(|error| failed(&error, error.kind()))?;
        match self.card && !ui.is_json() {
            true => ui.print(format!("{}\n", card.to_text()).as_bytes())?,
            false => show(&node, &settings, ui).await?,
        }
        if self.qr {
            qr::show(&card.to_qr(), "--png FILE", ui)?;
        }
        if let Some(path) = &self.png {
            qr::save(&card.to_qr(), path, Existing::Keep)?;
            ui.note(format_args!("the card is in {}", path.display()));
        }
        node.close()
            .await
            .map_err(|error| failed(&error, error.kind()))
    }
}

/// Shows who the owner of the profile is.
pub(super) async fn show(node: &Node, settings: &Settings, ui: &mut Ui) -> Result<(), Failure> {
    let card = node
        .card()
        .await
        .map_err(|error| failed(&error, error.kind()))?;
    let (name, home) = (node.name().await, node.home().await);
    let fingerprint = node.fingerprint().await;
    let event = ProfileShown {
        name: name.to_string(),
        profile: settings.profile.value.to_string(),
        user_id: base64url_text(node.user_id().await.as_bytes()),
        fingerprint: fingerprint.clone().into(),
        card: card.to_text(),
        home: home.as_ref().map(|(host, _)| host.to_string()),
        registered: home.as_ref().is_some_and(|(_, registered)| *registered),
    };
    if ui.is_json() {
        return ui.event(&event);
    }
    let home = match &home {
        Some((host, true)) => host.to_string(),
        Some((host, false)) => format!("{host} (asked, no answer yet)"),
        None => "none: `entrenous home set HOST`".to_owned(),
    };
    let rows = [
        ["name".to_owned(), filter::name(name.as_str())],
        ["words".to_owned(), fingerprint.to_words()],
        ["emoji".to_owned(), fingerprint.to_emoji()],
        ["home".to_owned(), home],
        ["card".to_owned(), card.to_text()],
    ];
    ui.table(&rows)
}

const EXAMPLES: &str = "\
Examples:
  entrenous id                who I am
  entrenous id --card         my card, to be pasted
  entrenous id --qr           my card, to be scanned
  entrenous id --json | jq -r .words";

const NOTES: &str = "\
Who gets your card can take it with `entrenous contacts add`. The words, or the
emoji, are what the two of you compare, by voice or face to face: if they see the
same for you as you do, nobody stands between. `entrenous verify NAME` asks.";
