//! Contact cards as messages: who has a profile swaps its card, unless there is a message to give.

use identity::{Card, ContactToken};
use node::{AddError, Node};
use zeroize::Zeroizing;

use crate::command::contacts::{not_added, tell_added};
use crate::config::Settings;
use crate::failure::{Failure, Why, failed};
use crate::message::Limit;
use crate::profile::{self, Opening};
use crate::stop::Stop;
use crate::ui::Ui;

/// An open profile whose card is swapped.
#[derive(Debug)]
pub(super) struct Cards {
    node: Node,
    card: Card,
    /// On the card that everyone in this meeting gets.
    token: ContactToken,
}

impl Cards {
    /// Opens the profile, if there is one.
    pub(super) async fn open(
        opening: &Opening,
        settings: &Settings,
        ui: &mut Ui,
        stop: &mut Stop,
    ) -> Result<Option<Self>, Failure> {
        if !profile::exists(settings) {
            return Ok(None);
        }
        let opened = opening.open_with(settings.clone(), ui, stop).await;
        let node = opened.map_err(or_message)?.node;
        let made = node.card_for_meeting().await;
        let (card, token) = made.map_err(|error| failed(&error, error.kind()))?;
        Ok(Some(Self { node, card, token }))
    }

    /// The card as a message: as text, which people without a profile can read, or else as bytes.
    pub(super) fn message(&self, limit: Limit) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let (text, bytes) = (self.card.to_text(), self.card.as_bytes());
        let fits = |length: usize| length <= limit.bytes;
        match (fits(text.len()), fits(bytes.len())) {
            (true, _) => Ok(Zeroizing::new(text.into_bytes())),
            (false, true) => Ok(Zeroizing::new(bytes.to_vec())),
            (false, false) => Err(Failure::input(format!(
                "your contact card has {} bytes; at most {} fit: {}",
                bytes.len(),
                limit.bytes,
                limit.reason
            ))
            .hint("give a message with `--message TEXT`, or meet at a board with a name: `--board NAME`")),
        }
    }

    /// Takes the card of somebody who was met.
    pub(super) async fn take(&self, card: Card, ui: &mut Ui) -> Result<(), Failure> {
        match self.node.met(card, self.token).await {
            Ok(added) => tell_added(&added, ui),
            Err(AddError::Keep(error)) => Err(failed(&error, error.kind())),
            Err(error) => {
                let failure = not_added(&error);
                let hint = failure
                    .hint
                    .map_or_else(String::new, |hint| format!("; {hint}"));
                ui.warn(&format!(
                    "their contact card is not taken: {}{hint}",
                    failure.text
                ))
            }
        }
    }

    /// Closes the profile.
    pub(super) async fn close(self) -> Result<(), Failure> {
        self.node
            .close()
            .await
            .map_err(|error| failed(&error, error.kind()))
    }
}

/// The card that `payload` is, in any of its forms; it may come from anyone.
pub(super) fn read(payload: &[u8]) -> Option<Card> {
    if let Ok(card) = Card::decode(payload) {
        return Some(card);
    }
    str::from_utf8(payload).ok()?.trim().parse().ok()
}

/// Who cannot or will not open the profile may still give a message.
fn or_message(failure: Failure) -> Failure {
    match (failure.why, &failure.hint) {
        (Why::Usage, Some(hint)) => {
            let hint = format!("{hint}, or give a message with `--message TEXT`");
            failure.hint(hint)
        }
        _ => failure,
    }
}
