//! What commands about the profile and its contacts tell programs.

use std::path::Path;

use identity::Fingerprint;
use node::call::Pin;
use node::{Contact, Invitation};
use serde::Serialize;

use super::{base64url_text, rfc3339};

/// Who the owner of a profile is.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "profile")]
pub(crate) struct ProfileShown {
    pub(crate) name: String,
    pub(crate) profile: String,
    pub(crate) user_id: String,
    #[serde(flatten)]
    pub(crate) fingerprint: Compared,
    pub(crate) card: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) home: Option<String>,
    pub(crate) registered: bool,
}

/// A fingerprint in the forms that people compare.
#[derive(Debug, Serialize)]
pub(crate) struct Compared {
    pub(crate) words: String,
    pub(crate) emoji: String,
    pub(crate) hex: String,
    pub(crate) sum: String,
}

/// The words of a recovery key, shown once.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "recovery_words")]
pub(crate) struct RecoveryWords<'a> {
    pub(crate) recovery_words: &'a str,
}

/// A contact as it is.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "contact")]
pub(crate) struct ContactShown {
    #[serde(flatten)]
    pub(crate) contact: Person,
}

/// Somebody became a contact, or came again.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "contact_added")]
pub(crate) struct ContactAdded {
    /// Whether they were no contact before.
    pub(crate) new: bool,
    /// Whether their identity key is another than before.
    pub(crate) key_changed: bool,
    #[serde(flatten)]
    pub(crate) contact: Person,
}

/// A contact, for programs.
#[derive(Debug, Serialize)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) card_name: String,
    pub(crate) user_id: String,
    #[serde(flatten)]
    pub(crate) fingerprint: Compared,
    pub(crate) card: String,
    pub(crate) origin: &'static str,
    pub(crate) since: String,
    pub(crate) verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) home: Option<String>,
}

/// Somebody who was talked to without a card.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "pin")]
pub(crate) struct PinShown {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) fingerprint: Compared,
    pub(crate) since: String,
    /// When the last call with them began.
    pub(crate) seen_at: String,
    pub(crate) verified: bool,
}

impl From<&Pin> for PinShown {
    fn from(pin: &Pin) -> Self {
        Self {
            name: pin.name.to_string(),
            fingerprint: pin.fingerprint().into(),
            since: rfc3339(pin.since),
            seen_at: rfc3339(pin.seen),
            verified: pin.compared.is_some(),
        }
    }
}

/// All contacts were told.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "contacts_done")]
pub(crate) struct ContactsDone {
    pub(crate) contacts: usize,
}

/// An invitation, to be passed on.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "invited")]
pub(crate) struct InvitationReady<'a> {
    #[serde(flatten)]
    pub(crate) invitation: InvitationShown,
    /// The line with the words; absent with `--split`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) joined_line: Option<&'a str>,
}

/// An invitation that may still be answered.
#[derive(Debug, Serialize)]
pub(crate) struct InvitationShown {
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<String>,
    pub(crate) passphrase: String,
    pub(crate) made: String,
    pub(crate) until: String,
    pub(crate) uses: u32,
    pub(crate) joined: u32,
}

/// One row of `invitations`.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "invitation")]
pub(crate) struct InvitationListed {
    #[serde(flatten)]
    pub(crate) invitation: InvitationShown,
}

/// A rendezvous server is not used.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "refused")]
pub(crate) struct ServerRefused<'a> {
    pub(crate) at: String,
    pub(crate) why: &'a str,
    pub(crate) text: &'a str,
}

/// Others who leave entries are waited for.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "cohort")]
pub(crate) struct Cohort {
    pub(crate) came: u32,
    pub(crate) wanted: u32,
}

/// Where the account is kept.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "home")]
pub(crate) struct HomeShown {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) home: Option<String>,
    pub(crate) registered: bool,
}

/// A file was written or read.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "backup_done")]
pub(crate) struct BackupDone<'a> {
    pub(crate) path: &'a Path,
    pub(crate) records: u64,
    pub(crate) revision: u64,
}

/// Somebody is no contact any more.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "contact_removed")]
pub(crate) struct ContactRemoved<'a> {
    pub(crate) name: &'a str,
}

/// An invitation was taken back.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "invitation_withdrawn")]
pub(crate) struct InvitationWithdrawn {
    pub(crate) id: String,
}

/// All invitations were told.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "invitations_done")]
pub(crate) struct InvitationsDone {
    pub(crate) invitations: usize,
}

impl From<Fingerprint> for Compared {
    fn from(fingerprint: Fingerprint) -> Self {
        Self {
            words: fingerprint.to_words(),
            emoji: fingerprint.to_emoji(),
            hex: fingerprint.to_hex(),
            sum: fingerprint.to_sum(),
        }
    }
}

impl From<&Contact> for Person {
    fn from(contact: &Contact) -> Self {
        let contents = contact.card.contents();
        Self {
            name: contact.name.to_string(),
            card_name: contents.name.to_string(),
            user_id: base64url_text(contact.user_id().as_bytes()),
            fingerprint: contact.fingerprint().into(),
            card: contact.card.to_text(),
            origin: contact.origin.name(),
            since: rfc3339(contact.since),
            verified: contact.compared.is_some(),
            home: contents.home.as_ref().map(|home| home.address().to_owned()),
        }
    }
}

impl From<&Invitation> for InvitationShown {
    fn from(invitation: &Invitation) -> Self {
        Self {
            id: base64url_text(invitation.id.as_bytes()),
            line: invitation.line.as_ref().map(ToString::to_string),
            passphrase: invitation.words.expose().to_owned(),
            made: rfc3339(invitation.made),
            until: rfc3339(invitation.until),
            uses: invitation.uses,
            joined: invitation.joined,
        }
    }
}
