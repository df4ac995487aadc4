mod calls;
mod people;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::Time;
use serde::{Serialize, Serializer};

use crate::failure::Failure;
pub(crate) use calls::{
    CallEnded, CallEstablished, CallResumed, ConnectionLost, ConversationShown, FileStands,
    HistoryDone, Incoming, LineSaid, LineShown, LinesStand, Listening, MessageCame,
    PersonIntroduced, ServerWaits, reason,
};
pub(crate) use people::{
    BackupDone, Cohort, ContactAdded, ContactRemoved, ContactShown, ContactsDone, HomeShown,
    InvitationListed, InvitationReady, InvitationWithdrawn, InvitationsDone, PinShown,
    ProfileShown, RecoveryWords, ServerRefused,
};

/// What a command tells, as one line of `--json`. Fields are only ever added.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event<'a> {
    /// A meeting begins.
    Started {
        #[serde(flatten)]
        place: Place,
        at: String,
        timeout_s: u64,
    },
    /// How many others take part, whatever their passphrase.
    Room { others: usize },
    /// Somebody has the same passphrase.
    Match {
        number: usize,
        #[serde(serialize_with = "base64url")]
        payload: &'a [u8],
        /// Absent if the payload is not UTF-8.
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<&'a str>,
        at: String,
    },
    /// A network came or went; these interfaces are used now.
    Interfaces { interfaces: &'a [Interface] },
    /// More came than can be worked on.
    Overloaded { dropped: u64 },
    /// Something good to know.
    Note { text: &'a str },
    /// Something the person may want to change.
    Warning { text: &'a str },
    /// A meeting ends, but others are still answered.
    Leaving { reason: Reason, lasts_s: u64 },
    /// A meeting ended as it should.
    Done { reason: Reason, matches: usize },
    /// One step of `demo`.
    Step { chapter: &'a str, text: &'a str },
    /// `demo` has told everything.
    DemoDone,
    /// The command ends without what was asked for; always the last line.
    Error {
        kind: &'a str,
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<&'a str>,
    },
}

/// Where people meet.
#[derive(Debug, Serialize)]
#[serde(tag = "place", rename_all = "snake_case")]
pub(crate) enum Place {
    Lan {
        group: String,
        interfaces: Vec<Interface>,
    },
    Board {
        url: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        board: Option<String>,
    },
}

/// A network interface a meeting uses.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Interface {
    pub(crate) name: String,
    pub(crate) address: String,
}

/// Why a meeting ended.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    FirstMatch,
    Timeout,
    Interrupted,
}

/// `config show`.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "config_shown")]
pub(crate) struct ConfigShown<'a> {
    pub(crate) settings: BTreeMap<&'static str, Set>,
    pub(crate) config: &'a Path,
    pub(crate) data: &'a Path,
    pub(crate) state: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) socket: Option<&'a Path>,
}

/// One setting.
#[derive(Debug, Serialize)]
pub(crate) struct Set {
    /// As TOML.
    pub(crate) value: String,
    pub(crate) from: &'static str,
}

/// `config path`.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "config_path")]
pub(crate) struct ConfigPath<'a> {
    pub(crate) file: &'a Path,
    pub(crate) exists: bool,
}

/// One check of `doctor`.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "check")]
pub(crate) struct Checked<'a> {
    pub(crate) name: &'a str,
    pub(crate) verdict: &'a str,
    pub(crate) text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<&'a str>,
}

/// `doctor` has tried everything.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "doctor_done")]
pub(crate) struct DoctorDone {
    pub(crate) ok: usize,
    pub(crate) info: usize,
    pub(crate) warn: usize,
    pub(crate) fail: usize,
}

impl<'a> Event<'a> {
    pub(crate) fn error(failure: &'a Failure) -> Self {
        Self::Error {
            kind: failure.kind_name(),
            text: &failure.text,
            hint: failure.hint.as_deref(),
        }
    }
}

/// Now, as `--json` writes times.
pub(crate) fn now() -> String {
    humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string()
}

/// Now, as moments of contacts and invitations are told.
pub(crate) fn time() -> Time {
    let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH);
    let ms = since.map_or(0, |since| since.as_millis());
    Time::from_ms(u64::try_from(ms).unwrap_or(u64::MAX))
}

/// A moment, as `--json` writes times.
pub(crate) fn rfc3339(time: Time) -> String {
    // Of a moment after the year 9999, which a peer may name, there is no such text.
    let since = Duration::from_millis(time.as_ms()).min(LAST);
    let moment = UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH);
    humantime::format_rfc3339_seconds(moment).to_string()
}

/// The last second of the year 9999.
const LAST: Duration = Duration::from_secs(253_402_300_799);

/// Bytes, as `--json` writes them.
pub(crate) fn base64url_text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn base64url<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_moment_has_a_text() {
        assert_eq!(rfc3339(Time::from_ms(0)), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(Time::from_ms(u64::MAX)), "9999-12-31T23:59:59Z");
    }
}
