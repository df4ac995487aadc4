mod edit;

use std::sync::Arc;

use identity::{IdentityPublic, Name};
use primitives::VerifyingKey;
use tokio::sync::Mutex;
use unicode_normalization::UnicodeNormalization;
use vault::Batch;
use wire::v1::{KeptPin, KeptReached};

use super::pin::{Known, Pin, Who, fingerprint};
use crate::contacts::{FindError, contacts, free, named};
use crate::keep::{Keep, KeepError};
use crate::node::Node;
use crate::now::now;
use crate::records::{Kept, put};

/// Whether fingerprints were compared before somebody was taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "yes or no")]
pub enum Seen {
    /// They were, and are the same.
    Compared,
    /// They were not.
    NotCompared,
}

/// Everyone whom the owner knows, for tasks that outlive a borrow of the node.
#[derive(Clone, Debug)]
pub(crate) struct People {
    pub(super) keep: Keep,
    /// Who changes a contact or a pin waits here.
    pub(super) turn: Arc<Mutex<()>>,
    /// How many pins there may be.
    most: usize,
}

impl People {
    pub(crate) const fn new(keep: Keep, turn: Arc<Mutex<()>>) -> Self {
        let most = Pin::MOST;
        Self { keep, turn, most }
    }

    /// Who shows `identity`, calling themselves `claim`; `wanted` is what the owner wants to call them.
    pub(super) async fn who(
        &self,
        identity: &IdentityPublic,
        claim: &str,
        wanted: Option<&Name>,
    ) -> Result<Who, KeepError> {
        let everyone = self.everyone().await?;
        let key = identity.ed25519();
        if let Some(known) = everyone.iter().find(|known| known.key() == key) {
            let known = known.clone();
            return Ok(match known.has_shown(identity) {
                true => Who::Known(known),
                false => Who::Changed(known),
            });
        }
        let names = [Some(claim), wanted.map(Name::as_str)].map(|name| name.map(plain));
        let is_taken = |name: &Name| names.contains(&Some(plain(name.as_str())));
        let changed = everyone.into_iter().find(|known| match known {
            Known::Contact(contact) => {
                is_taken(&contact.name) || is_taken(&contact.card.contents().name)
            }
            Known::Pin(pin) => is_taken(&pin.name),
        });
        Ok(changed.map_or(Who::Unknown, Who::Changed))
    }

    /// Who has `key`, if anybody does.
    pub(super) async fn of(&self, key: &VerifyingKey) -> Result<Option<Known>, KeepError> {
        let everyone = self.everyone().await?;
        Ok(everyone.into_iter().find(|known| known.key() == key))
    }

    /// Remembers that a session was established with the holder of `key`, who is called `wanted` if they
    /// were unknown.
    pub(super) async fn met(
        &self,
        key: &VerifyingKey,
        wanted: Name,
        seen: Seen,
    ) -> Result<Known, KeepError> {
        let _turn = self.turn.lock().await;
        let now = now();
        let everyone = self.everyone().await?;
        let mut batch = Batch::new();
        let mut known = match everyone.iter().find(|known| known.key() == key) {
            Some(known) => known.clone(),
            None => {
                self.make_room(key, &mut batch).await?;
                let is_free = |name: &Name| everyone.iter().all(|known| known.name() != name);
                Known::Pin(Box::new(Pin {
                    key: *key,
                    name: free(wanted, is_free),
                    since: now,
                    seen: now,
                    compared: None,
                }))
            }
        };
        let compared = (seen == Seen::Compared).then_some(now);
        match &mut known {
            Known::Contact(contact) => {
                if compared.is_some() {
                    contact.compared = compared;
                    put(&mut batch, contact.user_id().as_bytes(), &contact.write());
                }
            }
            Known::Pin(pin) => {
                pin.seen = now;
                pin.compared = compared.or(pin.compared);
                put(&mut batch, &pin.key.to_bytes(), &pin.write());
            }
        }
        if !batch.is_empty() {
            self.keep.commit(batch).await?;
        }
        Ok(known)
    }

    /// Contacts, then pins; each by name.
    async fn everyone(&self) -> Result<Vec<Known>, KeepError> {
        let contacts = contacts(&self.keep).await?.into_iter();
        let contacts = contacts.map(|contact| Known::Contact(Box::new(contact)));
        let pins = pins(&self.keep).await?.into_iter();
        let pins = pins.map(|pin| Known::Pin(Box::new(pin)));
        Ok(contacts.chain(pins).collect())
    }

    /// Forgets the pins that are over, and as many more as stand in the way of one for `key`.
    async fn make_room(&self, key: &VerifyingKey, batch: &mut Batch) -> Result<(), KeepError> {
        let now = now();
        let mut pins = all_pins(&self.keep).await?;
        pins.retain(|pin| pin.key != *key);
        pins.sort_by_key(|pin| (!pin.is_over(now), pin.compared.is_some(), pin.seen));
        let over = pins.iter().filter(|pin| pin.is_over(now)).count();
        let excess = pins.len().saturating_add(1).saturating_sub(self.most);
        // No more at a time than a commit takes; the others wait for the next.
        for pin in pins.iter().take(over.max(excess).min(AT_A_TIME)) {
            batch.remove(KeptPin::KIND, pin.key.to_bytes());
            batch.remove(KeptReached::KIND, pin.key.to_bytes());
        }
        Ok(())
    }
}

impl Node {
    /// Everyone who was talked to without a card, by name.
    ///
    /// # Errors
    ///
    /// [`KeepError`].
    pub async fn pins(&self) -> Result<Vec<Pin>, KeepError> {
        pins(&self.keep).await
    }

    /// Everyone who is known: contacts, then those who were talked to without a card; each by name.
    ///
    /// # Errors
    ///
    /// [`KeepError`].
    pub async fn everyone(&self) -> Result<Vec<Known>, KeepError> {
        self.people().everyone().await
    }

    /// Remembers whether fingerprints that were compared with somebody are the same. `known` is as it was
    /// when the person compared: if the key has changed since, nothing is remembered.
    ///
    /// # Errors
    ///
    /// See [`FindError`]; nothing changed then.
    pub async fn compared_with(&self, known: &Known, is_same: bool) -> Result<Known, FindError> {
        let pin = match (known, is_same) {
            (Known::Contact(contact), true) => return Ok(self.compared(contact).await?.into()),
            (Known::Contact(contact), false) => return Ok(self.differs(contact).await?.into()),
            (Known::Pin(pin), _) => pin,
        };
        let _turn = self.turn.lock().await;
        let record = self.keep.get(KeptPin::KIND, &pin.key.to_bytes()).await?;
        let mut pin = Pin::read(&record.ok_or(FindError::None)?)?;
        pin.compared = is_same.then(now);
        let mut batch = Batch::new();
        put(&mut batch, &pin.key.to_bytes(), &pin.write());
        self.keep.commit(batch).await?;
        Ok(Known::Pin(Box::new(pin)))
    }

    /// The contact or pin of this name, as [`contact`](Self::contact) finds contacts.
    ///
    /// # Errors
    ///
    /// See [`FindError`].
    pub async fn person(&self, name: &str) -> Result<Known, FindError> {
        let everyone = self.people().everyone().await?;
        named(everyone, Known::name, name)
    }

    /// Forgets somebody who was talked to without a card.
    ///
    /// # Errors
    ///
    /// [`KeepError`].
    pub async fn unpin(&self, pin: &Pin) -> Result<(), KeepError> {
        let _turn = self.turn.lock().await;
        let mut batch = Batch::new();
        batch.remove(KeptPin::KIND, pin.key.to_bytes());
        batch.remove(KeptReached::KIND, pin.key.to_bytes());
        self.keep.commit(batch).await
    }

    pub(crate) fn people(&self) -> People {
        People::new(self.keep.clone(), Arc::clone(&self.turn))
    }
}

/// The pins that are not over, by name.
pub(crate) async fn pins(keep: &Keep) -> Result<Vec<Pin>, KeepError> {
    let now = now();
    let mut pins = all_pins(keep).await?;
    pins.retain(|pin| !pin.is_over(now));
    pins.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(pins)
}

async fn all_pins(keep: &Keep) -> Result<Vec<Pin>, KeepError> {
    let records = keep.list(KeptPin::KIND).await?;
    records.iter().map(Pin::read).collect()
}

/// What somebody unknown is called: as they call themselves, as far as a name may be so.
pub(super) fn called(claim: &str, key: &VerifyingKey) -> Result<Name, KeepError> {
    let is_fine = |c: &char| *c == ' ' || c.to_string().parse::<Name>().is_ok();
    let mut name: String = claim.trim().chars().filter(is_fine).collect();
    while name.len() > Name::MAX {
        name.pop();
    }
    let name = name.trim().parse();
    name.or_else(|_| fingerprint(key).to_pseudonym().parse())
        .map_err(|_| KeepError::Bug("a pseudonym is a name"))
}

/// A name as it is compared.
fn plain(name: &str) -> String {
    let name: String = name.nfkc().collect();
    name.trim().to_lowercase()
}

const AT_A_TIME: usize = 1_000;

#[cfg(test)]
mod tests;
