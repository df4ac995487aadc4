//! All that one device does for its owner: who they are, whom they know, how they come to know more.
//!
//! A [`Node`] is an open profile: a vault with the owner's keys, both chains of the account, the
//! [`Contact`]s, and the invitations that are under way. [`Node::invite`] leaves a connection link on a
//! rendezvous server and says what to pass on; [`Node::join`] follows one; [`Node::collect`] asks who
//! has joined. Both sides then hold each other's contact card. [`Node::listen`] and [`Node::call`] are for
//! [talking](call) to somebody who is there.
//!
//! What is kept is durable before anything that depends on it is sent, and sent before the caller is
//! told. So a step that was cut, or whose process was killed, is finished by doing it again.
//!
//! ```no_run
//! # async fn story() -> Result<(), Box<dyn std::error::Error>> {
//! use node::{Network, Node, Setup, Unlock};
//! use vault::KeyFile;
//!
//! let key = Unlock::KeyFile(KeyFile::create("alice.key".as_ref())?);
//! let setup = Setup::new("Alice".parse()?);
//! let (node, words) =
//!     Node::create("alice".as_ref(), vec![key], setup, Network::default()).await?;
//! println!("write these on paper: {}", words.as_str());
//! println!("I am {}", node.fingerprint().await.to_words());
//! # Ok(())
//! # }
//! ```
//!
//! It prints nothing and asks nobody. Calls need a tokio runtime with time and IO.
//!
//! Spec: `spec/12-introductions.md`, `spec/15-identity.md`, `spec/16-vault.md` section 7,
//! `spec/20-channel.md` section 17.

mod answers;
mod backup;
pub mod call;
mod contact;
mod contacts;
mod conversation;
mod create;
mod home;
mod invitation;
mod invite;
mod join;
mod keep;
mod network;
mod node;
mod now;
mod profile;
mod records;
mod unlock;
pub mod words;

pub use answers::{AnswerError, Answered, Watched, Watching};
pub use backup::{BackupError, RestoreError};
pub use contact::{Contact, Origin};
pub use contacts::{AddError, Added, FindError};
pub use conversation::{Line, Page, Side, Standing, Summary};
pub use create::{CreateError, Identity, Setup};
pub use home::HomeError;
pub use invitation::Invitation;
pub use invite::{InviteError, Invited, Inviting, Wish};
pub use join::{JoinError, Joined, Joining};
pub use keep::KeepError;
pub use network::Network;
pub use node::{Node, OpenError};
pub use unlock::Unlock;
