//! What the screen takes and what it wants done.

use std::fmt;

use super::happened::{CallNumber, EntryNumber, FileNumber, Happened, PersonKey, Place};

/// What the screen takes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Input {
    Key(Press),
    /// What was pasted, in one piece; of any length.
    Paste(String),
    /// The terminal has this many columns and rows.
    Resize {
        columns: u16,
        rows: u16,
    },
    /// It is so many milliseconds after 1970 (UTC). About once a second is enough, and once before all else.
    Tick(u64),
    Happened(Happened),
}

/// A key that was pressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Press {
    pub(crate) code: Code,
    pub(crate) ctrl: bool,
    pub(crate) alt: bool,
}

/// Which key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Code {
    Char(char),
    Enter,
    Esc,
    Tab,
    BackTab,
    Back,
    Delete,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    PageUp,
    PageDown,
    F(u8),
}

impl Press {
    pub(crate) const fn plain(code: Code) -> Self {
        let (ctrl, alt) = (false, false);
        Self { code, ctrl, alt }
    }

    pub(crate) const fn ctrl(letter: char) -> Self {
        let code = Code::Char(letter);
        let (ctrl, alt) = (true, false);
        Self { code, ctrl, alt }
    }

    #[cfg(test)]
    pub(crate) const fn alt(code: Code) -> Self {
        let (ctrl, alt) = (false, true);
        Self { code, ctrl, alt }
    }
}

/// What the screen wants done, in this order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Action {
    /// Tell the latest [`Page`](super::happened::Page) of a conversation.
    Open(PersonKey),
    /// Tell another page of it.
    Load {
        with: PersonKey,
        place: Place,
    },
    /// The owner has seen everything up to this entry.
    Seen {
        with: PersonKey,
        number: EntryNumber,
    },
    /// Tell the page around the last entry before `before` that has `words` in it, whatever their case, or
    /// [`Happened::NotFound`].
    Search {
        with: PersonKey,
        words: String,
        before: EntryNumber,
    },
    Call(Callee),
    HangUp(CallNumber),
    /// Keep this and send it, now or once there is a call. It is shown once it is told as an entry.
    Say {
        to: PersonKey,
        text: String,
    },
    /// Take whoever was introduced; `compared`: the fingerprints are the same.
    Accept {
        call: CallNumber,
        compared: bool,
    },
    Refuse {
        call: CallNumber,
    },
    /// Tell the fingerprint of somebody.
    Verify(PersonKey),
    /// The owner has compared it. If it differs, they are not who they seem.
    Compared {
        with: PersonKey,
        same: bool,
    },
    /// `path` as typed; `~/` is the home of the owner.
    OfferFile {
        to: PersonKey,
        path: String,
    },
    /// Take a file. What is there already must not be overwritten: tell `Trouble` and ask again.
    AcceptFile {
        file: FileNumber,
        path: String,
    },
    DeclineFile(FileNumber),
    /// Stop sending it, or taking it.
    CancelFile(FileNumber),
    /// Tell [`Happened::Address`].
    ShowAddress,
    /// For the terminal: the runner does it and passes it to nobody.
    Terminal(ForTerminal),
    /// Put the terminal back and end.
    Quit,
}

/// Who is called.
#[derive(Clone, Eq, PartialEq)]
pub(crate) enum Callee {
    Person(PersonKey),
    /// As typed: whether it is a link has not been looked at.
    Link(String),
}

/// There may be a token in a link.
impl fmt::Debug for Callee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(key) => f.debug_tuple("Person").field(key).finish(),
            Self::Link(_) => f.write_str("Link"),
        }
    }
}

/// What the terminal itself is asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum ForTerminal {
    /// Give the terminal to the shell until the program is continued.
    Suspend,
    Bell,
    /// A notification of the desktop, by OSC 9. Harmless: written by the screen, without content.
    Notify(String),
    /// Into the clipboard, by OSC 52. Harmless text.
    Copy(String),
    /// Draw all of it again.
    Redraw,
}

/// How the screen looks and behaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// Without it, nothing is said by colour; it never is by colour alone.
    pub(crate) color: bool,
    /// Frames and marks of ASCII only; no emoji.
    pub(crate) ascii: bool,
    pub(crate) notify: Notify,
    /// Bytes that a message has at most.
    pub(crate) most: usize,
    /// Seconds that local time is ahead of UTC at that millisecond after 1970.
    pub(crate) offset_s: fn(u64) -> i64,
}

/// How it is told that something came.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Notify {
    #[default]
    No,
    Bell,
    Desktop,
}

impl Settings {
    /// With colour and all of Unicode, silent, in UTC, for messages of at most `most` bytes.
    pub(crate) const fn new(most: usize) -> Self {
        Self {
            color: true,
            ascii: false,
            notify: Notify::No,
            most,
            offset_s: utc,
        }
    }
}

const fn utc(_at_ms: u64) -> i64 {
    0
}
