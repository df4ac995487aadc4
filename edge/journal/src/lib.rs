//! The store of a server: what it remembers between two requests, and between two starts.
//!
//! A [`Store`] holds **logs** (mailboxes, buckets, topics, one-time keys) and **cells** (accounts,
//! pins, invitations, heads), each under a [`Subject`]. [`Sqlite`] keeps them in one directory of
//! this machine. [`Memory`] is the reference, and the store of what may be lost. A back end is
//! what passes `tests/conformance`; nothing above the trait knows which one it has.
//!
//! ```
//! use std::sync::Arc;
//! use journal::{Append, Limits, Memory, Store, Subject, SystemClock};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store: Arc<dyn Store> = Arc::new(Memory::new(Limits::default(), Arc::new(SystemClock)));
//! let mailbox = Subject::of(b'm', &[&[7; 32]])?;
//! let seq = store.append(Append::new(mailbox.clone(), "sealed")).await?.seq();
//! let page = store.read(&mailbox, 0, 10, 1 << 20).await?;
//! assert_eq!(page.entries[0].payload, "sealed");
//! assert_eq!(store.remove_through(&mailbox, seq).await?, 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Two subjects
//!
//! No call spans two subjects, so that subjects can be spread over machines. What seems to need
//! two of them is done as a **claim**: the first cell is bound, by compare-and-swap, to the one
//! request that may go on; the second step then belongs to that request alone and can be
//! repeated by it as often as needed. Registering with a pin:
//!
//! 1. Read the account's cell. This same registration: a repetition, done. Another one: refuse; so
//!    a taken name costs no pin.
//! 2. Read the pin's cell. *Free*: replace it by *claimed by account A*, expecting the revision
//!    read; on a conflict, read again. *Claimed by A*: a repetition, go on. Anything else: refuse.
//! 3. Create the account's cell, expecting revision 0; on a conflict, start again.
//! 4. Remove the pin's cell, or let its time run out.
//!
//! A crash between two steps leaves a pin that only A can use, and A's client repeats its request.
//! Step 2 has one winner, so a pin never makes two accounts; step 3 has one winner, so an account
//! never takes two registrations. `tests/claim.rs` stops after every step and lets many race.
//!
//! # What an answer promises
//!
//! | answer | of [`Sqlite`] |
//! |---|---|
//! | `Ok` | On the disk: it survives the end of the process, and of the power if the disk keeps what it says it has. Losing the disk needs a [`backup`]. |
//! | refused, [`Fault::Unavailable`], [`Fault::DiskFull`], [`Fault::Stopped`] | Nothing was changed. |
//! | [`Fault::Unknown`] | It happened or not. The same call with the same dedupe or claim id settles it, after the store was opened again. |
//! | none: the process died | As `Unknown`. |
//!
//! Removing makes an entry invisible, and lets its space be written over; it does not erase it.
//! Bit rot is found where it breaks the structure of the file, not inside payloads: what must not
//! be altered unseen is sealed or signed by whoever wrote it.
//!
//! `tests/conformance` holds every back end to the trait, `tests/faults` kills the process, cuts the power,
//! fills and breaks the disk, and spoils the files. Not covered there: a disk that lies, a sector
//! half written, names in a directory that were not synchronised.
//!
//! # Clock
//!
//! The time comes from a [`Clock`] given at construction. Tests use a [`ManualClock`].
//!
//! Spec: none; nothing of this leaves the server.

mod clock;
mod error;
mod memory;
mod sqlite;
mod store;
mod subject;
mod watch;

pub use clock::{Clock, ManualClock, SystemClock};
pub use error::{AppendError, Fault, SetError};
pub use memory::Memory;
pub use sqlite::{BackupError, OpenError, Sqlite, Stats, backup, restore};
pub use store::{Answer, Append, Appended, Cell, Entry, Id, Limits, Page, Rev, Seq, Store};
pub use subject::{Subject, SubjectError};
pub use watch::{Wake, Watch};
