//! Two people who call each other and keep nothing.

use std::sync::Arc;

use channel::{Config, Event, Mode, Resumption, SessionId};
use identity::IdentityKey;
use net::call::{Call, NotKept, Setup, Shelf};
use primitives::Secret;
use tokio::runtime::{Builder, Runtime};

use crate::Result;

/// Nobody goes on with a session here.
#[derive(Debug)]
pub(crate) struct Nowhere;

impl Shelf for Nowhere {
    async fn save(&self, _: Resumption) -> std::result::Result<(), NotKept> {
        Ok(())
    }

    async fn find(&self, _: SessionId) -> Option<Resumption> {
        None
    }
}

/// Somebody; number them to tell them apart.
pub(crate) struct Side {
    key: Arc<IdentityKey>,
    mode: Mode,
}

impl Side {
    /// `is_hybrid`: with an ML-DSA-65 half.
    pub(crate) fn new(number: u8, mode: Mode, is_hybrid: bool) -> Self {
        let seed = Secret::new([number; 32]);
        let half = is_hybrid.then_some(&seed);
        Self {
            key: Arc::new(IdentityKey::from_seeds(&seed, half)),
            mode,
        }
    }

    pub(crate) fn setup(&self) -> Result<Setup<Nowhere>> {
        let mut config = Config::new("bench".parse()?);
        config.mode = self.mode;
        // Both are ours: nobody begins with values.
        config.hold = std::time::Duration::ZERO;
        Ok(Setup {
            config,
            key: Arc::clone(&self.key),
            shelf: Nowhere,
        })
    }
}

pub(crate) const fn name(mode: Mode) -> &'static str {
    match mode {
        Mode::Kamune => "kamune",
        Mode::Ours => "ours",
    }
}

/// Waits until there is a session, with whoever it is.
pub(crate) async fn establish(call: &mut Call) -> Result<()> {
    loop {
        match call.next().await.ok_or("no session")? {
            Event::Introduced(_) => call.handle().accept().await,
            Event::Established { .. } => return Ok(()),
            other => return Err(format!("{other:?}").into()),
        }
    }
}

/// Ends it, and waits until it has.
pub(crate) async fn leave(mut call: Call) {
    call.handle().close().await;
    while call.next().await.is_some() {}
}

/// One thread, this one.
pub(crate) fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}
