use std::collections::HashMap;
use std::hash::RandomState;
use std::time::Duration;

use journal::{Entry, Page, Subject};
use kernel::Time;

use super::ledger::{Ledger, Refused};
use super::limits::{Full, Limit, Limits, Quota};
use super::post::{Admission, Grant, Post, PostError, Source};
use super::record::{MAX_RECORDS, Stored};
use super::shelf::{Pending, Place, Shelf, hash};
mod reading;

pub(super) use reading::Next;

/// What is held.
#[expect(clippy::exhaustive_structs, reason = "three numbers")]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stats {
    /// Boards with a record.
    pub boards: usize,
    /// Number of records, and bytes of their content.
    pub held: Quota,
    /// Sources that have a record here.
    pub sources: usize,
}

/// What this process knows of all boards: it follows their logs, which alone say what is there.
/// Pure: time is an argument, nothing leaves but values.
#[derive(Debug)]
pub(super) struct Index {
    limits: Limits,
    key: RandomState,
    shelves: HashMap<Subject, Shelf>,
    /// All records.
    ledger: Ledger,
    /// All boards, each with the source that opened it.
    boards: Ledger,
    /// The latest time seen, so that a clock set back changes no order.
    now: Time,
    /// No post is older than this one.
    oldest: Option<Time>,
    /// What all tails take, in bytes, and how much they may.
    tails: usize,
    tails_max: usize,
}

impl Index {
    /// Nothing is known; the newest posts may take `tails_max` bytes of memory.
    pub(super) fn new(limits: Limits, tails_max: usize) -> Self {
        Self {
            limits,
            key: RandomState::new(),
            shelves: HashMap::new(),
            ledger: Ledger::default(),
            boards: Ledger::default(),
            now: Time::ZERO,
            oldest: None,
            tails: 0,
            tails_max,
        }
    }

    pub(super) fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Whether anything of this board is known.
    pub(super) fn has(&self, log: &Subject) -> bool {
        self.shelves.contains_key(log)
    }

    /// What is to become of a post of whole records.
    pub(super) fn admit(
        &mut self,
        now: Time,
        log: &Subject,
        post: &Post<'_>,
    ) -> Result<Admission, PostError> {
        self.expire(now);
        let (phase, len) = (post.phase, post.board.record_len(post.phase));
        let empty = Shelf::new(post.source);
        let shelf = self.shelves.get(log).unwrap_or(&empty);
        let news = shelf.news(&self.key, phase, post.body.chunks_exact(len));
        if news.is_under_way {
            return Ok(Admission::UnderWay);
        }
        if news.records.is_empty() {
            return Ok(Admission::Known);
        }
        if u64::try_from(news.records.len()).is_ok_and(|count| count >= MAX_RECORDS) {
            return Err(PostError::TooLarge);
        }
        let quota = Quota {
            records: news.records.len(),
            bytes: news.records.len().saturating_mul(len),
        };
        self.check(shelf, post.source, quota)
            .map_err(|limit| self.full(limit))?;
        let payload = Stored::write(self.now, phase, len, news.records.iter().copied());
        let pending = Pending {
            source: post.source,
            quota,
            hashes: news.hashes,
        };
        self.ledger.add(post.source, quota);
        let name = self.shelf(log, post.source).begin(pending);
        Ok(Admission::Granted(Grant {
            name,
            records: quota.records,
            payload,
            lifetime: self.limits.lifetime,
        }))
    }

    /// Counts a granted post no more, unless it was found in the log.
    pub(super) fn release(&mut self, log: &Subject, name: u64) {
        let Some(shelf) = self.shelves.get_mut(log) else {
            return;
        };
        if let Some(pending) = shelf.release(name) {
            self.ledger.sub(pending.source, pending.quota);
        }
        self.forget_if_empty(log);
    }

    /// How far this board's log was read.
    pub(super) fn place(&self, log: &Subject) -> Place {
        let shelf = self.shelves.get(log);
        shelf.map_or_else(Place::default, |shelf| shelf.place)
    }

    /// Says that the log is about to be read, from where the answer says.
    pub(super) fn begin_reading(&mut self, log: &Subject) -> Place {
        if let Some(shelf) = self.shelves.get_mut(log) {
            shelf.place.begun = shelf.place.begun.saturating_add(1);
        }
        self.place(log)
    }

    /// Says that a reading that was begun at `place` has come to the end.
    pub(super) fn end_reading(&mut self, log: &Subject, place: Place) {
        if let Some(shelf) = self.shelves.get_mut(log) {
            shelf.place.done = shelf.place.done.max(place.begun);
        }
        self.forget_if_empty(log);
    }

    /// Takes in a page of a board's log; tells whether there was anything new.
    pub(super) fn follow(&mut self, now: Time, log: &Subject, page: Page) -> bool {
        self.expire(now);
        let is_end = page.entries.last().is_none_or(|last| last.seq >= page.last);
        let last = page.entries.last().map_or(0, |last| last.seq);
        let mut is_new = false;
        for entry in page.entries {
            if entry.seq > self.place(log).seq {
                is_new |= self.take_in(log, entry);
            }
        }
        if let Some(shelf) = self.shelves.get_mut(log) {
            let last = if is_end { page.last } else { last };
            shelf.place.seq = shelf.place.seq.max(last);
        }
        self.shorten_tails();
        is_new
    }

    /// Halves the longest tail, as often as all together are too long.
    fn shorten_tails(&mut self) {
        while self.tails > self.tails_max {
            let shelves = self.shelves.values_mut();
            let longest = shelves.max_by_key(|shelf| shelf.tail.bytes());
            let less = longest.map_or(0, |shelf| shelf.tail.halve());
            if less == 0 {
                return;
            }
            self.tails = self.tails.saturating_sub(less);
        }
    }

    /// Takes in a post; tells whether it is one that lives.
    fn take_in(&mut self, log: &Subject, entry: Entry) -> bool {
        // What another version wrote is passed over.
        let Some(stored) = Stored::read(entry) else {
            return false;
        };
        let phase = stored.phase();
        let records = stored.records();
        let hashes: Vec<u64> = records.map(|one| hash(&self.key, phase, one)).collect();
        let shelf = self.shelves.get_mut(log);
        let mine = shelf.and_then(|shelf| shelf.settle(&hashes));
        if let Some(mine) = &mine {
            self.ledger.sub(mine.source, mine.quota);
        }
        if self.is_over(stored.born()) {
            return false;
        }
        let source = mine.map_or(Source::ELSEWHERE, |mine| mine.source);
        let now = self.now;
        let shelf = self.shelf(log, source);
        let before = shelf.tail.bytes();
        let post = shelf.push(now, source, stored, hashes);
        let more = shelf.tail.bytes().saturating_sub(before);
        self.tails = self.tails.saturating_add(more);
        self.ledger.add(source, post.quota());
        let oldest = self.oldest.get_or_insert(post.born);
        *oldest = post.born.min(*oldest);
        true
    }

    /// Drops what has lived its time. Every call does it first; call it when there are none.
    pub(super) fn expire(&mut self, now: Time) {
        self.now = self.now.max(now);
        if !self.oldest.is_some_and(|born| self.is_over(born)) {
            return;
        }
        let (now, lifetime) = (self.now, self.limits.lifetime);
        for shelf in self.shelves.values_mut() {
            let mut is_less = false;
            while let Some(post) = shelf.pop(now, lifetime) {
                self.ledger.sub(post.source, post.quota());
                is_less = true;
            }
            if is_less {
                let before = shelf.tail.bytes();
                shelf.tidy(now, lifetime);
                let less = before.saturating_sub(shelf.tail.bytes());
                self.tails = self.tails.saturating_sub(less);
            }
        }
        self.shelves.retain(|_, shelf| {
            if shelf.is_empty() {
                self.boards.sub(shelf.opener(), BOARD);
                self.tails = self.tails.saturating_sub(shelf.tail.bytes());
            }
            !shelf.is_empty()
        });
        self.ledger.shrink();
        self.boards.shrink();
        self.oldest = self.shelves.values().filter_map(Shelf::oldest).min();
    }

    /// What is held now.
    pub(super) fn stats(&self) -> Stats {
        Stats {
            boards: self.shelves.len(),
            held: self.ledger.held(),
            sources: self.ledger.sources(),
        }
    }

    fn is_over(&self, born: Time) -> bool {
        born.after(self.limits.lifetime) <= self.now
    }

    /// The shelf of a board; `source` opens it if there is none.
    fn shelf(&mut self, log: &Subject, source: Source) -> &mut Shelf {
        self.shelves.entry(log.clone()).or_insert_with(|| {
            self.boards.add(source, BOARD);
            Shelf::new(source)
        })
    }

    fn forget_if_empty(&mut self, log: &Subject) {
        if self.shelves.get(log).is_some_and(Shelf::is_empty)
            && let Some(shelf) = self.shelves.remove(log)
        {
            self.boards.sub(shelf.opener(), BOARD);
            self.tails = self.tails.saturating_sub(shelf.tail.bytes());
        }
    }

    /// Whether `source` may put `more` on `shelf`. Costs the same however much is held.
    fn check(&self, shelf: &Shelf, source: Source, more: Quota) -> Result<(), Limit> {
        let limits = &self.limits;
        let named = |full: Limit| {
            move |refused| match refused {
                Refused::Full => full,
                Refused::Reserved => Limit::Share,
            }
        };
        let on_board = &shelf.ledger;
        on_board
            .check(source, more, limits.board, limits.board_shares)
            .map_err(named(Limit::Board))?;
        if self.ledger.of(source).plus(more).exceeds(limits.source) {
            return Err(Limit::Source);
        }
        self.ledger
            .check(source, more, limits.server, limits.server_shares)
            .map_err(named(Limit::Server))?;
        if !shelf.is_empty() {
            return Ok(());
        }
        if self.boards.of(source).records >= limits.boards_of_source {
            return Err(Limit::Source);
        }
        let boards = Quota {
            records: limits.boards,
            bytes: 0,
        };
        self.boards
            .check(source, BOARD, boards, limits.server_shares)
            .map_err(named(Limit::Boards))
    }

    fn full(&self, limit: Limit) -> PostError {
        let frees = self.oldest.unwrap_or(self.now).after(self.limits.lifetime);
        let retry = frees.since(self.now).clamp(MIN_RETRY, MAX_RETRY);
        PostError::Full(Full { limit, retry })
    }
}

/// What a board takes of the number of boards.
const BOARD: Quota = Quota {
    records: 1,
    bytes: 0,
};
const MIN_RETRY: Duration = Duration::from_secs(1);
const MAX_RETRY: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use rendezvous::board::{Board, Phase};

    use super::*;
    use crate::board::view::{Walk, What};

    fn log(number: u64) -> Subject {
        let name = format!("board-{number}");
        super::super::record::log(&Board::Named(name.parse().unwrap()))
    }

    /// A page with one post of one T2.
    fn page(now: Time, seq: u64) -> Page {
        let record = [seq.to_le_bytes(); 12].concat();
        let payload = Stored::write(now, Phase::Two, 96, [&record[..]].into_iter());
        Page {
            entries: vec![Entry { seq, payload }],
            last: seq,
            live: 1,
        }
    }

    #[test]
    fn the_newest_posts_stay_within_their_bound_and_go_with_their_time() {
        let mut index = Index::new(Limits::default(), 5_000);
        let mut most = 0;
        for seq in 1..200 {
            let now = Time::from_ms(seq * 1_000);
            assert!(index.follow(now, &log(seq % 3), page(now, seq)));
            let tails = index.shelves.values().map(|shelf| shelf.tail.bytes());
            assert_eq!(index.tails, tails.sum::<usize>());
            assert!(index.tails <= 5_000, "{}", index.tails);
            most = most.max(index.tails);
        }
        assert!(most > 4_000, "{most}");
        assert_eq!(index.stats().held.records, 199);
        index.expire(Time::from_ms(199_000 + 3_599_999));
        assert_eq!((index.stats().held.records, index.shelves.len()), (1, 1));
        assert!((1..=224).contains(&index.tails), "{}", index.tails);
        index.expire(Time::from_ms(199_000 + 3_600_000));
        assert_eq!((index.stats(), index.tails), (Stats::default(), 0));
    }

    #[test]
    fn what_came_before_the_clock_was_set_back_is_not_shown_once_it_is_not_counted() {
        let mut index = Index::new(Limits::default(), 5_000);
        let (now, ahead) = (Time::from_ms(5), Time::from_ms(9_000_000));
        let later = Time::from_ms(3_600_004);
        let old = page(ahead, 1);
        assert!(index.follow(now, &log(1), old.clone()));
        assert!(index.follow(later, &log(1), page(later, 2)));
        index.expire(Time::from_ms(3_600_005));
        assert_eq!(index.stats().held.records, 1);

        let (board, what) = (Board::Named("board-1".parse().unwrap()), What::News(None));
        let span = index.whole(later, &log(1));
        let mut walk = Walk::count(&board, &what, span, usize::MAX);
        assert_eq!(index.walk(&log(1), &mut walk), Next::Log(0));
        index.walk_log(&log(1), &mut walk, old.entries);
        assert_eq!(walk.bytes, 0);
        assert_eq!(index.walk(&log(1), &mut walk), Next::Over);
        assert_eq!(walk.bytes, 97);
    }

    #[test]
    fn a_page_that_comes_again_changes_nothing() {
        let mut index = Index::new(Limits::default(), 5_000);
        let now = Time::from_ms(5);
        assert!(index.follow(now, &log(1), page(now, 1)));
        let (stats, tails) = (index.stats(), index.tails);
        assert!(!index.follow(now, &log(1), page(now, 1)));
        assert_eq!((index.stats(), index.tails), (stats, tails));
    }

    #[test]
    fn what_another_version_wrote_is_passed_over_and_what_comes_behind_is_seen() {
        let mut index = Index::new(Limits::default(), 5_000);
        let now = Time::from_ms(5);
        let mut both = page(now, 2);
        let payload = vec![99; 104].into();
        both.entries.insert(0, Entry { seq: 1, payload });
        assert!(index.follow(now, &log(1), both));
        assert_eq!(index.stats().held.records, 1);
        assert_eq!(index.place(&log(1)).seq, 2);
    }
}
