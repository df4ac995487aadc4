//! What `listen` and `call` tell programs.

use node::call::{End, Ending, FileId, Introduced, Known, Message, Mode, Path, Retry, Way, Who};
use node::{Line, Side, Standing};
use serde::Serialize;

use super::people::Compared;
use super::{base64url_text, now, rfc3339};

/// Calls are taken from now on.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "listening")]
pub(crate) struct Listening {
    /// `TCP`, `UDP`, `QUIC`, or the broker or relay.
    pub(crate) path: String,
    /// Of this machine; absent where a server leads here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
    /// Absent if it is not known under which address others reach this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<String>,
}

/// Somebody calls.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "incoming")]
pub(crate) struct Incoming {
    pub(crate) path: String,
    /// Absent through a relay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<String>,
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
    /// What both sides speak: `kamune`, or `entrenous`, which is more.
    pub(crate) mode: &'static str,
    /// By which way the connection came about.
    pub(crate) path: String,
    #[serde(flatten)]
    pub(crate) fingerprint: Compared,
}

/// They said something.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "message")]
pub(crate) struct MessageCame<'a> {
    pub(crate) name: &'a str,
    /// The number of the line.
    pub(crate) line: u64,
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
    /// By which way it came about.
    pub(crate) path: String,
}

/// The call is over.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "ended")]
pub(crate) struct CallEnded {
    pub(crate) reason: &'static str,
    pub(crate) text: String,
    pub(crate) waiting: usize,
}

/// A relay or broker waits with us for callers, or does not.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "server")]
pub(crate) struct ServerWaits {
    pub(crate) path: String,
    pub(crate) waits: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) again_s: Option<u64>,
}

/// The person said something, and it is kept.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "said")]
pub(crate) struct LineSaid {
    /// The number of the line.
    pub(crate) line: u64,
}

/// How far lines of the person are.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "standing")]
pub(crate) struct LinesStand<'a> {
    pub(crate) lines: &'a [u64],
    /// `delivered`: they keep them; `sent`: nobody will say whether they came.
    pub(crate) standing: &'static str,
}

/// Something that was said.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "line")]
pub(crate) struct LineShown<'a> {
    /// With whom.
    pub(crate) name: &'a str,
    /// Its number.
    pub(crate) line: u64,
    /// `you` or `them`.
    pub(crate) by: &'static str,
    /// `waiting`, `sent` or `delivered`.
    pub(crate) standing: &'static str,
    pub(crate) payload: String,
    /// Absent if the payload is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<&'a str>,
    pub(crate) written_at: String,
    pub(crate) known_at: String,
}

/// How much was said with somebody.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "conversation")]
pub(crate) struct ConversationShown<'a> {
    pub(crate) name: &'a str,
    pub(crate) lines: u64,
    pub(crate) unseen: u64,
    pub(crate) waiting: usize,
}

/// How far a file is.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "file")]
pub(crate) struct FileStands {
    /// By which it is named in this call.
    number: usize,
    /// 64 hexadecimal digits, the same on both sides and in every call.
    id: String,
    /// `out`, or `in`.
    way: &'static str,
    standing: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

impl FileStands {
    pub(crate) fn new(number: usize, id: FileId, standing: &'static str) -> Self {
        Self {
            number,
            id: id.to_string(),
            way: match id.way() {
                Way::Out => "out",
                Way::In => "in",
            },
            standing,
            name: None,
            size: None,
            done: None,
            path: None,
            text: None,
        }
    }

    #[must_use]
    pub(crate) fn file(mut self, name: &str, size: u64) -> Self {
        (self.name, self.size) = (Some(name.to_owned()), Some(size));
        self
    }

    #[must_use]
    pub(crate) fn done(mut self, done: u64, of: Option<u64>) -> Self {
        (self.done, self.size) = (Some(done), of);
        self
    }

    #[must_use]
    pub(crate) fn path(mut self, path: &std::path::Path) -> Self {
        self.path = Some(path.to_string_lossy().into_owned());
        self
    }

    #[must_use]
    pub(crate) fn text(mut self, text: String) -> Self {
        self.text = Some(text);
        self
    }
}

/// That was all.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "done")]
pub(crate) struct HistoryDone {
    /// How many lines were shown or written.
    pub(crate) lines: usize,
}

impl<'a> LineShown<'a> {
    pub(crate) fn new(name: &'a str, line: &'a Line) -> Self {
        Self {
            name,
            line: line.number,
            by: match line.side {
                Side::Own => "you",
                Side::Theirs => "them",
            },
            standing: match line.standing {
                Standing::Waiting => "waiting",
                Standing::Sent => "sent",
                Standing::Delivered => "delivered",
            },
            payload: base64url_text(&line.text),
            text: std::str::from_utf8(&line.text).ok(),
            written_at: rfc3339(line.written),
            known_at: rfc3339(line.known),
        }
    }
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
    pub(crate) fn new(with: &'a Known, resumed: bool, mode: Mode, path: &Path) -> Self {
        Self {
            name: with.name().as_str(),
            contact: matches!(with, Known::Contact(_)),
            verified: with.compared().is_some(),
            resumed,
            mode: match mode {
                Mode::Kamune => "kamune",
                Mode::Ours => "entrenous",
            },
            path: path.to_string(),
            fingerprint: with.fingerprint().into(),
        }
    }
}

impl<'a> MessageCame<'a> {
    pub(crate) fn new(name: &'a str, message: &'a Message) -> Self {
        Self {
            name,
            line: message.line,
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
    pub(crate) fn new(how: &Ending, waiting: usize) -> Self {
        Self {
            reason: reason(how),
            text: how.to_string(),
            waiting,
        }
    }
}

/// The name of how a call ended.
pub(crate) fn reason(how: &Ending) -> &'static str {
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
