//! What `listen` and `call` tell programs.

use channel::End;
use node::call::{Ending, Introduced, Known, Message, Retry, Who};
use serde::Serialize;

use super::people::Compared;
use super::{base64url_text, now, rfc3339};

/// Calls are taken from now on.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "listening")]
pub(crate) struct Listening {
    pub(crate) address: String,
    /// Absent if it is not known under which address others reach this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<String>,
}

/// Somebody calls.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "incoming")]
pub(crate) struct Incoming {
    pub(crate) from: String,
}

/// Somebody says to be this.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "introduced")]
pub(crate) struct PersonIntroduced<'a> {
    pub(crate) claim: &'a str,
    pub(crate) who: &'static str,
    /// Who is known by this key, or by this name with another key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<&'a str>,
    #[serde(flatten)]
    pub(crate) fingerprint: Compared,
}

/// The call has begun.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "established")]
pub(crate) struct CallEstablished<'a> {
    pub(crate) name: &'a str,
    pub(crate) contact: bool,
    pub(crate) verified: bool,
    pub(crate) resumed: bool,
    #[serde(flatten)]
    pub(crate) fingerprint: Compared,
}

/// They said something.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "message")]
pub(crate) struct MessageCame<'a> {
    pub(crate) name: &'a str,
    pub(crate) payload: String,
    /// Absent if the payload is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<&'a str>,
    pub(crate) at: String,
    pub(crate) sent_at: String,
}

/// The connection is gone.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "lost")]
pub(crate) struct ConnectionLost {
    pub(crate) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attempt: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attempts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after_s: Option<u64>,
}

/// There is a connection again.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "resumed")]
pub(crate) struct CallResumed {
    /// Whether it is the same session.
    pub(crate) same_session: bool,
}

/// The call is over.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "ended")]
pub(crate) struct CallEnded {
    pub(crate) reason: &'static str,
    pub(crate) text: String,
    pub(crate) unsent: usize,
}

impl<'a> From<&'a Introduced> for PersonIntroduced<'a> {
    fn from(introduced: &'a Introduced) -> Self {
        let (who, known) = match &introduced.who {
            Who::Known(known) => ("known", Some(known)),
            Who::Changed(known) => ("key_changed", Some(known)),
            Who::Unknown => ("unknown", None),
        };
        Self {
            claim: &introduced.claim,
            who,
            name: known.map(|known| known.name().as_str()),
            fingerprint: introduced.fingerprint.clone().into(),
        }
    }
}

impl<'a> CallEstablished<'a> {
    pub(crate) fn new(with: &'a Known, resumed: bool) -> Self {
        Self {
            name: with.name().as_str(),
            contact: matches!(with, Known::Contact(_)),
            verified: with.compared().is_some(),
            resumed,
            fingerprint: with.fingerprint().into(),
        }
    }
}

impl<'a> MessageCame<'a> {
    pub(crate) fn new(name: &'a str, message: &'a Message) -> Self {
        Self {
            name,
            payload: base64url_text(&message.text),
            text: std::str::from_utf8(&message.text).ok(),
            at: now(),
            sent_at: rfc3339(message.sent),
        }
    }
}

impl ConnectionLost {
    pub(crate) fn new(why: End, retry: Option<Retry>) -> Self {
        Self {
            text: why.to_string(),
            attempt: retry.map(|retry| retry.number),
            attempts: retry.map(|retry| retry.of),
            after_s: retry.map(|retry| retry.after.as_secs()),
        }
    }
}

impl CallEnded {
    pub(crate) fn new(how: &Ending, unsent: usize) -> Self {
        Self {
            reason: reason(how),
            text: how.to_string(),
            unsent,
        }
    }
}

fn reason(how: &Ending) -> &'static str {
    match how {
        Ending::Channel(End::Left) => "left",
        Ending::Channel(End::Closed) => "closed",
        Ending::Channel(End::Rejected) => "refused",
        Ending::Channel(End::Lost | End::Silent) | Ending::NotBack => "lost",
        Ending::Channel(End::Late) => "late",
        Ending::Channel(End::NotKept) | Ending::Keep(_) => "not_kept",
        Ending::Channel(End::Incompatible { .. }) => "incompatible",
        Ending::OtherKey => "other_key",
        _ => "failed",
    }
}
