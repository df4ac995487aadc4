use std::time::Duration;

use identity::{AgreementSecret, ContactToken, OfferHash};
use kernel::Time;
use primitives::Secret;
use rendezvous::bucket::{Host, Line, Link, LinkId, LinkKey, Passphrase};
use vault::Batch;
use wire::v1::KeptInvitation;

use crate::keep::KeepError;
use crate::node::Node;
use crate::records::{Kept, put, read};

/// An invitation of the owner's that may still be answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Invitation {
    /// Its name at the messaging server.
    pub id: LinkId,
    /// When it was made.
    pub made: Time,
    /// Until when it can be taken.
    pub until: Time,
    /// How often it can be taken in all.
    pub uses: u32,
    /// How many became contacts.
    pub joined: u32,
    /// What is passed on; `None` if it was made, but never shown.
    pub line: Option<Line>,
    /// What is passed on apart from the line, or with it.
    pub words: Passphrase,
}

/// The same, and what opens the answers.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) invitation: Invitation,
    pub(crate) host: Host,
    pub(crate) key: LinkKey,
    pub(crate) agreement: AgreementSecret,
    pub(crate) offer: OfferHash,
    pub(crate) token: ContactToken,
    /// The last answer that was read.
    pub(crate) answer: u64,
}

impl Node {
    /// The invitations that may still be answered, oldest first.
    ///
    /// # Errors
    ///
    /// [`KeepError`].
    pub async fn invitations(&self) -> Result<Vec<Invitation>, KeepError> {
        let open = self.open_invitations().await?;
        Ok(open.into_iter().map(|open| open.invitation).collect())
    }

    pub(crate) async fn open_invitations(&self) -> Result<Vec<Open>, KeepError> {
        let records = self.keep.list(KeptInvitation::KIND).await?;
        let open = records.iter().map(|record| {
            let broken = KeepError::Record {
                title: KeptInvitation::TITLE,
            };
            let id = record.name.as_slice().try_into().map_err(|_| broken)?;
            Open::read(LinkId::new(id), &read(record)?)
        });
        let mut open = open.collect::<Result<Vec<_>, _>>()?;
        open.sort_by_key(|open| open.invitation.made);
        Ok(open)
    }

    pub(crate) async fn open_invitation(&self, id: &LinkId) -> Result<Option<Open>, KeepError> {
        let record = self.keep.get(KeptInvitation::KIND, id.as_bytes()).await?;
        record
            .map(|record| Open::read(*id, &read(&record)?))
            .transpose()
    }

    pub(crate) async fn keep_invitation(&self, open: &Open) -> Result<(), KeepError> {
        let mut batch = Batch::new();
        open.put(&mut batch);
        self.keep.commit(batch).await
    }

    pub(crate) async fn drop_invitation(&self, id: &LinkId) -> Result<(), KeepError> {
        let mut batch = Batch::new();
        batch.remove(KeptInvitation::KIND, *id.as_bytes());
        self.keep.commit(batch).await
    }
}

impl Open {
    /// The link to it.
    pub(crate) fn link(&self) -> Link {
        Link::new(self.host.clone(), self.invitation.id, self.key.clone())
    }

    /// Whether no answer can come any more.
    pub(crate) fn is_over(&self, now: Time) -> bool {
        let Invitation {
            until,
            uses,
            joined,
            ..
        } = self.invitation;
        joined >= uses || until.after(ANSWERS_LAST) < now
    }

    /// Puts it into `batch` as it is to be kept.
    pub(crate) fn put(&self, batch: &mut Batch) {
        put(batch, self.invitation.id.as_bytes(), &self.write());
    }

    fn read(id: LinkId, kept: &KeptInvitation) -> Result<Self, KeepError> {
        let broken = || KeepError::Record {
            title: KeptInvitation::TITLE,
        };
        let secret = |bytes: &[u8]| bytes.try_into().map_err(|_| broken());
        let line = match kept.line.as_str() {
            "" => None,
            text => Some(Line::read(text).map_err(|_| broken())?.0),
        };
        Ok(Self {
            invitation: Invitation {
                id,
                made: Time::from_ms(kept.made_ms),
                until: Time::from_ms(kept.until_s.saturating_mul(1000)),
                uses: kept.uses,
                joined: kept.joined,
                line,
                words: Passphrase::new(&kept.words).map_err(|_| broken())?,
            },
            host: kept.host.parse().map_err(|_| broken())?,
            key: LinkKey::new(secret(&kept.key)?),
            agreement: AgreementSecret::new(Secret::new(secret(&kept.agreement)?)),
            offer: OfferHash::new(secret(&kept.offer)?),
            token: ContactToken::new(kept.token.as_slice().try_into().map_err(|_| broken())?),
            answer: kept.answer,
        })
    }

    fn write(&self) -> KeptInvitation {
        let invitation = &self.invitation;
        KeptInvitation {
            host: self.host.to_string(),
            key: self.key.secret().expose().to_vec(),
            agreement: self.agreement.secret().expose().to_vec(),
            offer: self.offer.as_bytes().to_vec(),
            token: self.token.as_bytes().to_vec(),
            made_ms: invitation.made.as_ms(),
            until_s: invitation.until.as_ms().div_euclid(1000),
            uses: invitation.uses,
            answer: self.answer,
            joined: invitation.joined,
            line: invitation
                .line
                .as_ref()
                .map_or_else(String::new, Line::to_string),
            words: invitation.words.expose().to_owned(),
        }
    }
}

/// How long after its end an invitation's answers are kept; spec 40, section 5.
const ANSWERS_LAST: Duration = Duration::from_secs(14 * 86_400);
