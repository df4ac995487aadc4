//! What a client and a daemon say to each other: text in, text out.
//!
//! The commands, events and codes are those of the daemon of Kamune 0.7, whose clients need not change. What
//! it does not have begins with `entrenous_`, but for a few codes. `docs/daemon/` has a schema of it all.

mod event;
mod line;
mod params;
mod parts;
mod reply;
mod request;
#[cfg(test)]
mod schema;

pub(super) use event::Event;
pub(super) use line::{Line, Lines};
pub(super) use params::{
    AcceptFile, AddPeer, Dial, File, Messages, OpenStorage, P2pToken, Peer, RelayToken, Rename,
    RenamePeer, Send, SendFile, SetFormat, StartServer, SubmitPassphrase, Text, Token, Verdict,
};
pub(super) use parts::{
    FileInfo, FingerprintInfo, HistoryInfo, LogEntry, MessageInfo, PeerInfo, RelayInfo,
    SessionInfo, Status, TokenInfo, Who, moment, never,
};
pub(super) use reply::Reply;
pub(super) use request::{Command, Request, parse};

use std::fmt;

use serde::Serialize;

/// Why a command was not done.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(super) struct Fault {
    /// For people.
    error: String,
    /// For programs.
    code: &'static str,
}

impl Fault {
    /// Parts of `error` may be of a client's choice: it is cut where it gets long.
    pub(super) fn new(code: &'static str, error: impl fmt::Display) -> Self {
        let error = error.to_string().chars().take(LONGEST).collect();
        Self { error, code }
    }

    /// This program cannot do `what`, which the daemon of Kamune can.
    pub(super) fn not_supported(what: &str) -> Self {
        Self::new(
            "not_supported",
            format_args!("this program cannot do that yet: {what}"),
        )
    }

    #[cfg(test)]
    pub(super) const fn code(&self) -> &'static str {
        self.code
    }
}

/// The version of this protocol.
pub(super) const VERSION: &str = "1";
/// Characters of a text that says what is wrong.
const LONGEST: usize = 500;
