//! Buckets: an invitation waits, sealed, among others that look alike.
//!
//! The inviter [leaves](invite) an [`Entry`], the sealed [`Link`] to an invitation, on a rendezvous
//! server, and passes a [`Line`] that names this server and the bucket; the joiner
//! [fetches](join) all 64 [`Slots`] of the bucket and finds the one that the words open. So neither
//! the line nor the rendezvous server tells where the two will talk. [`server`] has the rules of
//! the other side.
//!
//! ```
//! use rendezvous::bucket::{EntryKey, Host, Link, LinkId, LinkKey, Passphrase};
//!
//! let rendezvous = Host::typed("meet.example")?;
//! let words = Passphrase::new("able baker candle dove ember fable garden harbor")?;
//! let key = EntryKey::derive(&words, &rendezvous)?;
//! // in earnest id, key and nonce are random
//! let link = Link::new(Host::typed("msg.example:443")?, LinkId::new([1; 24]), LinkKey::new([2; 32]));
//! let entry = key.seal(&link, [3; 24]);
//! assert_eq!(entry.as_bytes().len(), 256);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Spec: `spec/11-buckets.md`. Times are on a clock whose origin is 1970.

mod entry;
mod host;
mod id;
pub mod invite;
pub mod join;
mod line;
mod link;
mod passphrase;
mod request;
pub mod server;
mod slots;

pub use entry::{Entry, EntryKey, KeyError};
pub use host::{Host, HostError};
pub use id::{Hash, Id};
pub use line::{Line, LineError};
pub use link::{Link, LinkError, LinkId, LinkKey};
pub use passphrase::{Passphrase, PassphraseError};
pub use request::{Circuit, Stretching, Trouble};
pub use slots::{FindError, Slots};
