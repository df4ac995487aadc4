//! Meeting at a board: a list of records on a server, where everyone posts and everyone reads.
//!
//! [`Board`] and [`BoardName`] say where, [`Phase`] and [`Entry`] what a record is, [`pack`] and
//! [`unpack`] how a message becomes the payload of a session. [`Visit`] is the machine of one
//! person; [`Input`] goes in, [`Output`] comes out, [`Config`] bounds it.
//!
//! Spec: `spec/10-rendezvous.md` section 5.

mod name;
mod payload;
mod record;
mod visit;

pub use name::{Board, BoardName, NameError};
pub use payload::{Fit, MessageError, pack, unpack};
pub use record::{Entries, Entry, Phase, Receiver};
pub use visit::{Config, Event, Failed, Input, Output, Reply, StartError, Stats, Trouble, Visit};
