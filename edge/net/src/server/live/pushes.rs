use tokio::sync::mpsc;
use wire::v1::Event;

use super::End;

/// Events on their way to who takes them.
///
/// # Spec
///
/// `spec/40-server.md` sections 2.2 and 2.4.
#[derive(Debug)]
pub(super) struct Pushes {
    events: mpsc::Sender<Event>,
    /// Whether room was made for them.
    is_wanted: bool,
    /// The number of the last one, once the server has taken note.
    last: Option<u64>,
    /// How many the server may still send.
    credit: u32,
}

impl Pushes {
    /// None yet, and where they will come.
    pub(super) fn new() -> (Self, mpsc::Receiver<Event>) {
        let (events, received) = mpsc::channel(WINDOW);
        let pushes = Self {
            events,
            is_wanted: false,
            last: None,
            credit: 0,
        };
        (pushes, received)
    }

    /// How many to give credit for because some are wanted: a window, the first time.
    pub(super) fn wanted(&mut self) -> Option<u32> {
        let before = std::mem::replace(&mut self.is_wanted, true);
        (!before).then_some(ROOM)
    }

    /// The server has taken note that those behind `after` are wanted.
    pub(super) const fn begin(&mut self, after: u64) {
        self.last = Some(after);
    }

    /// The server may send so many more.
    pub(super) const fn give(&mut self, credit: u32) {
        self.credit = self.credit.saturating_add(credit);
    }

    /// Hands an event on. There is room for all that credit was given for.
    pub(super) fn push(&mut self, event: Event) -> Result<(), End> {
        self.credit = self.credit.checked_sub(1).ok_or(End::Malformed)?;
        let is_next = self.last.is_some_and(|last| event.number > last);
        if !is_next {
            return Err(End::Malformed);
        }
        self.last = Some(event.number);
        match self.events.try_send(event) {
            Err(mpsc::error::TrySendError::Closed(_)) => Err(End::Dropped),
            // More than a window would be ours to have prevented.
            Err(mpsc::error::TrySendError::Full(_)) => Err(End::Malformed),
            Ok(()) => Ok(()),
        }
    }
}

/// Events that wait here at most.
const WINDOW: usize = 64;
const ROOM: u32 = 64;
/// Credit is given again for so many.
pub(super) const HALF: u32 = 32;
