//! The calls that go on.

use std::collections::BTreeMap;

use super::happened::{CallNumber, Mode, PersonKey, Retry};

/// A call, from the first attempt to the end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Call {
    pub(super) with: Option<PersonKey>,
    pub(super) state: CallState,
    /// `tcp://...` as long as it is dialled; then how the bytes go. Harmless.
    pub(super) path: String,
    /// Whether the owner called.
    pub(super) is_mine: bool,
    /// Once it is established.
    pub(super) mode: Option<Mode>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum CallState {
    Calling,
    /// They decide.
    Reached,
    /// Somebody waits for the owner to decide, or the owner for them.
    Deciding,
    Going,
    Lost {
        retry: Option<Retry>,
        /// When that was told.
        since_ms: u64,
    },
}

/// All of them, by number.
#[derive(Debug, Default)]
pub(super) struct Calls(BTreeMap<CallNumber, Call>);

impl Calls {
    /// Replaces what was known of a call. With [`MOST`] others, nothing is kept of it.
    pub(super) fn put(&mut self, number: CallNumber, call: Call) {
        if self.0.len() < MOST || self.0.contains_key(&number) {
            self.0.insert(number, call);
        }
    }

    pub(super) fn get_mut(&mut self, number: CallNumber) -> Option<&mut Call> {
        self.0.get_mut(&number)
    }

    pub(super) fn remove(&mut self, number: CallNumber) -> Option<Call> {
        self.0.remove(&number)
    }

    /// The call with somebody: one that goes on before one that does not.
    pub(super) fn with(&self, key: PersonKey) -> Option<(CallNumber, &Call)> {
        let theirs = self.0.iter().filter(|(_, call)| call.with == Some(key));
        let found = theirs.max_by_key(|(_, call)| call.state == CallState::Going);
        found.map(|(number, call)| (*number, call))
    }

    /// One of which it is not known with whom it is.
    pub(super) fn nameless(&self) -> Option<(CallNumber, &Call)> {
        let found = self.0.iter().find(|(_, call)| call.with.is_none());
        found.map(|(number, call)| (*number, call))
    }

    /// Whether it is counted down to an attempt to come to a connection again.
    pub(super) fn is_counting(&self) -> bool {
        let mut calls = self.0.values();
        calls.any(|call| matches!(call.state, CallState::Lost { retry: Some(_), .. }))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Calls that are shown at a time.
const MOST: usize = 64;
