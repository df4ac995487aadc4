//! Who someone is: keys, two chains of signed statements, cards for others, fingerprints to compare.
//!
//! A [`RecoveryKey`] is 24 words on paper. An [`IdentityKey`] is what others know; it may change,
//! and the [`IdentityChain`] says when and by whose right. A [`DeviceKey`] is one device's; the
//! [`DeviceChain`] says which devices are live. A [`Card`] is what a person hands to another; two
//! people compare the [`Fingerprint`] of its key.
//!
//! ```
//! use identity::{Card, Contents, Fingerprint, IdentityChain, IdentityKey, RecoveryKey};
//! use kernel::Time;
//! use primitives::Secret;
//!
//! // in earnest each seed is 32 bytes from the operating system
//! let key = IdentityKey::from_seeds(&Secret::new([1; 32]), None);
//! let paper = RecoveryKey::from_secret(Secret::new([2; 32]));
//! let now = Time::from_ms(1_800_000_000_000);
//! let chain = IdentityChain::found(&key, Some(&paper), None, now);
//!
//! let contents = Contents::new("Alice".parse()?);
//! let card = Card::issue(&key, chain.user_id(), chain.generation(), contents, now)?;
//!
//! // what the other side does with the line of text
//! let read: Card = card.to_text().parse()?;
//! assert_eq!(read.contents().name.as_str(), "Alice");
//! assert_eq!(Fingerprint::of(read.key()), Fingerprint::of(key.public()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Two people who share a link key hand each other an [`Introduction`]. Whoever has another key than before
//! shows by a [`Succession`] that it is theirs.
//!
//! Spec: `spec/15-identity.md`, `spec/12-introductions.md`. This crate has no clock, file or random source; time and randomness
//! are arguments.
#![no_std]

extern crate alloc;

mod agreement;
mod card;
mod chain;
mod codec;
mod device;
mod devices;
mod fingerprint;
mod home;
mod ids;
mod introduction;
mod key;
mod recovery;
pub mod spki;
mod succession;
pub mod words;

pub use card::{Card, CardError, ContactToken, Contents, Field, FieldError, Standing};
pub use chain::{ChainError, Change, ForkError, IdentityChain, Merge, State, Statement};
pub use codec::DecodeError;
pub use device::{DeviceKey, DevicePublic};
pub use devices::{ChainPlace, Device, DeviceChain, DeviceChange, DeviceOutline, DeviceStatement};
pub use fingerprint::Fingerprint;
pub use home::{Home, Name, TextError};
pub use ids::{Head, RecoveryHash, UserId};
pub use introduction::{
    AgreementSecret, AnswerSeed, CheckError, Extra, Introduction, Link, Offer, OfferHash,
    OpenError, SealError,
};
pub use key::{IdentityKey, IdentityPublic, Signature, SignatureError};
pub use recovery::{RecoveryError, RecoveryKey};
pub use succession::{Former, Succession, SuccessionError};
