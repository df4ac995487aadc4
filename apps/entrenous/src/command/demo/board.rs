//! The chapter with a server: three people at one board, and all that the server holds.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use host::http::{Config, Server};
use net::board::{Address, Event, Meeting, Options};
use rendezvous::board::{self, Board};
use tokio::time::{Instant, sleep, timeout};

use super::cast::{ANA, BEN, CLEO, Person};
use super::observer::{Holdings, contains};
use super::story::Story;
use super::{Got, no_leak, stretch, tell_results, too_slow};
use crate::failure::Failure;

pub(super) async fn tell(story: &mut Story<'_>) -> Result<(), Failure> {
    story.chapter("board", "At a server")?;
    let (server, address) = serve().await?;
    let board = named()?;
    story.says(&format!(
        "A server, as `entrenousd run` starts it, listens at http://{address}. All three go to \
         its board \"garden\" and stay until nothing new comes."
    ))?;
    story.waits("Ana, Ben and Cleo meet at the server");
    let begun = Instant::now();
    let meetings = begin(address, &board).await?;
    let (got, holdings) = timeout(PATIENCE, gather(meetings, address, &board))
        .await
        .map_err(|_| too_slow())??;
    story.waited();
    story.says(&format!(
        "{:.1} seconds later:",
        begun.elapsed().as_secs_f32()
    ))?;
    tell_results(story, &got)?;
    tell_holdings(story, &holdings)?;
    server.stop(GRACE).await;
    Ok(())
}

fn tell_holdings(story: &mut Story<'_>, holdings: &Holdings) -> Result<(), Failure> {
    story.says("All that the server holds, read back from it as anybody can:")?;
    let names = ["announcements", "answers to them", "answers to those"];
    let rows: Vec<_> = names
        .iter()
        .zip(holdings.kinds)
        .map(|(name, kind)| {
            [
                kind.records.to_string(),
                (*name).to_owned(),
                format!("{} bytes each", kind.bytes_each),
            ]
        })
        .collect();
    story.rows([2, 18, 0], &rows)?;
    story.says("It can count what went between any two of its three visitors:")?;
    let rows: Vec<_> = holdings
        .pairs
        .iter()
        .map(|pair| {
            let [one, other] = &pair.who;
            [
                format!("{one} and {other}"),
                format!("{} answers, {} bytes", pair.records, pair.bytes),
            ]
        })
        .collect();
    story.rows([18, 0], &rows)?;
    let secrets = [ANA, BEN, CLEO].map(|person| [person.passphrase, person.message]);
    let mut secrets = secrets.as_flattened().iter();
    no_leak(secrets.any(|secret| contains(&holdings.bytes, secret)))?;
    story.says(
        "Which two of them have met? Nobody can tell from this. No passphrase and no message is \
         in it either (we have just searched every byte). The server does learn that three took \
         part, when, and from which addresses; with Tor, not even these.",
    )
}

async fn serve() -> Result<(Server, SocketAddr), Failure> {
    let mut config = Config::default();
    config.listen = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
    let started = Server::start(config, None).await.map_err(|error| {
        Failure::unavailable("no server can be started on loopback").because(&error)
    })?;
    match started.addresses().first() {
        Some(&address) => Ok((started, address)),
        None => Err(Failure::unavailable("no server can be started on loopback")),
    }
}

async fn begin(server: SocketAddr, board: &Board) -> Result<[Meeting; 3], Failure> {
    let at: Address = format!("http://{server}")
        .parse()
        .map_err(|error| Failure::new(kernel::Kind::Bug, "our own address").because(&error))?;
    let begin = async |person: Person| {
        let passkey = stretch(person, board.salt()).await?;
        let options = Options::new(at.clone(), board.clone());
        Meeting::start(options, passkey, person.message.as_bytes())
            .map_err(|error| Failure::new(error.kind(), error.to_string()).because(&error))
    };
    let (ana, ben, cleo) = tokio::join!(begin(ANA), begin(BEN), begin(CLEO));
    Ok([ana?, ben?, cleo?])
}

/// Waits until everybody has answered everybody, and lets the last answers be read.
async fn gather(
    meetings: [Meeting; 3],
    server: SocketAddr,
    board: &Board,
) -> Result<(Got, Holdings), Failure> {
    let stops = meetings.each_ref().map(Meeting::stopper);
    let [ana, ben, cleo] = meetings;
    let met = AtomicUsize::new(0);
    let watch = async {
        loop {
            let holdings = Holdings::read(server, board).await.map_err(|error| {
                Failure::unavailable("our own server does not answer").because(&error)
            })?;
            // Ana and Ben have met; Cleo had as long.
            if holdings.is_complete(3) && met.load(Ordering::Relaxed) >= 2 {
                sleep(READING).await;
                stops.iter().for_each(net::Stop::stop);
                return Ok(holdings);
            }
            sleep(LOOKING).await;
        }
    };
    let (ana, ben, cleo, holdings) = tokio::join!(
        messages(ana, &met),
        messages(ben, &met),
        messages(cleo, &met),
        watch
    );
    Ok(([ana, ben, cleo], holdings?))
}

/// All that `meeting` gets until it ends; counts them in `met`.
async fn messages(mut meeting: Meeting, met: &AtomicUsize) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    while let Some(event) = meeting.next().await {
        if let Event::Board(board::Event::Match { message, .. }) = event {
            messages.push(message);
            met.fetch_add(1, Ordering::Relaxed);
        }
    }
    messages
}

fn named() -> Result<Board, Failure> {
    let name = "garden".parse();
    name.map(Board::Named)
        .map_err(|error| Failure::new(kernel::Kind::Bug, "our own board").because(&error))
}

/// Between two looks at the board.
const LOOKING: Duration = Duration::from_millis(200);
/// For what should not come.
const READING: Duration = Duration::from_millis(300);
const GRACE: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(120);
