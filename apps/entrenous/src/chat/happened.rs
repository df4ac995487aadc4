//! What the screen is told: the view model of people, conversations, calls and files.

use std::fmt;

/// A person, by the 32 bytes of the key that names them. Chosen by them; compared, never shown.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct PersonKey(pub(crate) [u8; 32]);

/// A call, from the first attempt to its end. The caller of the screen draws numbers; none comes twice.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct CallNumber(pub(crate) u64);

/// A place in a conversation: later entries have higher numbers, in the same conversation.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct EntryNumber(pub(crate) u64);

/// A file that is offered or sent; none comes twice.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct FileNumber(pub(crate) u64);

/// Something that happened outside the screen. All text in it may be of a peer's choice: the screen filters
/// it before it keeps it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Happened {
    /// Everybody who is known, in the order to show. Replaces what was told before.
    People(Vec<Person>),
    /// A part of a conversation, as [`Action::Open`] or [`Action::Load`] asked for.
    ///
    /// [`Action::Open`]: super::Action::Open
    /// [`Action::Load`]: super::Action::Load
    Page(Page),
    /// Nothing before the entries that were asked about has these words ([`Action::Search`]).
    ///
    /// [`Action::Search`]: super::Action::Search
    NotFound {
        with: PersonKey,
        words: String,
    },
    /// Somebody is called, at `place`.
    Calling {
        call: CallNumber,
        with: Option<PersonKey>,
        place: String,
    },
    /// Somebody is there, and may be deciding on the owner.
    Reached(CallNumber),
    /// Somebody says to be this, and waits for a decision.
    Introduced(Box<Introduction>),
    Established(Box<Established>),
    /// A message came, one of the owner's own was kept, or there is a note or a file: at the end of the
    /// conversation.
    Entry {
        with: PersonKey,
        entry: Entry,
    },
    /// What became of a message of the owner.
    State {
        with: PersonKey,
        number: EntryNumber,
        state: State,
    },
    /// What became of a file.
    File {
        with: PersonKey,
        file: FileNumber,
        state: FileState,
    },
    /// What [`Action::Say`] asked for was not kept: the text is put back.
    ///
    /// [`Action::Say`]: super::Action::Say
    NotSaid {
        to: PersonKey,
        text: String,
        why: String,
    },
    /// The connection of a call is gone.
    Lost {
        call: CallNumber,
        why: String,
        retry: Option<Retry>,
    },
    /// There is one again.
    Back {
        call: CallNumber,
        same_session: bool,
    },
    /// The call is over.
    Ended {
        call: CallNumber,
        why: String,
        /// What to do about it; `None`: it ended as it should.
        advice: Option<String>,
        /// How many messages wait for another call.
        waiting: usize,
    },
    /// Where the owner can be called, as [`Action::ShowAddress`] asked.
    ///
    /// [`Action::ShowAddress`]: super::Action::ShowAddress
    Address(Box<Address>),
    /// What others see of somebody, as [`Action::Verify`] asked.
    ///
    /// [`Action::Verify`]: super::Action::Verify
    Fingerprint {
        with: PersonKey,
        fingerprint: Fingerprint,
    },
    Notice(String),
    /// Something did not work, and what to do about it.
    Trouble {
        text: String,
        advice: Option<String>,
    },
}

/// Somebody who is known.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Person {
    pub(crate) key: PersonKey,
    /// What the owner calls them.
    pub(crate) name: String,
    pub(crate) standing: Standing,
    /// Messages that the owner has not seen.
    pub(crate) unread: u32,
}

/// How far it is certain who somebody is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Standing {
    /// Fingerprints were compared.
    Verified,
    NotVerified,
}

/// Entries of a conversation, by number, without a gap.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Page {
    pub(crate) with: PersonKey,
    pub(crate) place: Place,
    pub(crate) entries: Vec<Entry>,
    /// Nothing is older than the first of them.
    pub(crate) is_start: bool,
    /// Nothing is newer than the last of them.
    pub(crate) is_end: bool,
}

/// Which part of a conversation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// The newest.
    Latest,
    /// What comes right before an entry, or right after.
    Before(EntryNumber),
    After(EntryNumber),
    /// An entry that was found, with what is around it.
    Around(EntryNumber),
}

/// One message, file or note.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    pub(crate) number: EntryNumber,
    /// Milliseconds since 1970, UTC.
    pub(crate) at_ms: u64,
    pub(crate) from: From,
    pub(crate) what: What,
}

/// Whose an entry is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum From {
    Them,
    Me(State),
}

/// How far a message of the owner has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum State {
    Waiting,
    Sent,
    /// Their program has it.
    Delivered,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum What {
    /// Up to some 64 KiB, in lines.
    Text(String),
    File(File),
    /// Words of the program: a call began, a key changed.
    Note(String),
}

/// A file, offered by whoever the entry is from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct File {
    pub(crate) number: FileNumber,
    /// Of the sender's choice: never a path.
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) state: FileState,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum FileState {
    /// Nobody has taken or declined it.
    Offered,
    Going {
        done: u64,
        per_s: u64,
    },
    /// `at`: where it is now, if it came here.
    Done {
        at: Option<String>,
    },
    Failed {
        why: String,
    },
    Declined,
    Cancelled,
}

/// A key in the forms that people compare.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Fingerprint {
    pub(crate) emoji: Vec<String>,
    pub(crate) words: String,
    pub(crate) hex: String,
}

/// Somebody who waits for a decision.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Introduction {
    pub(crate) call: CallNumber,
    /// What they call themselves: up to 1,024 bytes.
    pub(crate) claim: String,
    pub(crate) who: Who,
    pub(crate) fingerprint: Fingerprint,
}

/// Who somebody is, by their key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Who {
    Known {
        name: String,
    },
    Unknown,
    /// Somebody of that name has another key.
    Changed {
        name: String,
    },
}

/// A call has begun: the person has the key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Established {
    pub(crate) call: CallNumber,
    pub(crate) with: PersonKey,
    pub(crate) name: String,
    pub(crate) standing: Standing,
    /// How the bytes go: `direct 192.0.2.1:7448`, `relay relay.example.org`.
    pub(crate) path: String,
    pub(crate) mode: Mode,
    /// Whether it is a session of an earlier call.
    pub(crate) resumed: bool,
}

/// What protects a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mode {
    /// Kamune 0.7: nothing is acknowledged.
    Kamune,
    /// Ours, with the ratchet; post-quantum or not.
    Ours { is_post_quantum: bool },
}

/// An attempt to come to a connection again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Retry {
    /// From 1.
    pub(crate) number: u32,
    pub(crate) of: u32,
    pub(crate) after_s: u64,
}

/// Where the owner can be called, and what others see of them.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Address {
    pub(crate) link: String,
    pub(crate) fingerprint: Fingerprint,
}

/// There may be a token in the link.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address")
    }
}
