use identity::IdentityKey;
use primitives::Secret;
use tempfile::TempDir;
use vault::KeyFile;

use super::super::{Side, Standing};
use super::*;
use crate::{Network, Node, Setup, Unlock};

pub(crate) async fn store() -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let key = Unlock::KeyFile(KeyFile::from_secret(Secret::new([9; 32])));
    let setup = Setup::new("Owner".parse().unwrap());
    let path = folder.path().join("owner");
    let created = Node::create(&path, vec![key], setup, Network::default()).await;
    let node = created.unwrap().0;
    let key = IdentityKey::from_seeds(&Secret::new([1; 32]), None);
    (
        Store::new(node.keep.clone(), key.public().ed25519()),
        folder,
    )
}

pub(crate) fn session(letter: &str) -> SessionId {
    SessionId::parse(&letter.repeat(24)).unwrap()
}

/// A message that came; the same `id` is the same message.
fn message(sequence: u64, id: Option<u8>, text: &str) -> Message {
    Message {
        sequence,
        sent_ms: 7,
        body: text.into(),
        id: id.map(|id| [id; 16]),
    }
}

fn shown(lines: &[Line]) -> Vec<(u64, Side, Standing, String)> {
    let shown = |line: &Line| {
        let text = String::from_utf8(line.text.clone()).unwrap();
        (line.number, line.side, line.standing, text)
    };
    lines.iter().map(shown).collect()
}

async fn all(store: &Store) -> Vec<(u64, Side, Standing, String)> {
    shown(&store.page(Page::Last(1_000)).await.unwrap())
}

async fn say(store: &Store, text: &str) -> Waiting {
    store.say(text.into()).await.unwrap().unwrap()
}

#[tokio::test]
async fn lines_of_both_sides_stand_in_their_order_and_move_on() {
    let (store, _folder) = store().await;
    let a = session("A");
    store.begin(a).await.unwrap();
    let first = say(&store, "one").await;
    let heard = store.heard(Some(a), vec![message(1, Some(1), "two")]).await;
    assert_eq!(
        shown(&heard.unwrap()),
        [(2, Side::Theirs, Standing::Delivered, "two".into())]
    );
    let third = say(&store, "three").await;
    assert_eq!(
        store.waiting().await.unwrap(),
        [first.clone(), third.clone()]
    );
    store.delivered(vec![first.line]).await.unwrap();
    store.sent(third.line).await.unwrap();
    assert_eq!(
        all(&store).await,
        [
            (1, Side::Own, Standing::Delivered, "one".into()),
            (2, Side::Theirs, Standing::Delivered, "two".into()),
            (3, Side::Own, Standing::Sent, "three".into()),
        ]
    );
    assert!(store.waiting().await.unwrap().is_empty());
    assert_eq!(store.kept(a).await.unwrap(), Some(1));
    // another session begins with nothing, and the earlier one is not gone on with
    let b = session("B");
    store.begin(b).await.unwrap();
    assert_eq!(store.kept(b).await.unwrap(), Some(0));
    assert_eq!(store.kept(a).await.unwrap(), None);
}

#[tokio::test]
async fn a_line_that_is_there_is_kept_no_second_time_and_acknowledged() {
    let (store, _folder) = store().await;
    let (a, b) = (session("A"), session("B"));
    store.begin(a).await.unwrap();
    let twice = vec![message(1, Some(1), "one"), message(2, Some(2), "two")];
    assert_eq!(store.heard(Some(a), twice.clone()).await.unwrap().len(), 2);
    store.begin(b).await.unwrap();
    let again = [
        twice,
        vec![message(3, Some(3), "three"), message(4, Some(3), "three")],
    ];
    let heard = store.heard(Some(b), again.concat()).await.unwrap();
    assert_eq!(
        shown(&heard),
        [(3, Side::Theirs, Standing::Delivered, "three".into())]
    );
    assert_eq!(store.kept(b).await.unwrap(), Some(4));
    // without an id each is one of its own
    for _ in 0..2 {
        let heard = store.heard(None, vec![message(3, None, "x")]).await;
        assert_eq!(heard.unwrap().len(), 1);
    }
    assert_eq!(store.kept(b).await.unwrap(), Some(4));
}

#[tokio::test]
async fn so_many_lines_wait_and_no_more() {
    let (store, _folder) = store().await;
    for number in 0..WAITING_MOST {
        say(&store, &number.to_string()).await;
    }
    assert_eq!(store.say(b"above".to_vec()).await.unwrap(), None);
    let waiting = store.waiting().await.unwrap();
    assert_eq!(waiting.len(), WAITING_MOST);
    assert_eq!(&waiting[255].text[..], b"255");
    store.sent(waiting[0].line).await.unwrap();
    say(&store, "room again").await;
}

#[tokio::test]
async fn the_oldest_line_goes_but_not_while_it_waits() {
    let (mut store, _folder) = store().await;
    store.most = 3;
    let waits = say(&store, "waits").await;
    for number in 1..=4_u8 {
        let heard = vec![message(u64::from(number), Some(number), "x")];
        store.heard(None, heard).await.unwrap();
    }
    let numbers = |lines: Vec<Line>| lines.iter().map(|line| line.number).collect::<Vec<_>>();
    let kept = numbers(store.page(Page::Last(100)).await.unwrap());
    assert_eq!(kept, [3, 4, 5]);
    assert_eq!(store.waiting().await.unwrap(), std::slice::from_ref(&waits));
    store.sent(waits.line).await.unwrap();
    assert!(store.waiting().await.unwrap().is_empty());
    // with a line goes what is known of its id
    let ids = store.keep.list(KeptId::KIND).await.unwrap();
    let lines = store.keep.list(KeptLine::KIND).await.unwrap();
    assert_eq!((ids.len(), lines.len()), (3, 3));
}

#[tokio::test]
async fn pages_are_what_was_asked_for() {
    let (store, _folder) = store().await;
    for number in 1..=10 {
        store
            .heard(None, vec![message(number, None, "x")])
            .await
            .unwrap();
    }
    for (page, expected) in [
        (Page::Last(3), 8..=10),
        (Page::Last(100), 1..=10),
        (Page::Before(8, 3), 5..=7),
        (Page::Before(2, 3), 1..=1),
        (Page::Before(100, 1), 10..=10),
        (Page::From(9, 5), 9..=10),
        (Page::From(0, 3), 1..=2),
    ] {
        let lines = store.page(page).await.unwrap();
        let numbers: Vec<_> = lines.iter().map(|line| line.number).collect();
        assert_eq!(numbers, expected.collect::<Vec<_>>(), "{page:?}");
    }
    assert_eq!(store.summary().await.unwrap().unseen, 10);
    store.seen(7).await.unwrap();
    store.seen(4).await.unwrap();
    assert_eq!(store.summary().await.unwrap().unseen, 3);
    store.seen(1_000).await.unwrap();
    assert_eq!(store.summary().await.unwrap().unseen, 0);
}

#[tokio::test]
async fn what_is_forgotten_is_gone_and_a_session_goes_on() {
    let (store, _folder) = store().await;
    let a = session("A");
    store.begin(a).await.unwrap();
    for number in 1..=(2 * AT_A_TIME as u64 + 1) {
        let heard = vec![message(number, None, "x")];
        store.heard(Some(a), heard).await.unwrap();
    }
    say(&store, "waits").await;
    store.forget().await.unwrap();
    assert!(all(&store).await.is_empty() && store.waiting().await.unwrap().is_empty());
    assert!(store.keep.list(KeptLine::KIND).await.unwrap().is_empty());
    assert_eq!(store.kept(a).await.unwrap(), Some(1_001));
    assert_eq!(say(&store, "next").await.line, 1_003);
}
