use std::sync::{Condvar, Mutex, MutexGuard};

use crate::client::Dial;
use crate::home::{Home, PATIENCE};

/// What the server has acknowledged, and where it is.
pub(crate) struct Ledger {
    pub(crate) home: Home,
    pub(crate) dial: Dial,
    book: Mutex<Book>,
    changed: Condvar,
}

struct Book {
    kept: Vec<Kept>,
    /// How many lives there may be; above it people only look.
    room: usize,
    place: Option<Place>,
    /// Counts the starts of the server.
    era: u32,
    /// From this era on, what is acknowledged is not taken back.
    since: u32,
    is_stopping: bool,
    is_over: bool,
}

/// A server that runs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Place {
    pub(crate) address: String,
    era: u32,
}

/// What one life has left at the server, as it was acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) person: u32,
    pub(crate) invitation: Vec<u8>,
    /// The id of a bucket, and what is in it.
    pub(crate) bucket: Vec<u8>,
    pub(crate) entry: Vec<u8>,
}

impl Ledger {
    pub(crate) fn new(home: Home, dial: Dial) -> Self {
        Self {
            home,
            dial,
            book: Mutex::new(Book {
                kept: Vec::new(),
                room: 0,
                place: None,
                era: 0,
                since: 0,
                is_stopping: false,
                is_over: false,
            }),
            changed: Condvar::new(),
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }

    /// The server, once one runs; `None` when the day is over.
    pub(crate) fn place(&self) -> Option<Place> {
        let is_away = |book: &mut Book| book.place.is_none() && !book.is_over;
        let book = self.changed.wait_while(self.book(), is_away).unwrap();
        book.place.clone().filter(|_| !book.is_over)
    }

    /// Whether a request to `place` may fail: the server stops, or another one runs already.
    pub(crate) fn is_excused(&self, place: &Place) -> bool {
        let book = self.book();
        book.is_stopping || book.place.as_ref() != Some(place)
    }

    pub(crate) fn kept(&self) -> Vec<Kept> {
        self.book().kept.clone()
    }

    pub(crate) fn has_room(&self) -> bool {
        let book = self.book();
        book.kept.len() < book.room
    }

    /// Notes what was acknowledged by the server at `place`.
    pub(crate) fn keep(&self, place: &Place, kept: Kept) {
        let mut book = self.book();
        // Else it came after the backup that was restored since.
        if place.era >= book.since {
            book.kept.push(kept);
        }
        self.changed.notify_all();
    }

    /// Makes room for more lives, and waits until they are lived.
    pub(crate) fn grow(&self, more: usize) {
        let mut book = self.book();
        let wanted = book.kept.len() + more;
        // The others go on beyond it.
        book.room = wanted + more;
        let is_short = |book: &mut Book| book.kept.len() < wanted;
        let waited = self.changed.wait_timeout_while(book, PATIENCE, is_short);
        let (book, waited) = waited.unwrap();
        assert!(!waited.timed_out(), "{} of {wanted}", book.kept.len());
    }

    pub(crate) fn up(&self, address: &str) {
        let mut book = self.book();
        book.era += 1;
        book.is_stopping = false;
        book.place = Some(Place {
            address: address.to_owned(),
            era: book.era,
        });
        self.changed.notify_all();
    }

    /// From here on requests may fail.
    pub(crate) fn stopping(&self) {
        self.book().is_stopping = true;
    }

    pub(crate) fn down(&self) {
        self.book().place = None;
    }

    /// The server is down and has only the first `length` things, which a backup had.
    pub(crate) fn lost(&self, length: usize) {
        let mut book = self.book();
        book.kept.truncate(length);
        book.since = book.era + 1;
    }

    pub(crate) fn end(&self) {
        self.book().is_over = true;
        self.changed.notify_all();
    }
}
