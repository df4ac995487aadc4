//! Whether somebody is who they say.

use identity::Fingerprint;
use kernel::Kind;
use node::call::{Introduced, Seen, Talk, Told, Who};

use super::Chat;
use super::lines::Line;
use crate::event::PersonIntroduced;
use crate::failure::Failure;
use crate::ui::{Ui, filter};

/// What the person says about somebody.
#[derive(Debug)]
pub(super) enum Answer {
    Yes(Seen),
    No,
    /// Nobody can be asked.
    Nobody,
    /// The call ended, or the person stops, while it was asked.
    Told(Option<Told>),
    Stopped,
}

impl Chat<'_> {
    /// Shows who somebody is, and asks whether they are wanted.
    pub(super) async fn ask(
        &mut self,
        who: &Introduced,
        talk: &mut Talk,
    ) -> Result<Answer, Failure> {
        self.ui.event(&PersonIntroduced::from(who))?;
        if let Who::Changed(known) = &who.who {
            let name = filter::name(known.name().as_str());
            self.ui.warn(&format!(
                "{name} has ANOTHER KEY here than the one you know: a new device, somebody else of that \
                 name, or somebody who pretends to be them"
            ))?;
        }
        if !self.ui.can_ask() {
            return Ok(Answer::Nobody);
        }
        self.ui.waited();
        let (question, seen) = match &who.who {
            Who::Known(known) => {
                let name = filter::name(known.name().as_str());
                (format!("Talk to {name}? [y/N]"), Seen::NotCompared)
            }
            Who::Changed(_) | Who::Unknown => {
                show(self.ui, &who.claim, &who.fingerprint);
                ("The same on their screen? [y/N]".to_owned(), Seen::Compared)
            }
        };
        self.lines.forget();
        self.ui.ask(&question);
        loop {
            let line = tokio::select! {
                biased;
                () = self.stop.wanted() => {
                    self.ui.end_line();
                    return Ok(Answer::Stopped);
                }
                told = talk.next() => {
                    self.ui.end_line();
                    return Ok(Answer::Told(told));
                }
                line = self.lines.next() => line,
            };
            let answer = match line {
                Some(Line::Text(text)) => text.trim().to_ascii_lowercase(),
                Some(_) => String::new(),
                None => "n".to_owned(),
            };
            match answer.as_str() {
                "y" | "yes" => return Ok(Answer::Yes(seen)),
                "" | "n" | "no" | "/quit" => return Ok(Answer::No),
                _ => self.ui.ask("yes or no? [y/N]"),
            }
        }
    }
}

/// Shows what the two compare, however little is said else.
fn show(ui: &mut Ui, claim: &str, fingerprint: &Fingerprint) {
    let claim = filter::name(claim);
    for row in [
        format!(
            "somebody you do not know, who goes by {claim}; their screen must show, as their own key:"
        ),
        fingerprint.to_emoji(),
        fingerprint.to_words(),
        fingerprint.to_hex(),
        "compare by voice or face to face; programs of others may hang up after 30 s".to_owned(),
    ] {
        ui.remark(&row);
    }
}

/// Why a call with somebody who was not taken did not come about.
pub(super) fn refused(who: &Introduced, is_asked: bool) -> Failure {
    let claim = filter::name(&who.claim);
    match &who.who {
        Who::Changed(known) => Failure::new(
            Kind::PeerMisbehaved,
            format!(
                "whoever is there goes by {claim} and has another key than {}",
                filter::name(known.name().as_str())
            ),
        )
        .hint("ask them, on another way, whether they have a new key, and compare it"),
        _ if is_asked => Failure::input(format!("not talked to {claim}: you did not say yes"))
            .hint("the fingerprints differ? Then somebody stands between: try another network"),
        _ => Failure::usage(format!(
            "{claim} is not known, and nobody is here to say whether it is them"
        ))
        .hint(
            "call by a link with their fingerprint, `tcp://HOST:PORT?fp=...` as their `entrenous listen` \
             prints it, or take their card first: `entrenous contacts add`",
        ),
    }
}
