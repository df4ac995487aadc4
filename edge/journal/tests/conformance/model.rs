//! Random calls, each compared with the reference in memory.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use journal::{Append, AppendError, Appended, Clock as _, ManualClock, Memory, SetError, Store};
use journal::{Entry, Page};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

mod calls;

use calls::{Call, Expect, NAMES, calls, subject};

use crate::world::{World, id, limits};

/// The store, the reference, and which number of the one is which of the other.
struct Pair<'a, W> {
    world: &'a mut W,
    clock: Arc<ManualClock>,
    reference: Memory,
    seqs: HashMap<(usize, u64), u64>,
    revs: HashMap<(usize, u64), u64>,
}

/// Numbers may be chosen freely, so only their places are compared.
fn translated(map: &HashMap<(usize, u64), u64>, name: usize, number: u64) -> u64 {
    if number == 0 {
        0
    } else {
        map.get(&(name, number)).copied().unwrap_or(u64::MAX - 1)
    }
}

impl<W: World> Pair<'_, W> {
    fn entry(&self, name: usize, entry: Entry) -> Entry {
        let seq = translated(&self.seqs, name, entry.seq);
        Entry { seq, ..entry }
    }

    async fn page(&self, name: usize, after: u64, limit: u32, max_bytes: u32) {
        let key = subject(name);
        let page = self
            .reference
            .read(&key, after, limit, max_bytes)
            .await
            .unwrap();
        let entries = page.entries.into_iter();
        let page = Page {
            entries: entries.map(|entry| self.entry(name, entry)).collect(),
            last: translated(&self.seqs, name, page.last),
            live: page.live,
        };
        let after = translated(&self.seqs, name, after);
        let found = self.world.store().read(&key, after, limit, max_bytes).await;
        assert_eq!(found.unwrap(), page);
    }

    /// The number of the `nth` live entry in the reference, if there is one.
    async fn nth(&self, name: usize, nth: usize) -> u64 {
        let page = self
            .reference
            .read(&subject(name), 0, u32::MAX, u32::MAX)
            .await
            .unwrap();
        page.entries.get(nth).map_or(page.last, |entry| entry.seq)
    }

    async fn append(&mut self, name: usize, expect: Option<Expect>, mut append: Append) {
        let last = self
            .reference
            .read(&append.subject, 0, 0, 0)
            .await
            .unwrap()
            .last;
        let expected = expect.map(|expect| match expect {
            Expect::Nothing => 0,
            Expect::Current => last,
            Expect::Wrong => 1 << 40,
        });
        append.expect_last = expected;
        let model = self.reference.append(append.clone()).await;
        append.expect_last = expected.map(|last| translated(&self.seqs, name, last));
        let found = self.world.store().append(append).await;
        match (model, found) {
            (Ok(Appended::New(model)), Ok(Appended::New(found))) => {
                let before = translated(&self.seqs, name, last);
                assert!(found > before, "{found} after {before}");
                self.seqs.insert((name, model), found);
            }
            (Ok(Appended::Duplicate(model)), Ok(Appended::Duplicate(found))) => {
                assert_eq!(found, translated(&self.seqs, name, model));
            }
            (Err(AppendError::Conflict { last }), Err(AppendError::Conflict { last: found })) => {
                assert_eq!(found, translated(&self.seqs, name, last));
            }
            (model, found) => assert_eq!(found, model),
        }
    }

    async fn cell_set(
        &mut self,
        name: usize,
        expect: Expect,
        value: Option<usize>,
        ttl_s: Option<u64>,
    ) {
        let (key, store) = (subject(name), self.world.store());
        let cell = self.reference.cell_get(&key).await.unwrap();
        let expect = match expect {
            Expect::Nothing => 0,
            Expect::Current => cell.map_or(0, |cell| cell.rev),
            Expect::Wrong => 1 << 40,
        };
        let value = value.map(|len| vec![5; len].into());
        let ttl = ttl_s.map(Duration::from_secs);
        let model = self
            .reference
            .cell_set(&key, expect, value.clone(), ttl)
            .await;
        let expect = translated(&self.revs, name, expect);
        match (model, store.cell_set(&key, expect, value, ttl).await) {
            (Ok(model), Ok(found)) => {
                assert_eq!(model == 0, found == 0);
                self.revs.insert((name, model), found);
            }
            (Err(SetError::Conflict { rev }), Err(SetError::Conflict { rev: found })) => {
                assert_eq!(found, translated(&self.revs, name, rev));
            }
            (model, found) => assert_eq!(found, model),
        }
    }

    async fn call(&mut self, call: Call) {
        let store = self.world.store();
        match call {
            Call::Append {
                name,
                expect,
                dedupe,
                ttl_s,
                max_live,
                len,
            } => {
                let mut append = Append::new(subject(name), vec![len.to_le_bytes()[0]; len]);
                append.dedupe = dedupe.map(id);
                append.ttl = ttl_s.map(Duration::from_secs);
                append.max_live = max_live;
                self.append(name, expect, append).await;
            }
            Call::Read(name, nth, limit, max_bytes) => {
                let after = if nth == 0 {
                    0
                } else {
                    self.nth(name, nth - 1).await
                };
                self.page(name, after, limit, max_bytes).await;
            }
            Call::Take(name, claim) => {
                let key = subject(name);
                let model = self.reference.take(&key, id(claim)).await.unwrap();
                let model = model.map(|entry| self.entry(name, entry));
                assert_eq!(store.take(&key, id(claim)).await.unwrap(), model);
            }
            Call::Remove(name, nth) => {
                let (key, seq) = (subject(name), self.nth(name, nth).await);
                let model = self.reference.remove(&key, seq).await;
                let seq = translated(&self.seqs, name, seq);
                assert_eq!(store.remove(&key, seq).await, model);
            }
            Call::RemoveThrough(name, nth) => {
                let (key, seq) = (subject(name), self.nth(name, nth).await);
                let model = self.reference.remove_through(&key, seq).await;
                let seq = translated(&self.seqs, name, seq);
                assert_eq!(store.remove_through(&key, seq).await, model);
            }
            Call::CellSet(name, expect, value, ttl_s) => {
                self.cell_set(name, expect, value, ttl_s).await;
            }
            Call::List(kind, after, limit) => {
                let after = after.map(subject);
                let model = self.reference.subjects(kind, after.clone(), limit).await;
                assert_eq!(store.subjects(kind, after.clone(), limit).await, model);
                let model = self.reference.cells(kind, after.clone(), limit).await;
                assert_eq!(store.cells(kind, after, limit).await, model);
            }
            Call::Sweep => {
                self.reference.sweep(u32::MAX).await.unwrap();
                store.sweep(u32::MAX).await.unwrap();
            }
            Call::Step(ms) => {
                self.clock.step(Duration::from_millis(ms));
                self.world.clock().set(self.clock.now());
            }
            Call::Reopen => {
                drop(store);
                self.world.reopen();
            }
        }
    }

    /// Everything there is.
    async fn compare(&self) {
        for name in 0..NAMES.len() {
            self.page(name, 0, u32::MAX, u32::MAX).await;
            let key = subject(name);
            let model = self.reference.cell_get(&key).await.unwrap();
            let found = self.world.store().cell_get(&key).await.unwrap();
            let model = model.map(|cell| (translated(&self.revs, name, cell.rev), cell.value));
            assert_eq!(found.map(|cell| (cell.rev, cell.value)), model);
        }
    }
}

/// Each sequence starts in an empty world.
pub(crate) async fn behaves_like_the_reference<W: World + Fresh>(_first: W) {
    let mut runner = TestRunner::deterministic();
    for _ in 0..SEQUENCES {
        let calls = calls().new_tree(&mut runner).unwrap().current();
        let mut world = W::fresh();
        let clock = Arc::new(ManualClock::new(world.clock().now()));
        let mut pair = Pair {
            reference: Memory::new(limits(), Arc::clone(&clock) as _),
            world: &mut world,
            clock,
            seqs: HashMap::new(),
            revs: HashMap::new(),
        };
        for call in calls {
            pair.call(call).await;
        }
        pair.compare().await;
    }
}

const SEQUENCES: u32 = 60;

/// A world that can be made again.
pub(crate) trait Fresh {
    fn fresh() -> Self;
}

impl Fresh for crate::world::InMemory {
    fn fresh() -> Self {
        Self::new()
    }
}

impl Fresh for crate::world::OnDisk {
    fn fresh() -> Self {
        Self::new()
    }
}
