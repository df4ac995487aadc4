use identity::{Card, ContactToken, IdentityChain, Merge, Name};
use kernel::Kind;
use vault::Batch;
use wire::v1::{KeptContact, KeptPin, KeptReached};

use crate::call::pins;
use crate::contact::{Contact, Origin};
use crate::keep::{Keep, KeepError};
use crate::node::Node;
use crate::now::{now, random};
use crate::records::{Kept, put, read};

/// A card that came, and what came with it.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) card: Card,
    /// The chain to which the card is current.
    pub(crate) chain: Option<IdentityChain>,
    pub(crate) origin: Origin,
    /// The token on the card that they have of us.
    pub(crate) token: ContactToken,
}

/// What a card that came changed.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Added {
    /// There is a new contact.
    New(Contact),
    /// The contact was there; the card is newer, or came in a better way, or says the same.
    Known(Contact),
    /// The contact has another identity key than before, by right: the account's chain says so. If
    /// fingerprints were compared, they have to be compared again.
    KeyChanged(Contact),
}

impl Added {
    /// The contact as it is now.
    #[must_use]
    pub const fn contact(&self) -> &Contact {
        match self {
            Self::New(contact) | Self::Known(contact) | Self::KeyChanged(contact) => contact,
        }
    }
}

impl Node {
    /// Everyone whose card is held, by name.
    ///
    /// # Errors
    ///
    /// [`KeepError`].
    pub async fn contacts(&self) -> Result<Vec<Contact>, KeepError> {
        contacts(&self.keep).await
    }

    /// The contact of this name; the beginning of one is enough if no other begins so, and letters may be
    /// of either case.
    ///
    /// # Errors
    ///
    /// See [`FindError`].
    pub async fn contact(&self, name: &str) -> Result<Contact, FindError> {
        named(self.contacts().await?, |contact| &contact.name, name)
    }

    /// Takes a card of anyone's, which came as `origin` says.
    ///
    /// # Errors
    ///
    /// See [`AddError`]; nothing changed then.
    pub async fn add(&self, card: Card, origin: Origin) -> Result<Added, AddError> {
        let arrival = Arrival {
            card,
            chain: None,
            origin,
            token: ContactToken::NONE,
        };
        self.arrive(arrival, Batch::new()).await
    }

    /// Makes a card for everyone in a meeting, and the token on it.
    ///
    /// # Errors
    ///
    /// [`KeepError`].
    pub async fn card_for_meeting(&self) -> Result<(Card, ContactToken), KeepError> {
        let token = ContactToken::new(random()?);
        let card = self.profile().await.card(token, now())?;
        Ok((card, token))
    }

    /// Takes a card from somebody who was met, and who got a card with `token`.
    ///
    /// # Errors
    ///
    /// See [`AddError`]; nothing changed then.
    pub async fn met(&self, card: Card, token: ContactToken) -> Result<Added, AddError> {
        let arrival = Arrival {
            card,
            chain: None,
            origin: Origin::Met,
            token,
        };
        self.arrive(arrival, Batch::new()).await
    }

    /// Keeps what came, together with the changes of `batch`.
    pub(crate) async fn arrive(
        &self,
        arrival: Arrival,
        mut batch: Batch,
    ) -> Result<Added, AddError> {
        let _turn = self.turn.lock().await;
        let user_id = arrival.card.user_id();
        if user_id == self.profile().await.user_id() {
            return Err(AddError::Own);
        }
        let record = self.keep.get(KeptContact::KIND, user_id.as_bytes()).await?;
        let added = match record {
            Some(record) => merge(Contact::read(&read(&record)?)?, arrival)?,
            None => Added::New(self.fresh(arrival).await?),
        };
        put(&mut batch, user_id.as_bytes(), &added.contact().write());
        // Who has a card needs no pin.
        let key = added.contact().card.key().ed25519();
        batch.remove(KeptPin::KIND, key.to_bytes());
        self.keep.commit(batch).await?;
        Ok(added)
    }

    async fn fresh(&self, arrival: Arrival) -> Result<Contact, KeepError> {
        let contacts = self.contacts().await?;
        let wanted = arrival.card.contents().name.clone();
        let mut pins = pins(&self.keep).await?;
        pins.retain(|pin| pin.key != *arrival.card.key().ed25519());
        let is_free = |name: &Name| {
            contacts.iter().all(|contact| contact.name != *name)
                && pins.iter().all(|pin| pin.name != *name)
        };
        Ok(Contact {
            name: free(wanted, is_free),
            card: arrival.card,
            chain: arrival.chain,
            origin: arrival.origin,
            since: now(),
            compared: None,
            token: arrival.token,
        })
    }

    /// Calls a contact otherwise.
    ///
    /// # Errors
    ///
    /// See [`FindError`]; nothing changed then.
    pub async fn rename(&self, contact: &Contact, name: Name) -> Result<Contact, FindError> {
        let _turn = self.turn.lock().await;
        let contacts = self.contacts().await?;
        let user_id = contact.user_id();
        if contacts
            .iter()
            .any(|other| other.name == name && other.user_id() != user_id)
        {
            return Err(FindError::Taken);
        }
        self.change(contact, |contact| contact.name = name).await
    }

    /// Remembers that fingerprints were compared with a contact, and are the same. `contact` is as it was
    /// when the person compared: if its key has changed since, nothing is remembered.
    ///
    /// # Errors
    ///
    /// See [`FindError`]; nothing changed then.
    pub async fn compared(&self, contact: &Contact) -> Result<Contact, FindError> {
        let _turn = self.turn.lock().await;
        self.change(contact, |contact| contact.compared = Some(now()))
            .await
    }

    /// Remembers that fingerprints were compared with a contact, and are not the same.
    ///
    /// # Errors
    ///
    /// See [`FindError`]; nothing changed then.
    pub async fn differs(&self, contact: &Contact) -> Result<Contact, FindError> {
        let _turn = self.turn.lock().await;
        self.change(contact, |contact| contact.compared = None)
            .await
    }

    /// Forgets a contact. They are not told, and keep the card that they have.
    ///
    /// # Errors
    ///
    /// [`KeepError`].
    pub async fn forget(&self, contact: &Contact) -> Result<(), KeepError> {
        let _turn = self.turn.lock().await;
        let mut batch = Batch::new();
        batch.remove(KeptContact::KIND, *contact.user_id().as_bytes());
        let key = contact.card.key().ed25519();
        batch.remove(KeptReached::KIND, key.to_bytes());
        self.keep.commit(batch).await
    }

    async fn change(
        &self,
        contact: &Contact,
        change: impl FnOnce(&mut Contact),
    ) -> Result<Contact, FindError> {
        let name = contact.user_id();
        let record = self.keep.get(KeptContact::KIND, name.as_bytes()).await?;
        let record = record.ok_or(FindError::None)?;
        let mut present = Contact::read(&read(&record)?)?;
        if present.card.key() != contact.card.key() {
            return Err(FindError::KeyChanged);
        }
        change(&mut present);
        let mut batch = Batch::new();
        put(&mut batch, name.as_bytes(), &present.write());
        self.keep.commit(batch).await?;
        Ok(present)
    }
}

/// Everyone whose card is held, by name.
pub(crate) async fn contacts(keep: &Keep) -> Result<Vec<Contact>, KeepError> {
    let records = keep.list(KeptContact::KIND).await?;
    let contacts = records.iter().map(|record| Contact::read(&read(record)?));
    let mut contacts = contacts.collect::<Result<Vec<_>, _>>()?;
    contacts.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(contacts)
}

/// The one of `people` who is called `name`, or whose name alone begins so.
pub(crate) fn named<T>(
    mut people: Vec<T>,
    name_of: impl Fn(&T) -> &Name,
    name: &str,
) -> Result<T, FindError> {
    let exact = |one: &T| name_of(one).as_str() == name;
    if let Some(at) = people.iter().position(exact) {
        return Ok(people.swap_remove(at));
    }
    let wanted = name.to_lowercase();
    people.retain(|one| name_of(one).as_str().to_lowercase().starts_with(&wanted));
    match (people.pop(), people.is_empty()) {
        (Some(one), true) if !wanted.is_empty() => Ok(one),
        (Some(_), _) => Err(FindError::Several),
        (None, _) => Err(FindError::None),
    }
}

/// What becomes of a known contact when another card of the same account comes.
fn merge(mut contact: Contact, arrival: Arrival) -> Result<Added, AddError> {
    let is_same_key = contact.card.key() == arrival.card.key();
    let grown = match (&mut contact.chain, arrival.chain) {
        (Some(held), Some(came)) => {
            let merge = held.merge(came).map_err(|_| AddError::Fork)?;
            matches!(merge, Merge::Extended | Merge::Recovered)
        }
        (held @ None, Some(came)) => {
            // Whoever holds a key without a chain learns here whose it is.
            if came.state().key != *contact.card.key() && !holds(&came, &contact.card) {
                return Err(AddError::OtherKey);
            }
            *held = Some(came);
            true
        }
        (_, None) => false,
    };
    if !is_same_key && !grown {
        // The chain held may already say that the new key is the right one.
        let chain = contact.chain.as_ref();
        if !chain.is_some_and(|chain| chain.state().key == *arrival.card.key()) {
            return Err(AddError::OtherKey);
        }
    }
    contact.origin = contact.origin.max(arrival.origin);
    if arrival.token != ContactToken::NONE {
        contact.token = arrival.token;
    }
    if is_same_key {
        if arrival.card.issued() >= contact.card.issued() {
            contact.card = arrival.card;
        }
        return Ok(Added::Known(contact));
    }
    contact.card = arrival.card;
    contact.compared = None;
    Ok(Added::KeyChanged(contact))
}

/// Whether `card` was once current to `chain`.
fn holds(chain: &IdentityChain, card: &Card) -> bool {
    let then = chain.state_at(card.generation());
    then.is_some_and(|state| state.key == *card.key())
}

/// `wanted`, or with the first number behind it that makes it free.
pub(crate) fn free(wanted: Name, is_free: impl Fn(&Name) -> bool) -> Name {
    let numbered = (2_u32..).map_while(|number| {
        let end = format!("-{number}");
        let room = Name::MAX.saturating_sub(end.len());
        let mut cut = wanted.as_str().len().min(room);
        while !wanted.as_str().is_char_boundary(cut) {
            cut = cut.saturating_sub(1);
        }
        let begin = wanted.as_str().get(..cut)?.trim_end();
        format!("{begin}{end}").parse().ok()
    });
    let mut names = std::iter::once(wanted.clone()).chain(numbered);
    names.find(is_free).unwrap_or(wanted)
}

/// Why a card was not taken. Nothing changed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AddError {
    /// It is the owner's own.
    #[error("this is your own contact card")]
    Own,
    /// The contact is known with another key, and nothing shows that the new one is theirs.
    #[error("a contact with this account is known, with another identity key")]
    OtherKey,
    /// The account has signed two histories.
    #[error("the account behind this contact card has two histories")]
    Fork,
    /// It could not be kept.
    #[error(transparent)]
    Keep(#[from] KeepError),
}

impl AddError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Own => Kind::BadInput,
            Self::OtherKey | Self::Fork => Kind::PeerMisbehaved,
            Self::Keep(error) => error.kind(),
        }
    }
}

/// Why a contact was not found or not changed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    /// There is none.
    #[error("no such contact")]
    None,
    /// Several contacts begin so.
    #[error("several contacts have a name that begins so")]
    Several,
    /// Another contact has this name.
    #[error("another contact has this name")]
    Taken,
    /// The contact's key has changed meanwhile.
    #[error("the contact's identity key has changed meanwhile")]
    KeyChanged,
    /// It could not be kept or read.
    #[error(transparent)]
    Keep(#[from] KeepError),
}

impl FindError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::None | Self::Several | Self::Taken => Kind::BadInput,
            Self::KeyChanged => Kind::PeerMisbehaved,
            Self::Keep(error) => error.kind(),
        }
    }
}

#[cfg(test)]
mod tests;
