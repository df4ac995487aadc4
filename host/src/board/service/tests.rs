use std::time::Duration;

use journal::{ManualClock, Memory};
use rendezvous::board::Phase;

use super::super::limits::{Limit, Quota};
use super::super::post::Source;
use super::super::view::{Span, What};
use super::*;

const HOUR: u64 = 3_600_000;

fn at(ms: u64) -> Time {
    Time::from_ms(ms)
}

fn named(name: &str) -> Board {
    Board::Named(name.parse().unwrap())
}

/// One T2 record of a named board, of its own by `number`.
fn t2(number: u32, receiver: u8) -> Vec<u8> {
    let mut record = vec![0; 96];
    record[..4].copy_from_slice(&number.to_le_bytes());
    record[32..64].fill(receiver);
    record
}

fn limits() -> Limits {
    let quota = |records| Quota {
        records,
        bytes: usize::MAX,
    };
    Limits {
        board: quota(4),
        source: quota(6),
        server: quota(9),
        boards: 3,
        boards_of_source: 2,
        board_shares: 1,
        server_shares: 1,
        ..Limits::default()
    }
}

/// Boards in memory, told the time with each call.
struct Desk {
    boards: Arc<Boards>,
    clock: Arc<ManualClock>,
}

impl Desk {
    fn new(limits: Limits) -> Self {
        let clock = Arc::new(ManualClock::default());
        let store = Memory::new(journal::Limits::default(), clock.clone());
        let boards = Arc::new(Boards::with_tails(Arc::new(store), limits, 1_000));
        Self { boards, clock }
    }

    fn at(&self, now: Time) -> &Arc<Boards> {
        self.clock.set(now);
        &self.boards
    }

    async fn span(&self, now: Time, board: &Board, what: &What, after: u64, max: usize) -> Span {
        let span = self.at(now).span(now, (board, what), after, max);
        span.await.unwrap()
    }

    async fn read(&self, board: &Board, what: &What, span: Span, chunk: usize) -> (Vec<u8>, Span) {
        let read = self.boards.read((board, what), span, chunk);
        read.await.unwrap()
    }

    fn expire(&self, now: Time) {
        self.at(now).expire(now);
    }

    fn stats(&self) -> Stats {
        self.boards.stats()
    }
}

/// Posts T2 records with these numbers from one source.
async fn post(
    store: &Desk,
    now: Time,
    place: (&Board, u64),
    numbers: &[u32],
) -> Result<usize, PostError> {
    let body: Vec<u8> = numbers.iter().flat_map(|&number| t2(number, 0)).collect();
    let post = Post {
        board: place.0,
        phase: Phase::Two,
        body: &body,
        source: Source(place.1),
    };
    store.at(now).post(now, &post).await
}

fn limit(result: Result<usize, PostError>) -> Limit {
    match result.unwrap_err() {
        PostError::Full(full) => full.limit,
        other => panic!("{other:?}"),
    }
}

async fn all(store: &Desk, now: Time, board: &Board, what: What) -> Vec<u8> {
    let span = store.span(now, board, &what, 0, usize::MAX).await;
    let (bytes, left) = store.read(board, &what, span, usize::MAX).await;
    assert_eq!(left.bytes, 0);
    assert_eq!(bytes.len(), span.bytes);
    bytes
}

#[tokio::test]
async fn records_are_listed_oldest_first_and_once() {
    let store = Desk::new(Limits::default());
    let board = named("b");
    assert_eq!(post(&store, at(0), (&board, 1), &[5, 3, 5]).await, Ok(2));
    assert_eq!(post(&store, at(1), (&board, 2), &[3, 4]).await, Ok(1));
    assert_eq!(post(&store, at(1), (&board, 2), &[]).await, Ok(0));
    let expected: Vec<u8> = [5, 3, 4].into_iter().flat_map(|n| t2(n, 0)).collect();
    assert_eq!(
        all(&store, at(2), &board, What::Phase(Phase::Two)).await,
        expected
    );
    assert!(
        all(&store, at(2), &board, What::Phase(Phase::Three))
            .await
            .is_empty()
    );
    assert!(
        all(&store, at(2), &named("c"), What::Phase(Phase::Two))
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_body_that_is_not_whole_records_is_not_stored() {
    let store = Desk::new(Limits::default());
    let whole = t2(1, 0);
    let post = Post {
        board: &named("b"),
        phase: Phase::Two,
        body: &whole[..95],
        source: Source(1),
    };
    let refused = store.boards.post(at(0), &post).await;
    assert_eq!(refused, Err(PostError::Malformed));
    assert_eq!(store.stats(), Stats::default());
}

#[tokio::test]
async fn the_bound_of_a_board_holds_at_the_limit_and_one_above() {
    let store = Desk::new(limits());
    let board = named("b");
    assert_eq!(post(&store, at(0), (&board, 1), &[1, 2, 3, 4]).await, Ok(4));
    let refused = post(&store, at(0), (&board, 2), &[5]).await;
    assert_eq!(limit(refused), Limit::Board);
    assert_eq!(
        post(&store, at(0), (&board, 2), &[4]).await,
        Ok(0),
        "a duplicate"
    );
}

#[tokio::test]
async fn the_bound_of_a_source_holds_at_the_limit_and_one_above() {
    let store = Desk::new(limits());
    post(&store, at(0), (&named("b"), 1), &[1, 2, 3])
        .await
        .unwrap();
    let refused = post(&store, at(0), (&named("c"), 1), &[1, 2, 3, 4]).await;
    assert_eq!(limit(refused), Limit::Source);
    assert_eq!(
        post(&store, at(0), (&named("c"), 1), &[1, 2, 3]).await,
        Ok(3)
    );
    assert_eq!(post(&store, at(0), (&named("c"), 2), &[9]).await, Ok(1));
}

#[tokio::test]
async fn the_bound_of_the_server_holds_at_the_limit_and_one_above() {
    let store = Desk::new(limits());
    post(&store, at(0), (&named("b"), 1), &[1, 2, 3, 4])
        .await
        .unwrap();
    post(&store, at(0), (&named("c"), 2), &[1, 2, 3, 4])
        .await
        .unwrap();
    let refused = post(&store, at(0), (&named("d"), 3), &[1, 2]).await;
    assert_eq!(limit(refused), Limit::Server);
    assert_eq!(post(&store, at(0), (&named("d"), 3), &[1]).await, Ok(1));
}

#[tokio::test]
async fn the_second_half_of_a_board_is_kept_for_small_sources() {
    let mut bounds = limits();
    bounds.board.records = 8;
    bounds.source.records = 8;
    bounds.board_shares = 4;
    let store = Desk::new(bounds);
    let board = named("b");
    assert_eq!(post(&store, at(0), (&board, 1), &[1, 2, 3, 4]).await, Ok(4));
    let refused = post(&store, at(0), (&board, 1), &[5]).await;
    assert_eq!(limit(refused), Limit::Share);
    assert_eq!(post(&store, at(0), (&board, 2), &[5, 6]).await, Ok(2));
    let refused = post(&store, at(0), (&board, 2), &[7]).await;
    assert_eq!(limit(refused), Limit::Share);
    assert_eq!(post(&store, at(0), (&board, 3), &[7, 8]).await, Ok(2));
    let refused = post(&store, at(0), (&board, 4), &[9]).await;
    assert_eq!(limit(refused), Limit::Board);
    let elsewhere = post(&store, at(0), (&named("c"), 1), &[1]).await;
    assert_eq!(elsewhere, Ok(1), "another board");
    assert_eq!(
        post(&store, at(HOUR), (&board, 1), &[9]).await,
        Ok(1),
        "over"
    );
}

#[tokio::test]
async fn the_second_half_of_the_server_is_kept_for_small_sources() {
    let mut bounds = limits();
    bounds.server.records = 8;
    bounds.server_shares = 8;
    bounds.boards = 100;
    let store = Desk::new(bounds);
    post(&store, at(0), (&named("a"), 1), &[1, 2, 3, 4])
        .await
        .unwrap();
    let refused = post(&store, at(0), (&named("b"), 1), &[1]).await;
    assert_eq!(limit(refused), Limit::Share);
    for source in 2..6 {
        let refused = post(&store, at(0), (&named("b"), source), &[1, 2]).await;
        assert!(refused.is_err(), "{source}");
        let taken = post(
            &store,
            at(0),
            (&named("c"), source),
            &[u32::try_from(source).unwrap()],
        )
        .await;
        assert_eq!(taken, Ok(1));
    }
    let refused = post(&store, at(0), (&named("d"), 6), &[1]).await;
    assert_eq!(limit(refused), Limit::Server);
}

#[tokio::test]
async fn the_second_half_of_the_boards_is_kept_for_those_who_opened_few() {
    let mut bounds = limits();
    bounds.boards = 4;
    bounds.boards_of_source = 4;
    bounds.server_shares = 4;
    let store = Desk::new(bounds);
    for name in ["a", "b"] {
        assert_eq!(post(&store, at(0), (&named(name), 1), &[1]).await, Ok(1));
    }
    let refused = post(&store, at(0), (&named("c"), 1), &[1]).await;
    assert_eq!(limit(refused), Limit::Share);
    assert_eq!(post(&store, at(0), (&named("c"), 2), &[1]).await, Ok(1));
    let refused = post(&store, at(0), (&named("d"), 2), &[1]).await;
    assert_eq!(limit(refused), Limit::Share);
    // A board belongs to its opener as long as it is there, also with records of others only.
    post(&store, at(HOUR - 1), (&named("a"), 3), &[2])
        .await
        .unwrap();
    store.expire(at(HOUR));
    assert_eq!((store.stats().boards, store.stats().sources), (1, 1));
    assert_eq!(post(&store, at(HOUR), (&named("b"), 1), &[1]).await, Ok(1));
    let refused = post(&store, at(HOUR), (&named("c"), 1), &[1]).await;
    assert_eq!(limit(refused), Limit::Share);
}

#[tokio::test]
async fn strangers_cannot_fill_a_board_before_a_newcomer_from_a_few_addresses() {
    let store = Desk::new(Limits::default());
    let board = named("b");
    let mut number = 0_u32;
    for source in 1..=17 {
        loop {
            number += 1;
            if post(&store, at(0), (&board, source), &[number])
                .await
                .is_err()
            {
                break;
            }
        }
    }
    let newcomer: Vec<u32> = (1_000_000..1_000_100).collect();
    assert_eq!(post(&store, at(0), (&board, 99), &newcomer).await, Ok(100));
}

#[tokio::test]
async fn bytes_are_bounded_like_records() {
    let mut bounds = Limits::default();
    bounds.board.bytes = 2 * 96;
    let store = Desk::new(bounds);
    let board = named("b");
    assert_eq!(post(&store, at(0), (&board, 1), &[1, 2]).await, Ok(2));
    assert_eq!(
        limit(post(&store, at(0), (&board, 1), &[3]).await),
        Limit::Board
    );
}

#[tokio::test]
async fn the_number_of_boards_is_bounded_and_per_source_too() {
    let store = Desk::new(limits());
    for name in ["a", "b"] {
        post(&store, at(0), (&named(name), 1), &[1]).await.unwrap();
    }
    let refused = post(&store, at(0), (&named("c"), 1), &[1]).await;
    assert_eq!(limit(refused), Limit::Source);
    post(&store, at(0), (&named("c"), 2), &[1]).await.unwrap();
    let refused = post(&store, at(0), (&named("d"), 2), &[1]).await;
    assert_eq!(limit(refused), Limit::Boards);
    assert_eq!(post(&store, at(0), (&named("a"), 2), &[2]).await, Ok(1));
}

#[tokio::test]
async fn records_live_exactly_their_lifetime_and_empty_boards_go() {
    let store = Desk::new(Limits::default());
    let board = named("b");
    post(&store, at(5), (&board, 1), &[1]).await.unwrap();
    post(&store, at(6), (&board, 1), &[2]).await.unwrap();
    store.expire(at(5 + HOUR - 1));
    assert_eq!(store.stats().held.records, 2);
    store.expire(at(5 + HOUR));
    assert_eq!(store.stats().held.records, 1);
    store.expire(at(6 + HOUR));
    assert_eq!(store.stats(), Stats::default());
    assert_eq!(
        post(&store, at(6 + HOUR), (&board, 1), &[1]).await,
        Ok(1),
        "forgotten"
    );
}

#[tokio::test]
async fn a_full_board_says_when_to_come_back() {
    let store = Desk::new(limits());
    let board = named("b");
    post(&store, at(0), (&board, 1), &[1, 2, 3, 4])
        .await
        .unwrap();
    let retry = async |now| match post(&store, at(now), (&board, 1), &[5]).await {
        Err(PostError::Full(full)) => full.retry,
        other => panic!("{other:?}"),
    };
    assert_eq!(retry(0).await, Duration::from_secs(300));
    assert_eq!(retry(HOUR - 2_500).await, Duration::from_millis(2_500));
    assert_eq!(retry(HOUR - 1).await, Duration::from_secs(1));
    assert_eq!(post(&store, at(HOUR), (&board, 1), &[5]).await, Ok(1));
}

#[tokio::test]
async fn a_cursor_yields_what_came_after_it() {
    let store = Desk::new(Limits::default());
    let board = named("b");
    let news = What::News(None);
    post(&store, at(1_000), (&board, 1), &[1]).await.unwrap();
    let first = store.span(at(1_000), &board, &news, 0, usize::MAX).await;
    assert_eq!(first.bytes, 97);
    post(&store, at(1_000), (&board, 1), &[2]).await.unwrap();
    let second = store
        .span(at(1_000), &board, &news, first.until, usize::MAX)
        .await;
    let (bytes, _) = store.read(&board, &news, second, usize::MAX).await;
    let mut expected = vec![2];
    expected.extend(t2(2, 0));
    assert_eq!(bytes, expected);
    let third = store
        .span(at(1_000), &board, &news, second.until, usize::MAX)
        .await;
    assert_eq!((third.until, third.bytes), (second.until, 0));
}

#[tokio::test]
async fn a_cursor_of_an_earlier_life_reads_from_the_beginning() {
    let store = Desk::new(Limits::default());
    let board = named("b");
    let news = What::News(None);
    const AHEAD: u64 = 1 << 60;
    let none = store.span(at(0), &board, &news, AHEAD, usize::MAX).await;
    assert_eq!((none.until, none.bytes), (AHEAD, 0));
    post(&store, at(50), (&board, 1), &[1]).await.unwrap();
    assert_eq!(
        store
            .span(at(50), &board, &news, AHEAD, usize::MAX)
            .await
            .bytes,
        97
    );
}

#[tokio::test]
async fn a_reader_gets_what_is_for_it_and_its_cursor_passes_the_rest() {
    let store = Desk::new(Limits::default());
    let board = named("b");
    let body = [t2(1, 7), t2(2, 8), t2(3, 7), t2(4, 8)].concat();
    let post = Post {
        board: &board,
        phase: Phase::Two,
        body: &body,
        source: Source(1),
    };
    store.boards.post(at(0), &post).await.unwrap();
    let news = What::News(Some([7; 32]));
    let span = store.span(at(0), &board, &news, 0, usize::MAX).await;
    assert_eq!(span.bytes, 2 * 97);
    let rest = store
        .span(at(0), &board, &news, span.until, usize::MAX)
        .await;
    assert_eq!((rest.until, rest.bytes), (span.until, 0));
    assert!(span.until > 3);
}

#[tokio::test]
async fn an_answer_is_cut_at_its_bound_and_read_in_chunks() {
    let store = Desk::new(Limits::default());
    let board = named("b");
    post(&store, at(0), (&board, 1), &[1, 2, 3, 4, 5])
        .await
        .unwrap();
    let news = What::News(None);
    assert_eq!(
        store.span(at(0), &board, &news, 0, 3 * 97).await.bytes,
        3 * 97
    );
    assert_eq!(
        store.span(at(0), &board, &news, 0, 3 * 97 - 1).await.bytes,
        2 * 97
    );
    assert_eq!(
        store.span(at(0), &board, &news, 0, 1).await.bytes,
        97,
        "at least one"
    );

    let mut left = store.span(at(0), &board, &news, 0, usize::MAX).await;
    let mut whole = Vec::new();
    let mut chunks = 0;
    while left.bytes > 0 {
        let (bytes, rest) = store.read(&board, &news, left, 100).await;
        whole.extend(bytes);
        left = rest;
        chunks += 1;
    }
    assert_eq!(chunks, 5);
    assert_eq!(whole, all(&store, at(0), &board, news).await);
}

#[tokio::test]
async fn a_clock_that_jumps_back_changes_no_order() {
    let store = Desk::new(Limits::default());
    let board = named("b");
    post(&store, at(9_000), (&board, 1), &[1]).await.unwrap();
    let before = store
        .span(at(9_000), &board, &What::News(None), 0, usize::MAX)
        .await;
    post(&store, at(0), (&board, 1), &[2]).await.unwrap();
    let after = store
        .span(at(0), &board, &What::News(None), before.until, usize::MAX)
        .await;
    assert_eq!(after.bytes, 97);
    store.expire(at(9_000 + HOUR));
    assert_eq!(store.stats(), Stats::default());
}
