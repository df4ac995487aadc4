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

/// Posts T2 records with these numbers from one source.
fn post(
    store: &mut Store,
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
    store.post(now, &post)
}

fn limit(result: Result<usize, PostError>) -> Limit {
    match result.unwrap_err() {
        PostError::Full(full) => full.limit,
        PostError::Malformed => panic!("malformed"),
    }
}

fn all(store: &mut Store, now: Time, board: &Board, what: What) -> Vec<u8> {
    let span = store.span(now, board, &what, 0, usize::MAX);
    let (bytes, left) = store.read(board, &what, span, usize::MAX);
    assert_eq!(left.bytes, 0);
    assert_eq!(bytes.len(), span.bytes);
    bytes
}

#[test]
fn records_are_listed_oldest_first_and_once() {
    let mut store = Store::new(Limits::default());
    let board = named("b");
    assert_eq!(post(&mut store, at(0), (&board, 1), &[5, 3, 5]), Ok(2));
    assert_eq!(post(&mut store, at(1), (&board, 2), &[3, 4]), Ok(1));
    assert_eq!(post(&mut store, at(1), (&board, 2), &[]), Ok(0));
    let expected: Vec<u8> = [5, 3, 4].into_iter().flat_map(|n| t2(n, 0)).collect();
    assert_eq!(
        all(&mut store, at(2), &board, What::Phase(Phase::Two)),
        expected
    );
    assert!(all(&mut store, at(2), &board, What::Phase(Phase::Three)).is_empty());
    assert!(all(&mut store, at(2), &named("c"), What::Phase(Phase::Two)).is_empty());
}

#[test]
fn a_body_that_is_not_whole_records_is_not_stored() {
    let mut store = Store::new(Limits::default());
    let whole = t2(1, 0);
    let post = Post {
        board: &named("b"),
        phase: Phase::Two,
        body: &whole[..95],
        source: Source(1),
    };
    assert_eq!(store.post(at(0), &post), Err(PostError::Malformed));
    assert_eq!(store.stats(), Stats::default());
}

#[test]
fn the_bound_of_a_board_holds_at_the_limit_and_one_above() {
    let mut store = Store::new(limits());
    let board = named("b");
    assert_eq!(post(&mut store, at(0), (&board, 1), &[1, 2, 3, 4]), Ok(4));
    let refused = post(&mut store, at(0), (&board, 2), &[5]);
    assert_eq!(limit(refused), Limit::Board);
    assert_eq!(
        post(&mut store, at(0), (&board, 2), &[4]),
        Ok(0),
        "a duplicate"
    );
}

#[test]
fn the_bound_of_a_source_holds_at_the_limit_and_one_above() {
    let mut store = Store::new(limits());
    post(&mut store, at(0), (&named("b"), 1), &[1, 2, 3]).unwrap();
    let refused = post(&mut store, at(0), (&named("c"), 1), &[1, 2, 3, 4]);
    assert_eq!(limit(refused), Limit::Source);
    assert_eq!(post(&mut store, at(0), (&named("c"), 1), &[1, 2, 3]), Ok(3));
    assert_eq!(post(&mut store, at(0), (&named("c"), 2), &[9]), Ok(1));
}

#[test]
fn the_bound_of_the_server_holds_at_the_limit_and_one_above() {
    let mut store = Store::new(limits());
    post(&mut store, at(0), (&named("b"), 1), &[1, 2, 3, 4]).unwrap();
    post(&mut store, at(0), (&named("c"), 2), &[1, 2, 3, 4]).unwrap();
    let refused = post(&mut store, at(0), (&named("d"), 3), &[1, 2]);
    assert_eq!(limit(refused), Limit::Server);
    assert_eq!(post(&mut store, at(0), (&named("d"), 3), &[1]), Ok(1));
}

#[test]
fn the_second_half_of_a_board_is_kept_for_small_sources() {
    let mut bounds = limits();
    bounds.board.records = 8;
    bounds.source.records = 8;
    bounds.board_shares = 4;
    let mut store = Store::new(bounds);
    let board = named("b");
    assert_eq!(post(&mut store, at(0), (&board, 1), &[1, 2, 3, 4]), Ok(4));
    let refused = post(&mut store, at(0), (&board, 1), &[5]);
    assert_eq!(limit(refused), Limit::Share);
    assert_eq!(post(&mut store, at(0), (&board, 2), &[5, 6]), Ok(2));
    let refused = post(&mut store, at(0), (&board, 2), &[7]);
    assert_eq!(limit(refused), Limit::Share);
    assert_eq!(post(&mut store, at(0), (&board, 3), &[7, 8]), Ok(2));
    let refused = post(&mut store, at(0), (&board, 4), &[9]);
    assert_eq!(limit(refused), Limit::Board);
    let elsewhere = post(&mut store, at(0), (&named("c"), 1), &[1]);
    assert_eq!(elsewhere, Ok(1), "another board");
    assert_eq!(post(&mut store, at(HOUR), (&board, 1), &[9]), Ok(1), "over");
}

#[test]
fn the_second_half_of_the_server_is_kept_for_small_sources() {
    let mut bounds = limits();
    bounds.server.records = 8;
    bounds.server_shares = 8;
    bounds.boards = 100;
    let mut store = Store::new(bounds);
    post(&mut store, at(0), (&named("a"), 1), &[1, 2, 3, 4]).unwrap();
    let refused = post(&mut store, at(0), (&named("b"), 1), &[1]);
    assert_eq!(limit(refused), Limit::Share);
    for source in 2..6 {
        let refused = post(&mut store, at(0), (&named("b"), source), &[1, 2]);
        assert!(refused.is_err(), "{source}");
        let taken = post(
            &mut store,
            at(0),
            (&named("c"), source),
            &[u32::try_from(source).unwrap()],
        );
        assert_eq!(taken, Ok(1));
    }
    let refused = post(&mut store, at(0), (&named("d"), 6), &[1]);
    assert_eq!(limit(refused), Limit::Server);
}

#[test]
fn the_second_half_of_the_boards_is_kept_for_those_who_opened_few() {
    let mut bounds = limits();
    bounds.boards = 4;
    bounds.boards_of_source = 4;
    bounds.server_shares = 4;
    let mut store = Store::new(bounds);
    for name in ["a", "b"] {
        assert_eq!(post(&mut store, at(0), (&named(name), 1), &[1]), Ok(1));
    }
    let refused = post(&mut store, at(0), (&named("c"), 1), &[1]);
    assert_eq!(limit(refused), Limit::Share);
    assert_eq!(post(&mut store, at(0), (&named("c"), 2), &[1]), Ok(1));
    let refused = post(&mut store, at(0), (&named("d"), 2), &[1]);
    assert_eq!(limit(refused), Limit::Share);
    // A board belongs to its opener as long as it is there, also with records of others only.
    post(&mut store, at(HOUR - 1), (&named("a"), 3), &[2]).unwrap();
    store.expire(at(HOUR));
    assert_eq!((store.stats().boards, store.stats().sources), (1, 1));
    assert_eq!(post(&mut store, at(HOUR), (&named("b"), 1), &[1]), Ok(1));
    let refused = post(&mut store, at(HOUR), (&named("c"), 1), &[1]);
    assert_eq!(limit(refused), Limit::Share);
}

#[test]
fn strangers_cannot_fill_a_board_before_a_newcomer_from_a_few_addresses() {
    let mut store = Store::new(Limits::default());
    let board = named("b");
    let mut number = 0_u32;
    for source in 1..=17 {
        loop {
            number += 1;
            if post(&mut store, at(0), (&board, source), &[number]).is_err() {
                break;
            }
        }
    }
    let newcomer: Vec<u32> = (1_000_000..1_000_100).collect();
    assert_eq!(post(&mut store, at(0), (&board, 99), &newcomer), Ok(100));
}

#[test]
fn bytes_are_bounded_like_records() {
    let mut bounds = Limits::default();
    bounds.board.bytes = 2 * 96;
    let mut store = Store::new(bounds);
    let board = named("b");
    assert_eq!(post(&mut store, at(0), (&board, 1), &[1, 2]), Ok(2));
    assert_eq!(
        limit(post(&mut store, at(0), (&board, 1), &[3])),
        Limit::Board
    );
}

#[test]
fn the_number_of_boards_is_bounded_and_per_source_too() {
    let mut store = Store::new(limits());
    for name in ["a", "b"] {
        post(&mut store, at(0), (&named(name), 1), &[1]).unwrap();
    }
    let refused = post(&mut store, at(0), (&named("c"), 1), &[1]);
    assert_eq!(limit(refused), Limit::Source);
    post(&mut store, at(0), (&named("c"), 2), &[1]).unwrap();
    let refused = post(&mut store, at(0), (&named("d"), 2), &[1]);
    assert_eq!(limit(refused), Limit::Boards);
    assert_eq!(post(&mut store, at(0), (&named("a"), 2), &[2]), Ok(1));
}

#[test]
fn records_live_exactly_their_lifetime_and_empty_boards_go() {
    let mut store = Store::new(Limits::default());
    let board = named("b");
    post(&mut store, at(5), (&board, 1), &[1]).unwrap();
    post(&mut store, at(6), (&board, 1), &[2]).unwrap();
    store.expire(at(5 + HOUR - 1));
    assert_eq!(store.stats().held.records, 2);
    store.expire(at(5 + HOUR));
    assert_eq!(store.stats().held.records, 1);
    store.expire(at(6 + HOUR));
    assert_eq!(store.stats(), Stats::default());
    assert_eq!(
        post(&mut store, at(6 + HOUR), (&board, 1), &[1]),
        Ok(1),
        "forgotten"
    );
}

#[test]
fn a_full_board_says_when_to_come_back() {
    let mut store = Store::new(limits());
    let board = named("b");
    post(&mut store, at(0), (&board, 1), &[1, 2, 3, 4]).unwrap();
    let retry = |store: &mut Store, now| match post(store, at(now), (&board, 1), &[5]) {
        Err(PostError::Full(full)) => full.retry,
        other => panic!("{other:?}"),
    };
    assert_eq!(retry(&mut store, 0), Duration::from_secs(300));
    assert_eq!(
        retry(&mut store, HOUR - 2_500),
        Duration::from_millis(2_500)
    );
    assert_eq!(retry(&mut store, HOUR - 1), Duration::from_secs(1));
    assert_eq!(post(&mut store, at(HOUR), (&board, 1), &[5]), Ok(1));
}

#[test]
fn a_cursor_yields_what_came_after_it() {
    let mut store = Store::new(Limits::default());
    let board = named("b");
    let news = What::News(None);
    post(&mut store, at(1_000), (&board, 1), &[1]).unwrap();
    let first = store.span(at(1_000), &board, &news, 0, usize::MAX);
    assert_eq!(first.bytes, 97);
    post(&mut store, at(1_000), (&board, 1), &[2]).unwrap();
    let second = store.span(at(1_000), &board, &news, first.until, usize::MAX);
    let (bytes, _) = store.read(&board, &news, second, usize::MAX);
    let mut expected = vec![2];
    expected.extend(t2(2, 0));
    assert_eq!(bytes, expected);
    let third = store.span(at(1_000), &board, &news, second.until, usize::MAX);
    assert_eq!((third.until, third.bytes), (second.until, 0));
}

#[test]
fn a_cursor_of_an_earlier_life_reads_from_the_beginning() {
    let mut store = Store::new(Limits::default());
    let board = named("b");
    let news = What::News(None);
    let none = store.span(at(0), &board, &news, 77, usize::MAX);
    assert_eq!((none.until, none.bytes), (77, 0));
    post(&mut store, at(50), (&board, 1), &[1]).unwrap();
    assert_eq!(store.span(at(50), &board, &news, 77, usize::MAX).bytes, 97);
}

#[test]
fn a_reader_gets_what_is_for_it_and_its_cursor_passes_the_rest() {
    let mut store = Store::new(Limits::default());
    let board = named("b");
    let body = [t2(1, 7), t2(2, 8), t2(3, 7), t2(4, 8)].concat();
    let post = Post {
        board: &board,
        phase: Phase::Two,
        body: &body,
        source: Source(1),
    };
    store.post(at(0), &post).unwrap();
    let news = What::News(Some([7; 32]));
    let span = store.span(at(0), &board, &news, 0, usize::MAX);
    assert_eq!(span.bytes, 2 * 97);
    let rest = store.span(at(0), &board, &news, span.until, usize::MAX);
    assert_eq!((rest.until, rest.bytes), (span.until, 0));
    assert!(span.until > 3);
}

#[test]
fn an_answer_is_cut_at_its_bound_and_read_in_chunks() {
    let mut store = Store::new(Limits::default());
    let board = named("b");
    post(&mut store, at(0), (&board, 1), &[1, 2, 3, 4, 5]).unwrap();
    let news = What::News(None);
    assert_eq!(store.span(at(0), &board, &news, 0, 3 * 97).bytes, 3 * 97);
    assert_eq!(
        store.span(at(0), &board, &news, 0, 3 * 97 - 1).bytes,
        2 * 97
    );
    assert_eq!(
        store.span(at(0), &board, &news, 0, 1).bytes,
        97,
        "at least one"
    );

    let mut left = store.span(at(0), &board, &news, 0, usize::MAX);
    let mut whole = Vec::new();
    let mut chunks = 0;
    while left.bytes > 0 {
        let (bytes, rest) = store.read(&board, &news, left, 100);
        whole.extend(bytes);
        left = rest;
        chunks += 1;
    }
    assert_eq!(chunks, 3);
    assert_eq!(whole, all(&mut store, at(0), &board, news));
}

#[test]
fn a_clock_that_jumps_back_changes_no_order() {
    let mut store = Store::new(Limits::default());
    let board = named("b");
    post(&mut store, at(9_000), (&board, 1), &[1]).unwrap();
    let before = store.span(at(9_000), &board, &What::News(None), 0, usize::MAX);
    post(&mut store, at(0), (&board, 1), &[2]).unwrap();
    let after = store.span(at(0), &board, &What::News(None), before.until, usize::MAX);
    assert_eq!(after.bytes, 97);
    store.expire(at(9_000 + HOUR));
    assert_eq!(store.stats(), Stats::default());
}
