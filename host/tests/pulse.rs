//! A store that hangs: nothing is lost, but a watchdog must hear of it.

use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use host::http::{Config, Server};
use host::respond::{Responder, Rules};
use journal::{
    Answer, Append, AppendError, Appended, Cell, Entry, Id, Limits, Memory, Page, Rev, Seq,
    SetError, Store, Subject, SystemClock, Watch,
};

/// A store whose disk can stop to answer readers.
struct Disk {
    store: Memory,
    hangs: Arc<AtomicBool>,
}

impl Store for Disk {
    fn append(&self, append: Append) -> Answer<'_, Appended, AppendError> {
        self.store.append(append)
    }

    fn read<'a>(
        &'a self,
        subject: &'a Subject,
        after: Seq,
        limit: u32,
        max_bytes: u32,
    ) -> Answer<'a, Page> {
        self.store.read(subject, after, limit, max_bytes)
    }

    fn take<'a>(&'a self, subject: &'a Subject, claim: Id) -> Answer<'a, Option<Entry>> {
        self.store.take(subject, claim)
    }

    fn remove<'a>(&'a self, subject: &'a Subject, seq: Seq) -> Answer<'a, bool> {
        self.store.remove(subject, seq)
    }

    fn remove_through<'a>(&'a self, subject: &'a Subject, seq: Seq) -> Answer<'a, u64> {
        self.store.remove_through(subject, seq)
    }

    fn cell_get<'a>(&'a self, key: &'a Subject) -> Answer<'a, Option<Cell>> {
        match self.hangs.load(Ordering::Relaxed) {
            true => Box::pin(pending()),
            false => self.store.cell_get(key),
        }
    }

    fn cell_set<'a>(
        &'a self,
        key: &'a Subject,
        expect: Rev,
        value: Option<bytes::Bytes>,
        ttl: Option<Duration>,
    ) -> Answer<'a, Rev, SetError> {
        self.store.cell_set(key, expect, value, ttl)
    }

    fn subjects(&self, kind: u8, after: Option<Subject>, limit: u32) -> Answer<'_, Vec<Subject>> {
        self.store.subjects(kind, after, limit)
    }

    fn cells(&self, kind: u8, after: Option<Subject>, limit: u32) -> Answer<'_, Vec<Subject>> {
        self.store.cells(kind, after, limit)
    }

    fn watch(&self) -> Box<dyn Watch> {
        self.store.watch()
    }

    fn sweep(&self, budget: u32) -> Answer<'_, u32> {
        self.store.sweep(budget)
    }
}

#[tokio::test]
async fn while_the_store_hangs_there_is_no_beat() {
    let hangs = Arc::new(AtomicBool::new(false));
    let disk = Disk {
        store: Memory::new(Limits::default(), Arc::new(SystemClock)),
        hangs: Arc::clone(&hangs),
    };
    let responder = Responder::open(Arc::new(disk), "here", Rules::default()).await;
    let mut config = Config::default();
    config.listen = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
    let responder = Some(Arc::new(responder.unwrap()));
    let server = Server::start_with(config, responder, None).await.unwrap();
    let pulse = server.pulse();
    assert!(pulse.beat().await);

    hangs.store(true, Ordering::Relaxed);
    let mut beat = Box::pin(pulse.beat());
    for _ in 0..100 {
        assert!(beat.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    hangs.store(false, Ordering::Relaxed);
    assert!(pulse.beat().await, "it is well again");
}
