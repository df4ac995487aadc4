//! The suite must be able to fail: each flaw below is caught by the case that is about it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use journal::{
    Answer, Append, AppendError, Appended, Cell, Entry, Fault, Id, ManualClock, Page, Rev, Seq,
    SetError, Store, Subject, Watch,
};
use tokio::task::yield_now;

use crate::world::{InMemory, World};
use crate::{logs, numbers, races, take, time};

/// What a careless back end gets wrong: it looks first and changes later, or not at all.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Flaw {
    LooksThenAppends,
    ForgetsDedupe,
    LooksThenTakes,
    ForgetsClaims,
    RemovesAlways,
    LooksThenSets,
    ForgetsTtl,
    UsesNumbersAgain,
}

struct Careless {
    flaw: Flaw,
    inner: Arc<dyn Store>,
}

impl Careless {
    async fn append(&self, mut append: Append) -> Result<Appended, AppendError> {
        match self.flaw {
            Flaw::LooksThenAppends => {
                let page = self.inner.read(&append.subject, 0, 0, 0).await?;
                // Long enough for the others to look as well, also where they get one processor.
                for _ in 0..64 {
                    yield_now().await;
                }
                if append
                    .expect_last
                    .take()
                    .is_some_and(|last| last != page.last)
                {
                    return Err(AppendError::Conflict { last: page.last });
                }
                if append.max_live.take().is_some_and(|max| page.live >= max) {
                    return Err(AppendError::Full { live: page.live });
                }
            }
            Flaw::ForgetsDedupe => append.dedupe = None,
            Flaw::ForgetsTtl => append.ttl = None,
            _ => {}
        }
        let appended = self.inner.append(append).await?;
        match (self.flaw, appended) {
            (Flaw::UsesNumbersAgain, Appended::New(_)) => Ok(Appended::New(1)),
            _ => Ok(appended),
        }
    }

    async fn take(&self, subject: &Subject, mut claim: Id) -> Result<Option<Entry>, Fault> {
        if self.flaw == Flaw::LooksThenTakes {
            let page = self.inner.read(subject, 0, 1, u32::MAX).await?;
            yield_now().await;
            let Some(entry) = page.entries.into_iter().next() else {
                return Ok(None);
            };
            self.inner.remove(subject, entry.seq).await?;
            return Ok(Some(entry));
        }
        if self.flaw == Flaw::ForgetsClaims {
            static CLAIMS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
            let fresh = CLAIMS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            claim[..8].copy_from_slice(&fresh.to_le_bytes());
        }
        self.inner.take(subject, claim).await
    }

    async fn cell_set(
        &self,
        key: &Subject,
        expect: Rev,
        value: Option<Bytes>,
        ttl: Option<Duration>,
    ) -> Result<Rev, SetError> {
        if self.flaw != Flaw::LooksThenSets {
            return self.inner.cell_set(key, expect, value, ttl).await;
        }
        let mut rev = self.inner.cell_get(key).await?.map_or(0, |cell| cell.rev);
        yield_now().await;
        if rev != expect {
            return Err(SetError::Conflict { rev });
        }
        loop {
            match self.inner.cell_set(key, rev, value.clone(), ttl).await {
                Err(SetError::Conflict { rev: now }) => rev = now,
                other => return other,
            }
        }
    }
}

impl Store for Careless {
    fn append(&self, append: Append) -> Answer<'_, Appended, AppendError> {
        Box::pin(self.append(append))
    }

    fn read<'a>(&'a self, name: &'a Subject, after: Seq, limit: u32, max: u32) -> Answer<'a, Page> {
        self.inner.read(name, after, limit, max)
    }

    fn take<'a>(&'a self, subject: &'a Subject, claim: Id) -> Answer<'a, Option<Entry>> {
        Box::pin(self.take(subject, claim))
    }

    fn remove<'a>(&'a self, subject: &'a Subject, seq: Seq) -> Answer<'a, bool> {
        Box::pin(async move {
            let removed = self.inner.remove(subject, seq).await?;
            Ok(removed || self.flaw == Flaw::RemovesAlways)
        })
    }

    fn remove_through<'a>(&'a self, subject: &'a Subject, seq: Seq) -> Answer<'a, u64> {
        self.inner.remove_through(subject, seq)
    }

    fn cell_get<'a>(&'a self, key: &'a Subject) -> Answer<'a, Option<Cell>> {
        self.inner.cell_get(key)
    }

    fn cell_set<'a>(
        &'a self,
        key: &'a Subject,
        expect: Rev,
        value: Option<Bytes>,
        ttl: Option<Duration>,
    ) -> Answer<'a, Rev, SetError> {
        Box::pin(self.cell_set(key, expect, value, ttl))
    }

    fn subjects(&self, kind: u8, after: Option<Subject>, limit: u32) -> Answer<'_, Vec<Subject>> {
        self.inner.subjects(kind, after, limit)
    }

    fn cells(&self, kind: u8, after: Option<Subject>, limit: u32) -> Answer<'_, Vec<Subject>> {
        self.inner.cells(kind, after, limit)
    }

    fn watch(&self) -> Box<dyn Watch> {
        self.inner.watch()
    }

    fn sweep(&self, budget: u32) -> Answer<'_, u32> {
        self.inner.sweep(budget)
    }
}

struct Flawed {
    sound: InMemory,
    store: Arc<dyn Store>,
}

impl Flawed {
    fn with(flaw: Flaw) -> Self {
        let sound = InMemory::new();
        let inner = sound.store();
        let store = Arc::new(Careless { flaw, inner });
        Self { sound, store }
    }
}

impl World for Flawed {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    fn other(&self) -> Arc<dyn Store> {
        self.store()
    }

    fn clock(&self) -> &ManualClock {
        self.sound.clock()
    }

    fn reopen(&mut self) {}

    fn close(&mut self) {}
}

/// Each case over a world with each flaw it must catch.
macro_rules! caught {
    ($($name:ident: $module:ident::$case:ident, $flaw:ident;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        #[should_panic]
        async fn $name() {
            $module::$case(Flawed::with(Flaw::$flaw)).await;
        }
    )*};
}

caught! {
    two_winners_of_one_number: races::one_writer_wins_each_number, LooksThenAppends;
    a_log_fuller_than_full: races::a_full_log_is_never_fuller, LooksThenAppends;
    a_second_copy: races::one_copy_of_a_request_is_stored, ForgetsDedupe;
    a_second_copy_later: time::remembers_ids_for_the_window_and_no_longer, ForgetsDedupe;
    an_entry_taken_twice: races::every_entry_is_taken_once, LooksThenTakes;
    a_claim_with_two_answers: take::answers_a_repeated_claim_with_the_same_entry, ForgetsClaims;
    a_removal_that_counts_twice: races::one_removal_counts, RemovesAlways;
    a_removal_of_nothing: logs::removes_once, RemovesAlways;
    a_lost_increment: races::no_increment_of_a_cell_is_lost, LooksThenSets;
    an_entry_beyond_its_time: time::hides_an_entry_at_the_instant_its_time_is_over, ForgetsTtl;
    a_number_used_again: numbers::never_uses_a_number_twice_even_if_the_log_was_forgotten, UsesNumbersAgain;
}
