//! What was said with one person: kept, whatever becomes of connections, programs and machines.
//!
//! Spec: `spec/20-channel.md`, section 17.6.

mod beside;
mod line;
mod marks;
mod store;

use primitives::VerifyingKey;

pub(crate) use beside::Beside;
pub use line::{Line, Side, Standing};
#[cfg(test)]
pub(crate) use store::tests::{session, store};
pub(crate) use store::{Store, WAITING_MOST, Waiting};

use crate::call::Known;
use crate::keep::KeepError;
use crate::node::Node;

/// Which lines of a conversation are wanted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Page {
    /// The last lines, as many as this at most.
    Last(usize),
    /// Those before the line of this number.
    Before(u64, usize),
    /// That of this number, and those after it.
    From(u64, usize),
}

/// How far a conversation is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// The number of the oldest line that is kept, and the one after the last: equal if there is none.
    pub lines: (u64, u64),
    /// How many lines of the owner wait to be delivered.
    pub waiting: usize,
    /// How many of the first 1,000 lines that the owner has not seen came from the other side.
    pub unseen: u64,
}

impl Node {
    /// Lines of what was said with `known`, in their order.
    ///
    /// # Errors
    ///
    /// [`KeepError`].
    pub async fn lines(&self, known: &Known, page: Page) -> Result<Vec<Line>, KeepError> {
        self.conversation(known.key()).page(page).await
    }

    /// How far the conversation with `known` is.
    ///
    /// # Errors
    ///
    /// [`KeepError`].
    pub async fn summary(&self, known: &Known) -> Result<Summary, KeepError> {
        self.conversation(known.key()).summary().await
    }

    /// The owner has seen the lines up to number `line` of what was said with `known`.
    ///
    /// # Errors
    ///
    /// [`KeepError`].
    pub async fn seen(&self, known: &Known, line: u64) -> Result<(), KeepError> {
        self.conversation(known.key()).seen(line).await
    }

    /// Says something to `known`: in the call that there is, or else the next time that there is one. What
    /// becomes of it is told by the [`Talk`](crate::call::Talk) of that call. The number of the line;
    /// `None`: as many wait as may, or the text is longer than
    /// [`Speaker::MOST`](crate::call::Speaker::MOST) bytes.
    ///
    /// # Errors
    ///
    /// [`KeepError`]; nothing is said then.
    pub async fn say(&self, known: &Known, text: &[u8]) -> Result<Option<u64>, KeepError> {
        if text.len() > crate::call::Speaker::MOST {
            return Ok(None);
        }
        let said = self.conversation(known.key()).say(text.to_vec()).await?;
        self.beside.said();
        Ok(said.map(|waiting| waiting.line))
    }

    /// Forgets what was said with `known`, also what waits to be said.
    ///
    /// # Errors
    ///
    /// [`KeepError`]; a part of it may be gone already.
    pub async fn forget_lines(&self, known: &Known) -> Result<(), KeepError> {
        self.conversation(known.key()).forget().await
    }

    fn conversation(&self, key: &VerifyingKey) -> Store {
        Store::new(self.keep.clone(), key)
    }
}
