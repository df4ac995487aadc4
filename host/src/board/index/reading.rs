//! Along the posts of a board: as far as they are in memory here, else from the log.

use journal::{Entry, Seq, Subject};
use kernel::Time;

use super::super::record::{self, Stored};
use super::super::shelf::Shelf;
use super::super::view::{Span, Walk};
use super::Index;

/// Where a walk goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in super::super) enum Next {
    /// It has come to its end.
    Over,
    /// At the posts behind this number, in the log.
    Log(Seq),
}

impl Index {
    /// All that a board has.
    pub(in super::super) fn whole(&mut self, now: Time, log: &Subject) -> Span {
        self.expire(now);
        let shelf = self.shelves.get(log);
        Span {
            after: 0,
            until: shelf.map_or(0, Shelf::last),
            bytes: shelf.map_or(0, |shelf| shelf.ledger.held().bytes),
        }
    }

    /// Where a reader that was at the cursor `after` goes on, and the board's last cursor.
    ///
    /// A cursor ahead of the board is one of another life of this server: it counts as 0.
    pub(in super::super) fn start(
        &mut self,
        now: Time,
        log: &Subject,
        after: u64,
    ) -> Option<(u64, u64)> {
        self.expire(now);
        let last = self.shelves.get(log).map_or(0, Shelf::last);
        let start = if after > last { 0 } else { after };
        (last > 0).then_some((start, last))
    }

    /// Goes on with a walk as far as the posts are in memory.
    pub(in super::super) fn walk(&self, log: &Subject, walk: &mut Walk<'_>) -> Next {
        let Some(shelf) = self.shelves.get(log) else {
            return Next::Over;
        };
        if walk.at < shelf.tail.missing() && !walk.is_over() {
            let next = walk.at.saturating_add(1);
            return Next::Log(record::seq(next).saturating_sub(1));
        }
        for post in shelf.tail.from(walk.at) {
            if walk.is_over() {
                break;
            }
            self.visit(shelf, walk, post);
        }
        Next::Over
    }

    /// Goes on with a walk along posts that are no more in memory.
    pub(in super::super) fn walk_log(
        &self,
        log: &Subject,
        walk: &mut Walk<'_>,
        entries: Vec<Entry>,
    ) {
        let Some(shelf) = self.shelves.get(log) else {
            return;
        };
        let missing = record::seq(shelf.tail.missing());
        let mut is_end = entries.is_empty();
        for entry in entries {
            let seq = entry.seq;
            if seq > missing {
                is_end = true;
                break;
            }
            if let Some(post) = Stored::read(entry) {
                self.visit(shelf, walk, &post);
            }
            if walk.is_over() {
                return;
            }
            walk.pass(seq);
        }
        if is_end {
            walk.pass(missing);
        }
    }

    fn visit(&self, shelf: &Shelf, walk: &mut Walk<'_>, post: &Stored) {
        if !shelf.is_gone(post.seq) && !self.is_over(post.born()) {
            walk.visit(post, |cursor| shelf.is_second(cursor));
        }
    }
}
