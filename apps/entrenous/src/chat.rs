//! The screen of `entrenous chat`: people, a conversation, calls and files, on a whole terminal.
//!
//! ```text
//!  the node ──Happened──▶ run ──Input──▶ Screen ──Action──▶ run ──Action──▶ the node
//!  terminal ───keys─────▶                  │
//!                                        draw ──▶ cells ──▶ terminal
//! ```
//!
//! [`Screen`] is a machine: a plain value that takes an [`Input`](action::Input) and says what to do ([`Action`]). It reads no
//! clock and touches no terminal; a run is replayed from its inputs. [`draw()`] is pure. [`run()`] has the
//! terminal, and gives it back however it ends.
//!
//! # Who is behind it
//!
//! `command::chat` opens the profile, while prompts can be seen, and spawns a task that has the node: it answers each
//! [`Action`], and tells what [`Happened`]. First it tells [`Happened::People`], and again whenever a name, a standing or a
//! number of unread messages changes. The channel of actions ends when [`run()`] returns; [`Action::Quit`] comes before
//! that if the owner wants to leave.
//!
//! | action | what the node does | what it tells |
//! |---|---|---|
//! | `Open`, `Load`, `Search` | reads a page, some 100 entries, of the history | `Page` (also an empty one), or `NotFound` |
//! | `Seen` | keeps how far the owner has read | `People`, if numbers changed |
//! | `Say` | commits it to the outbox | `Entry` with `From::Me(Waiting)`, then `State`; or `NotSaid` |
//! | `Call` | parses a link, dials | `Calling`, `Reached`, then `Introduced` or `Established`, or `Ended` |
//! | `Accept`, `Refuse`, `HangUp` | [`Talk`](node::call::Talk) has these | `Established`, `Ended` |
//! | `Verify` | reads the fingerprint | `Fingerprint` |
//! | `Compared` | keeps that they were compared; if they differ, nothing is verified | `People` |
//! | `OfferFile` | opens it and offers it | `Entry` with a `File`, then `File` states; or `Trouble` |
//! | `AcceptFile` | makes a file that was not there | `File` states; or `Trouble`, and the offer stays |
//! | `ShowAddress` | makes the link | `Address` |
//!
//! A call that came is told first by `Introduced`, or by `Established` if it is taken without asking. What a node tells of
//! a lost connection ([`Told::Lost`](node::call::Told::Lost)) is `Lost`, with why it is gone in words. A progress is told a
//! few times a second at most.
//!
//! # What bounds it
//!
//! 8 conversations are loaded, each with 500 entries and 1 MiB at most; older ones are loaded when somebody looks there. Of
//! what waits for a decision there are 16, of notices 8; what is typed has 256 KiB.

mod action;
mod ask;
mod calls;
mod conversation;
mod draw;
mod editor;
mod happened;
mod keys;
mod layout;
mod notices;
mod people;
mod rows;
mod run;
mod screen;
mod search;
mod terminal;
mod text;

pub(crate) use action::{Action, Callee, Notify, Settings};
pub(crate) use draw::draw;
pub(crate) use happened::{
    Address, CallNumber, Entry, EntryNumber, Established, File, FileNumber, FileState, Fingerprint,
    From, Happened, Introduction, Mode, Page, Person, PersonKey, Place, Retry, Standing, State,
    What, Who,
};
pub(crate) use run::{Wires, run};
pub(crate) use screen::Screen;

/// Whether `words` are in a line of `text`, whatever their case: as the screen looks for them.
pub(crate) fn has_words(said: &str, words: &str) -> bool {
    said.lines().any(|line| !text::find(line, words).is_empty())
}

#[cfg(test)]
mod tests;
