//! People meet over a real server on loopback, with the real client and the real work.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod socks;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::LazyLock;
use std::time::Duration;

use host::http::{Config, Server};
use net::board::{Event, Meeting, Options, RequestError};
use rendezvous::Passkey;
use rendezvous::board::{self, Board, Failed};
use tokio::time::timeout;

async fn server() -> Server {
    let mut config = Config::default();
    config.listen = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
    Server::start(config, None).await.unwrap()
}

fn named() -> Board {
    Board::Named("garden".parse().unwrap())
}

/// Stretching costs a quarter of a second, so each is made once.
fn passkey(board: &Board, word: &str) -> Passkey {
    type Keys = std::sync::Mutex<Vec<((Board, String), Passkey)>>;
    static KEYS: LazyLock<Keys> = LazyLock::new(Keys::default);
    let mut keys = KEYS.lock().unwrap();
    let name = (board.clone(), word.to_owned());
    if let Some((_, key)) = keys.iter().find(|(known, _)| *known == name) {
        return key.clone();
    }
    let key = Passkey::derive(word.as_bytes(), board.salt()).unwrap();
    keys.push((name, key.clone()));
    key
}

fn join(server: &Server, board: &Board, word: &str, message: &str) -> Meeting {
    let address = *server.addresses().first().unwrap();
    let at = format!("http://{address}").parse().unwrap();
    let mut options = Options::new(at, board.clone());
    options.machine.hold = Duration::from_millis(50);
    Meeting::start(options, passkey(board, word), message.as_bytes()).unwrap()
}

/// The next `count` messages, sorted.
async fn matches(meeting: &mut Meeting, count: usize) -> Vec<String> {
    let mut found = Vec::new();
    while found.len() < count {
        match timeout(Duration::from_secs(120), meeting.next())
            .await
            .unwrap()
        {
            Some(Event::Board(board::Event::Match { message, .. })) => {
                found.push(String::from_utf8(message).unwrap());
            }
            Some(_) => {}
            None => panic!("the meeting ended"),
        }
    }
    found.sort();
    found
}

/// Everything that still comes until the meeting ends well.
async fn leave(mut meeting: Meeting) {
    meeting.stopper().stop();
    let mut last = None;
    while let Some(event) = timeout(Duration::from_secs(20), meeting.next())
        .await
        .unwrap()
    {
        assert!(
            !matches!(event, Event::Board(board::Event::Match { .. })),
            "one too many"
        );
        last = Some(event);
    }
    assert!(matches!(last, Some(Event::Board(board::Event::Finished))));
}

async fn three_of_whom_two_share_a_passphrase(board: Board) {
    let server = server().await;
    let mut alice = join(&server, &board, "right", "from alice");
    let mut bob = join(&server, &board, "right", "from bob");
    let eve = join(&server, &board, "wrong", "from eve");
    assert_eq!(matches(&mut alice, 1).await, ["from bob"]);
    assert_eq!(matches(&mut bob, 1).await, ["from alice"]);

    let mut late = join(&server, &board, "right", "from carol");
    assert_eq!(matches(&mut late, 2).await, ["from alice", "from bob"]);
    assert_eq!(matches(&mut alice, 1).await, ["from carol"]);
    assert_eq!(matches(&mut bob, 1).await, ["from carol"]);
    for meeting in [alice, bob, eve, late] {
        leave(meeting).await;
    }
    assert_eq!(server.stop(Duration::from_secs(5)).await.cut, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn those_with_the_passphrase_meet_on_a_named_board() {
    three_of_whom_two_share_a_passphrase(named()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_with_the_passphrase_meet_on_the_plain_board() {
    three_of_whom_two_share_a_passphrase(Board::Plain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_no_board_is_told_from_one_that_is_away() {
    let mut config = Config::default();
    config.listen = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
    config.admin = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let server = Server::start(config, None).await.unwrap();

    let at = format!("http://{}", server.admin_address().unwrap());
    let options = Options::new(at.parse().unwrap(), named());
    let mut meeting = Meeting::start(options, passkey(&named(), "right"), b"").unwrap();
    let mut last = None;
    while let Some(event) = meeting.next().await {
        last = Some(event);
    }
    let failed = board::Event::Failed(Failed::NotABoard);
    assert!(matches!(last, Some(Event::Board(event)) if event == failed));

    let at = format!("http://{}", server.addresses().first().unwrap());
    server.stop(Duration::ZERO).await;
    let options = Options::new(at.parse().unwrap(), named());
    let mut meeting = Meeting::start(options, passkey(&named(), "right"), b"").unwrap();
    let trouble = meeting.next().await.unwrap();
    let Event::Trouble(RequestError::NoConnection { reason, .. }) = trouble else {
        panic!("{trouble:?}");
    };
    assert_eq!(reason, std::io::ErrorKind::ConnectionRefused);
    let away = meeting.next().await.unwrap();
    assert!(
        matches!(away, Event::Board(board::Event::Away { .. })),
        "{away:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn people_meet_through_a_proxy_that_alone_resolves_the_name() {
    let server = server().await;
    let address = *server.addresses().first().unwrap();
    let (proxy, mut asked) = socks::proxy(move |_| address).await;
    let through = |login: &str, message: &str| {
        // a name that nobody resolves here (RFC 2606)
        let mut options = Options::new("http://board.invalid:7447".parse().unwrap(), named());
        let url = format!("socks5h://{login}@{proxy}");
        options.proxy = Some(url.parse().unwrap());
        Meeting::start(options, passkey(&named(), "right"), message.as_bytes()).unwrap()
    };
    let mut alice = through("alice:a", "from alice");
    let mut bob = through("bob:b", "from bob");
    assert_eq!(matches(&mut alice, 1).await, ["from bob"]);
    assert_eq!(matches(&mut bob, 1).await, ["from alice"]);
    for meeting in [alice, bob] {
        leave(meeting).await;
    }
    let mut logins = Vec::new();
    while let Ok(seen) = asked.try_recv() {
        assert_eq!((seen.host.as_str(), seen.port), ("board.invalid", 7447));
        logins.push(seen.login);
    }
    logins.sort();
    logins.dedup();
    assert_eq!(logins, ["alice:a", "bob:b"]);
    server.stop(Duration::from_secs(5)).await;
}
