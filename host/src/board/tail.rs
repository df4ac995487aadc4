use std::collections::VecDeque;

use super::record::Stored;

/// The newest posts of a board, as they are in the log.
#[derive(Debug, Default)]
pub(super) struct Tail {
    posts: VecDeque<Stored>,
    bytes: usize,
    /// The last cursor of those that are no more in it; 0: none.
    missing: u64,
}

impl Tail {
    pub(super) fn push(&mut self, post: Stored) {
        self.bytes = self.bytes.saturating_add(cost(&post));
        self.posts.push_back(post);
    }

    /// What it takes of memory, in bytes.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// What comes before must be looked for in the log.
    pub(super) const fn missing(&self) -> u64 {
        self.missing
    }

    /// Its posts from the one on that the cursor `after` is in.
    pub(super) fn from(&self, after: u64) -> impl Iterator<Item = &Stored> {
        let start = self.posts.partition_point(|post| post.last() <= after);
        self.posts.range(start..)
    }

    /// Drops the oldest posts for as long as `is_gone` says so.
    pub(super) fn drop_while(&mut self, is_gone: impl Fn(&Stored) -> bool) {
        while self.posts.front().is_some_and(&is_gone) {
            self.drop_first();
        }
        let spare = self.posts.len().saturating_mul(4);
        if self.posts.capacity() > spare.max(16) {
            self.posts.shrink_to_fit();
        }
    }

    /// Drops the older half of what it takes; returns how many bytes that was.
    pub(super) fn halve(&mut self) -> usize {
        let (before, goal) = (self.bytes, self.bytes.div_euclid(2));
        while self.bytes > goal {
            self.drop_first();
        }
        self.drop_while(|_| false);
        before.saturating_sub(self.bytes)
    }

    fn drop_first(&mut self) {
        match self.posts.pop_front() {
            Some(post) => {
                self.bytes = self.bytes.saturating_sub(cost(&post));
                self.missing = post.last();
            }
            None => self.bytes = 0,
        }
    }
}

/// What keeping a post takes: its bytes, and what is around them.
fn cost(post: &Stored) -> usize {
    post.len().saturating_add(AROUND)
}

const AROUND: usize = 128;
