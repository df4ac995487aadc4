//! A store that is away for a while, and a client that is.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use bytes::Bytes;
use host::board::{Boards, Limits, PostError, ReadError, Stats};
use host::http::{Service, Settings};
use host::respond::{Responder, Rules};
use journal::{
    Answer, Append, AppendError, Appended, Cell, Entry, Fault, Id, ManualClock, Memory, Page, Rev,
    Seq, SetError, Store, Subject, Watch,
};
use kernel::Time;
use tokio::sync::watch;
use tower::ServiceExt;

use crate::world::{Process, START, named};

/// What a store does when it is asked for an entry of a log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Mood {
    Well,
    /// Waits until it is well.
    Slow,
    Away,
}

/// A store in memory with moods.
struct Moody {
    inner: Memory,
    mood: watch::Sender<Mood>,
}

impl Moody {
    async fn ready(&self) -> Result<(), Fault> {
        let mut mood = self.mood.subscribe();
        let mood = mood.wait_for(|mood| *mood != Mood::Slow).await;
        match *mood.unwrap() {
            Mood::Away => Err(Fault::Unavailable),
            _ => Ok(()),
        }
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.ready().await?;
        self.inner.append(append).await
    }

    async fn read(&self, log: &Subject, place: (Seq, u32, u32)) -> Result<Page, Fault> {
        self.ready().await?;
        let (after, limit, max) = place;
        self.inner.read(log, after, limit, max).await
    }
}

impl Store for Moody {
    fn append(&self, append: Append) -> Answer<'_, Appended, AppendError> {
        Box::pin(self.append(append))
    }

    fn read<'a>(&'a self, log: &'a Subject, after: Seq, limit: u32, max: u32) -> Answer<'a, Page> {
        Box::pin(self.read(log, (after, limit, max)))
    }

    fn take<'a>(&'a self, log: &'a Subject, claim: Id) -> Answer<'a, Option<Entry>> {
        self.inner.take(log, claim)
    }

    fn remove<'a>(&'a self, log: &'a Subject, seq: Seq) -> Answer<'a, bool> {
        self.inner.remove(log, seq)
    }

    fn remove_through<'a>(&'a self, log: &'a Subject, seq: Seq) -> Answer<'a, u64> {
        self.inner.remove_through(log, seq)
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
        self.inner.cell_set(key, expect, value, ttl)
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

impl fmt::Debug for Moody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Moody")
    }
}

/// A store, and a process that serves it.
fn moody() -> (Arc<Moody>, Process) {
    let clock = Arc::new(ManualClock::new(Time::from_ms(START)));
    let inner = Memory::new(journal::Limits::default(), clock.clone());
    let mood = watch::Sender::new(Mood::Well);
    let store = Arc::new(Moody { inner, mood });
    let boards = Arc::new(Boards::new(store.clone(), Limits::default()));
    (store, Process { clock, boards })
}

#[tokio::test]
async fn what_the_store_does_not_take_is_not_held_and_can_be_posted_again() {
    let (store, process) = moody();
    let board = named("b");
    process.post(&board, 1, [1]).await.unwrap();
    let before = process.boards.stats();
    store.mood.send_replace(Mood::Away);
    for numbers in [[2, 3], [1, 2]] {
        let refused = process.post(&board, 1, numbers).await;
        assert_eq!(refused, Err(PostError::Store(Fault::Unavailable)));
    }
    let refused = process.post(&named("c"), 1, [1]).await;
    assert_eq!(refused, Err(PostError::Store(Fault::Unavailable)));
    let refused = process.boards.look(process.now(), &board).await;
    assert_eq!(refused, Err(ReadError::Store(Fault::Unavailable)));
    assert_eq!(process.boards.stats(), before);
    store.mood.send_replace(Mood::Well);
    assert_eq!(process.post(&board, 1, [1, 2, 3]).await, Ok(2));
    assert_eq!(process.all(&board).await, [1, 2, 3]);
}

#[tokio::test]
async fn a_post_whose_client_goes_away_is_stored_and_counted_all_the_same() {
    let (store, process) = moody();
    let board = named("b");
    process.post(&board, 1, [1]).await.unwrap();
    let mut bell = process.boards.bell(&board).await;
    store.mood.send_replace(Mood::Slow);
    {
        let post = process.post(&board, 2, [2, 3]);
        let poll = tokio::time::timeout(Duration::ZERO, post).await;
        assert!(
            poll.is_err(),
            "it waits for the store, then its client is gone"
        );
    }
    assert_eq!(
        process.boards.stats().held.records,
        3,
        "room is kept for it"
    );
    store.mood.send_replace(Mood::Well);
    bell.rung().await;
    assert_eq!(process.all(&board).await, [1, 2, 3]);
    let Stats { held, sources, .. } = process.boards.stats();
    assert_eq!((held.records, sources), (3, 2));
}

#[tokio::test]
async fn a_client_is_told_to_come_back_when_the_store_is_away() {
    let (store, _) = moody();
    let responder = Responder::open(store.clone(), "here", Rules::default()).await;
    let service = Service::with(Settings::default(), Some(Arc::new(responder.unwrap())));
    let ask = async |method: &str, path: &str, body: Vec<u8>| {
        let request = Request::builder().method(method).uri(path);
        let request = request.body(Body::from(body)).unwrap();
        let router = service.router(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let response = router.oneshot(request).await.unwrap();
        let retry = response.headers().contains_key("retry-after");
        (response.status().as_u16(), retry)
    };
    let asks = [
        ("POST", "/meet/b/t2", 96, 204),
        ("GET", "/meet/b/new", 0, 200),
        ("POST", "/t2", 64, 200),
        ("GET", "/new", 0, 200),
        ("GET", "/t1", 0, 200),
    ];
    for mood in [Mood::Well, Mood::Away, Mood::Well] {
        store.mood.send_replace(mood);
        for (number, (method, path, length, status)) in (0..).zip(asks) {
            let body = vec![number + u8::from(mood == Mood::Away); length];
            let expected = match mood {
                Mood::Away => (503, true),
                _ => (status, false),
            };
            assert_eq!(ask(method, path, body).await, expected, "{method} {path}");
        }
    }
}
