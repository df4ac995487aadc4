//! Boards on the disk: killed with -9 and started again, the program has every record it took, and
//! people who were meeting finish.

#![cfg(unix)]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use net::board::{Event, Meeting, Options};
use rendezvous::Passkey;
use rendezvous::board::{self, Board};
use serde_json::Value;
use tokio::time::timeout;

/// A folder with what the program keeps; gone at the end.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("entrenousd-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// Starts the program at an address, and waits until it says that it listens.
    fn start(&self, listen: &str) -> Running {
        let config = self.0.join("server.toml");
        let data = self.0.join("data");
        let text = format!(
            "name = \"here\"\ndata = {data:?}\nlisten = [\"{listen}\"]\nadmin = \"127.0.0.1:0\"\n\
             limits.requests.per_second = 100000\nlimits.requests.burst = 100000\n"
        );
        fs::write(&config, text).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_entrenousd"))
            .args(["--json", "run", "--config"])
            .arg(&config)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let event: Value = serde_json::from_str(&line).unwrap();
        let url = event["public"][0].as_str().unwrap();
        Running {
            address: url.strip_prefix("http://").unwrap().to_owned(),
            child,
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

struct Running {
    child: Child,
    address: String,
}

impl Running {
    /// With -9; returns where it was.
    fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.address
    }
}

/// The status and the body of an answer; `None` if there was no whole one.
fn ask(address: &str, line: &str, body: &[u8]) -> Option<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect(address).ok()?;
    let length = body.len();
    let head = format!(
        "{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body].concat()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let status = String::from_utf8_lossy(answer.get(9..12)?).parse().ok()?;
    Some((status, answer.split_off(end + 4)))
}

/// A T2 of a named board.
fn t2(number: u32) -> [u8; 96] {
    let mut record = [7; 96];
    record[..4].copy_from_slice(&number.to_le_bytes());
    record
}

/// How many threads post at once.
const POSTERS: u32 = 16;

#[test]
fn killed_amid_many_posts_it_has_every_record_it_took() {
    let home = Home::new("boards-kill");
    for round in 0..5_u32 {
        let server = home.start("127.0.0.1:0");
        let (take, takes) = mpsc::channel();
        let posters: Vec<_> = (0..POSTERS)
            .map(|poster| {
                let (address, take) = (server.address.clone(), take.clone());
                let first = (round * POSTERS + poster) * 100;
                thread::spawn(move || {
                    let numbers = first..first + 100;
                    let taken = numbers.take_while(|&number| {
                        let answer = ask(&address, "POST /meet/b/t2", &t2(number));
                        take.send(number).unwrap();
                        answer.is_some_and(|(status, _)| status == 204)
                    });
                    taken.collect::<Vec<_>>()
                })
            })
            .collect();
        // Another moment in every round.
        let moment = usize::try_from(50 + round * 37).unwrap();
        assert_eq!(takes.iter().take(moment).count(), moment);
        server.kill();
        let taken: Vec<u32> = posters
            .into_iter()
            .flat_map(|one| one.join().unwrap())
            .collect();
        let server = home.start("127.0.0.1:0");
        let (status, list) = ask(&server.address, "GET /meet/b/new", &[]).unwrap();
        assert_eq!(status, 200);
        for number in &taken {
            let record = t2(*number);
            assert!(
                list.windows(96).any(|part| part == record),
                "round {round}: {number} of {} is gone",
                taken.len()
            );
        }
        server.kill();
    }
}

fn join(address: &str, message: &str) -> Meeting {
    let board = Board::Named("garden".parse().unwrap());
    let passkey = Passkey::derive(b"right", board.salt()).unwrap();
    let options = Options::new(format!("http://{address}").parse().unwrap(), board);
    Meeting::start(options, passkey, message.as_bytes()).unwrap()
}

/// What is told next that `wanted` knows.
async fn hear<T>(meeting: &mut Meeting, wanted: impl Fn(board::Event) -> Option<T>) -> T {
    loop {
        let event = timeout(Duration::from_secs(120), meeting.next()).await;
        match event.unwrap() {
            Some(Event::Board(event)) => {
                if let Some(heard) = wanted(event) {
                    return heard;
                }
            }
            Some(_) => {}
            None => panic!("the meeting ended"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_finish_their_meeting_although_the_server_was_killed_in_its_midst() {
    let home = Home::new("boards-meet");
    let server = home.start("127.0.0.1:0");
    let announced = |event| matches!(event, board::Event::Announced).then_some(());
    let message = |event| match event {
        board::Event::Match { message, .. } => Some(String::from_utf8(message).unwrap()),
        _ => None,
    };
    let mut alice = join(&server.address, "from alice");
    hear(&mut alice, announced).await;
    let mut bob = join(&server.address, "from bob");
    hear(&mut bob, announced).await;
    let address = server.kill();

    let server = home.start(&address);
    // What was announced is there at once.
    let (_, list) = ask(&server.address, "GET /meet/garden/new", &[]).unwrap();
    assert!(list.len() >= 2 * 769, "{} bytes", list.len());
    assert_eq!(hear(&mut alice, message).await, "from bob");
    assert_eq!(hear(&mut bob, message).await, "from alice");
    let mut carol = join(&server.address, "from carol");
    let mut heard = [
        hear(&mut carol, message).await,
        hear(&mut carol, message).await,
    ];
    heard.sort();
    assert_eq!(heard, ["from alice", "from bob"]);
    server.kill();
}
