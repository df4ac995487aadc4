use std::path::PathBuf;

use clap::{Args, Subcommand};
use identity::Card;
use node::call::{Known, Pin};
use node::{AddError, Added, Contact, FindError, Node, Origin};
use zeroize::Zeroizing;

use super::answered;
use super::call::not_known;
use crate::args::{Global, TEMPLATE};
use crate::config::Given;
use crate::event::{ContactAdded, ContactRemoved, ContactShown, ContactsDone, PinShown};
use crate::failure::{Failure, failed};
use crate::message;
use crate::profile::{Opened, Opening};
use crate::qr::{self, Existing};
use crate::stop::Stop;
use crate::ui::{Ui, filter};

/// Who you know; add, rename, remove
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_long_help = EXAMPLES,
    after_long_help = NOTES,
    disable_help_subcommand = true
)]
pub(crate) struct Contacts {
    #[command(subcommand)]
    what: Option<What>,
    /// Do not ask the server who has followed your invitations
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    #[command(next_help_heading = "Servers")]
    given: Given,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Take a card that somebody sent you
    #[command(help_template = TEMPLATE, before_long_help = ADD_EXAMPLES)]
    Add {
        /// The card, `entrenous:c/...`; - for stdin
        card: String,
    },
    /// Show one contact
    #[command(help_template = TEMPLATE, before_long_help = SHOW_EXAMPLES)]
    Show {
        /// Who; the beginning of the name is enough
        name: String,
        /// Also show their card as a QR code
        #[arg(long)]
        qr: bool,
        /// Save their card as a QR code in this file
        #[arg(long, value_name = "PNG")]
        png: Option<PathBuf>,
    },
    /// Call a contact otherwise
    #[command(help_template = TEMPLATE, before_long_help = RENAME_EXAMPLES)]
    Rename {
        /// Who; the beginning of the name is enough
        name: String,
        /// What you call them from now on
        new: String,
    },
    /// Forget a contact; they are not told
    #[command(help_template = TEMPLATE, before_long_help = REMOVE_EXAMPLES)]
    Remove {
        /// Who: the whole name
        name: String,
    },
}

impl Contacts {
    pub(crate) async fn run(
        &self,
        global: &Global,
        ui: &mut Ui,
        mut stop: Stop,
    ) -> Result<(), Failure> {
        let stop = &mut stop;
        let given = self.card(stop, ui).await?;
        let opened = self.opening.open(global, &self.given, ui, stop).await?;
        let node = &opened.node;
        match (&self.what, given) {
            (Some(What::Add { .. }), Some(card)) => add(node, card, ui).await?,
            (Some(What::Show { name, qr, png }), _) => {
                let contact = find(node, name).await?;
                tell(&contact, ui)?;
                if *qr {
                    qr::show(&contact.card.to_qr(), "--png FILE", ui)?;
                }
                if let Some(path) = png {
                    qr::save(&contact.card.to_qr(), path, Existing::Keep)?;
                    ui.note(format_args!("their card is in {}", path.display()));
                }
            }
            (Some(What::Rename { name, new }), _) => rename(node, name, new, ui).await?,
            (Some(What::Remove { name }), _) => remove(node, name, ui).await?,
            (Some(What::Add { .. }) | None, _) => self.list(&opened, ui, stop).await?,
        }
        opened
            .node
            .close()
            .await
            .map_err(|error| failed(&error, error.kind()))
    }

    /// The card to be added, read before anything is asked for.
    async fn card(&self, stop: &mut Stop, ui: &mut Ui) -> Result<Option<Card>, Failure> {
        let Some(What::Add { card }) = &self.what else {
            return Ok(None);
        };
        if card == "-" && self.opening.takes_stdin() {
            return Err(Failure::usage(
                "card and passphrase cannot both come from stdin",
            ));
        }
        let bytes = match card.as_str() {
            "-" => message::read(Some("-"), ui, stop).await?,
            text => Zeroizing::new(text.as_bytes().to_vec()),
        };
        let text = String::from_utf8_lossy(&bytes);
        let card = text.trim().parse::<Card>();
        card.map(Some).map_err(|error| {
            failed(&error, error.kind())
                .hint("a card begins with entrenous:c/ and is one long word")
        })
    }

    async fn list(&self, opened: &Opened, ui: &mut Ui, stop: &mut Stop) -> Result<(), Failure> {
        let Opened { node, .. } = opened;
        if !self.offline {
            answered::collect(node, ui, stop).await?;
        }
        let contacts = node
            .contacts()
            .await
            .map_err(|error| failed(&error, error.kind()))?;
        let pins = node.pins().await;
        let pins = pins.map_err(|error| failed(&error, error.kind()))?;
        if ui.is_json() {
            for contact in &contacts {
                ui.event(&ContactShown {
                    contact: contact.into(),
                })?;
            }
            for pin in &pins {
                ui.event(&PinShown::from(pin))?;
            }
            let contacts = contacts.len();
            return ui.event(&ContactsDone { contacts });
        }
        if contacts.is_empty() && pins.is_empty() {
            ui.note(format_args!(
                "no contacts yet: `entrenous meet` on the same network, or `entrenous invite`"
            ));
        }
        let rows = contacts.iter().map(row).chain(pins.iter().map(pin_row));
        let rows: Vec<_> = rows.collect();
        ui.table(&rows)
    }
}

fn row(contact: &Contact) -> [String; 3] {
    let standing = match (contact.compared, contact.origin) {
        (Some(_), _) => "verified",
        (None, Origin::Link) => "by link",
        (None, Origin::Met) => "met",
        (None, _) => "given",
    };
    let words = contact.fingerprint().to_words();
    [
        filter::name(contact.name.as_str()),
        standing.to_owned(),
        words,
    ]
}

/// Somebody who was talked to without a card.
fn pin_row(pin: &Pin) -> [String; 3] {
    let standing = match pin.compared {
        Some(_) => "verified",
        None => "talked to",
    };
    [
        filter::name(pin.name.as_str()),
        standing.to_owned(),
        pin.fingerprint().to_words(),
    ]
}

/// Shows somebody who is known.
pub(crate) fn tell_known(known: &Known, ui: &mut Ui) -> Result<(), Failure> {
    match known {
        Known::Contact(contact) => tell(contact, ui),
        Known::Pin(pin) if ui.is_json() => ui.event(&PinShown::from(&**pin)),
        Known::Pin(pin) => ui.table(&[pin_row(pin)]),
    }
}

/// Shows one contact.
pub(crate) fn tell(contact: &Contact, ui: &mut Ui) -> Result<(), Failure> {
    if ui.is_json() {
        return ui.event(&ContactShown {
            contact: contact.into(),
        });
    }
    let contents = contact.card.contents();
    let home = contents.home.as_ref().map_or("none", |home| home.address());
    let [name, standing, words] = row(contact);
    ui.table(&[
        ["name".to_owned(), name],
        [
            "calls themselves".to_owned(),
            filter::name(contents.name.as_str()),
        ],
        ["known".to_owned(), standing],
        ["words".to_owned(), words],
        ["emoji".to_owned(), contact.fingerprint().to_emoji()],
        ["home".to_owned(), home.to_owned()],
        ["card".to_owned(), contact.card.to_text()],
    ])
}

/// Says that somebody became a contact, or came again, and what to think of it.
pub(crate) fn tell_added(added: &Added, ui: &mut Ui) -> Result<(), Failure> {
    let contact = added.contact();
    let name = filter::name(contact.name.as_str());
    let is_changed = matches!(added, Added::KeyChanged(_));
    ui.event(&ContactAdded {
        new: matches!(added, Added::New(_)),
        key_changed: is_changed,
        contact: contact.into(),
    })?;
    if is_changed {
        ui.warn(&format!(
            "{name} has another identity key than before, by right; compare again: `entrenous verify {}`",
            filter::argument(contact.name.as_str())
        ))?;
    }
    if ui.is_json() {
        return Ok(());
    }
    let said = match added {
        Added::New(_) => "is a contact now",
        _ => "was a contact already",
    };
    let [_, _, words] = row(contact);
    ui.print(format!("{name} {said}: {words}\n").as_bytes())?;
    if contact.compared.is_none() {
        ui.note(format_args!(
            "to be sure that it is them, compare the words: `entrenous verify {}`",
            filter::argument(contact.name.as_str())
        ));
    }
    Ok(())
}

async fn add(node: &Node, card: Card, ui: &mut Ui) -> Result<(), Failure> {
    let added = node.add(card, Origin::Given).await;
    tell_added(&added.map_err(|error| not_added(&error))?, ui)
}

async fn rename(node: &Node, name: &str, new: &str, ui: &mut Ui) -> Result<(), Failure> {
    let contact = find(node, name).await?;
    let new = new.parse().map_err(|error: identity::TextError| {
        failed(&error, error.kind()).text(format!("a name of 1 to 64 bytes is needed: {error}"))
    })?;
    let renamed = node.rename(&contact, new).await;
    tell(&renamed.map_err(|error| not_found(&error, name))?, ui)
}

async fn remove(node: &Node, name: &str, ui: &mut Ui) -> Result<(), Failure> {
    let known = node.person(name).await;
    let known = known.map_err(|error| not_known(&error, name))?;
    if known.name().as_str() != name {
        let full = filter::name(known.name().as_str());
        return Err(Failure::input(format!(
            "to remove {full}, give the whole name"
        )));
    }
    let removed = match &known {
        Known::Contact(contact) => node.forget(contact).await,
        Known::Pin(pin) => node.unpin(pin).await,
    };
    removed.map_err(|error| failed(&error, error.kind()))?;
    let quoted = filter::name(name);
    let now = match known {
        Known::Contact(_) => "no contact any more",
        Known::Pin(_) => "unknown again",
    };
    ui.note(format_args!("{quoted} is {now}"));
    ui.event(&ContactRemoved { name })
}

async fn find(node: &Node, name: &str) -> Result<Contact, Failure> {
    node.contact(name)
        .await
        .map_err(|error| not_found(&error, name))
}

/// What to say about a contact that is not there, or not changed.
pub(crate) fn not_found(error: &FindError, name: &str) -> Failure {
    let failure = failed(error, error.kind());
    match error {
        FindError::None => failure
            .text(format!("you have no contact {}", filter::name(name)))
            .hint("`entrenous contacts` lists them"),
        FindError::Several => failure
            .text(format!(
                "several contacts have a name that begins with {}",
                filter::name(name)
            ))
            .hint("`entrenous contacts` lists them"),
        FindError::Taken => failure.hint("choose another name"),
        FindError::KeyChanged => failure.hint("look again, and compare again"),
        _ => failure,
    }
}

/// What to say about a card that is not taken.
pub(crate) fn not_added(error: &AddError) -> Failure {
    let failure = failed(error, error.kind());
    match error {
        AddError::OtherKey => failure.hint(
            "somebody may be posing as them. Ask them, by voice, whether they have a new key; if so, \
             remove the old contact first: `entrenous contacts remove NAME`",
        ),
        AddError::Fork => failure.hint("their keys are in the hands of two people; ask them"),
        _ => failure,
    }
}

const EXAMPLES: &str = "\
Examples:
  entrenous contacts                      who you know
  entrenous contacts show alice           one of them, with everything
  entrenous contacts add entrenous:c/...  take a card that you were sent
  entrenous contacts rename alice \"Alice from work\"";

const ADD_EXAMPLES: &str = "\
Examples:
  entrenous contacts add entrenous:c/...
  entrenous contacts add - < card";

const SHOW_EXAMPLES: &str = "\
Examples:
  entrenous contacts show alice
  entrenous contacts show alice --qr";

const RENAME_EXAMPLES: &str = "\
Examples:
  entrenous contacts rename alice \"Alice from work\"";

const REMOVE_EXAMPLES: &str = "\
Examples:
  entrenous contacts remove Alice";

const NOTES: &str = "\
How you know somebody: `verified` (you compared fingerprints), `by link` (they
followed your invitation, or you theirs), `met` (they knew a passphrase of
yours), `given` (you were sent the card).";
