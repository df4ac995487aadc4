//! Go peers of Kamune 0.7 at a relay of ours: two of them, and one with one of ours, in both roles.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use channel::{Config, End, Event, Resumption, SessionId};
use data_encoding::HEXLOWER;
use identity::IdentityKey;
use interop::kamune::{Kamune, Peer, text};
use interop::ours::{self, Relay};
use net::call::relay::{Place, Way};
use net::call::{Call, NotKept, Setup, Shelf};
use primitives::Secret;
use serde_json::{Value, json};
use switch::{Password, Token};
use tokio::time::timeout;

/// One Go peer at the relay: the role, over what, where, and what more.
fn peer(role: &str, over: &str, address: &str, token: &str) -> Result<Peer> {
    let seed = if role == "dial" { "02" } else { "01" }.repeat(32);
    let arguments = [
        role,
        "--over",
        over,
        "--address",
        address,
        "--name",
        role,
        "--seed",
        &seed,
        "--token",
        token,
        "--password",
        PASSWORD,
        "--quiet",
    ];
    Kamune::install()?.peer(&arguments)
}

fn address<'a>(relay: &'a Relay, over: &str) -> &'a str {
    match over {
        "relay-tcp" => &relay.tcp,
        _ => &relay.ws,
    }
}

/// What one of them sent is what the other heard, both ways.
fn exchange(peers: [&mut Peer; 2]) -> Result<()> {
    let [one, other] = peers;
    for (peer, seed) in [(&mut *one, 1), (&mut *other, 2)] {
        peer.tell(&json!({"do": "send_random", "count": COUNT, "seed": seed, "size": 300}))?;
        peer.tell(&json!({"do": "await", "count": COUNT}))?;
    }
    let sent = [one.hears("sent")?, other.hears("sent")?];
    let received = [other.hears("received")?, one.hears("received")?];
    let sums = |told: &[Value]| -> Result<Vec<String>> {
        told.iter().map(|event| text(event, "sha256")).collect()
    };
    ensure!(sums(&sent)? == sums(&received)?);
    Ok(())
}

/// Two Go peers, each over its way.
fn two_of_theirs(first: &str, second: &str) -> Result<()> {
    let relay = ours::relay(PASSWORD)?;
    let mut waiting = peer("listen", first, address(&relay, first), "")?;
    let listening = waiting.hears("listening")?;
    ensure!(listening["seconds"] == 600, "{listening}");
    let token = text(&listening, "token")?;
    let mut coming = peer("dial", second, address(&relay, second), &token)?;
    let sessions = [waiting.hears("session")?, coming.hears("session")?];
    let [there, here] = sessions.map(|session| text(&session, "session"));
    ensure!(there? == here?);
    exchange([&mut waiting, &mut coming])?;
    coming.tell(&json!({"do": "close"}))?;
    waiting.hears("left")?;
    Ok(())
}

#[test]
fn two_of_theirs_talk_over_a_websocket() -> Result<()> {
    two_of_theirs("relay-ws", "relay-ws")
}

#[test]
fn two_of_theirs_talk_over_tcp() -> Result<()> {
    two_of_theirs("relay-tcp", "relay-tcp")
}

#[test]
fn two_of_theirs_talk_over_one_of_each() -> Result<()> {
    two_of_theirs("relay-ws", "relay-tcp")?;
    two_of_theirs("relay-tcp", "relay-ws")
}

#[test]
fn they_meet_under_a_token_of_their_own() -> Result<()> {
    let relay = ours::relay(PASSWORD)?;
    let bytes: Vec<u8> = (0..32).collect();
    let token = HEXLOWER.encode(&bytes);
    let mut waiting = peer("listen", "relay-ws", &relay.ws, &token)?;
    ensure!(text(&waiting.hears("listening")?, "token")? == token);
    let mut coming = peer("dial", "relay-tcp", &relay.tcp, &token)?;
    waiting.hears("session")?;
    coming.hears("session")?;
    Ok(())
}

#[test]
fn a_wrong_password_and_an_unknown_token_are_refused() -> Result<()> {
    let relay = ours::relay("another")?;
    for over in ["relay-tcp", "relay-ws"] {
        let told = peer("listen", over, address(&relay, over), "")?.hears("error")?;
        ensure!(text(&told, "name")? == "listen", "{told}");
    }
    let relay = ours::relay(PASSWORD)?;
    let nobodys = "07".repeat(16);
    for over in ["relay-tcp", "relay-ws"] {
        let told = peer("dial", over, address(&relay, over), &nobodys)?.hears("error")?;
        ensure!(text(&told, "name")? == "dial", "{told}");
    }
    Ok(())
}

/// One of theirs and one of ours, each of whom waits once.
async fn one_of_each(over: &str) -> Result<()> {
    let relay = ours::relay(PASSWORD)?;
    let scheme = over.trim_start_matches("relay-");
    let at = address(&relay, over);
    let mut way = Way::to(format!("{scheme}://{at}").parse()?);
    way.password = Some(Password::new(PASSWORD.into())?);

    // they wait, we come
    let mut waiting = peer("listen", over, at, "")?;
    let token = text(&waiting.hears("listening")?, "token")?;
    let token = Token::from_bytes(&HEXLOWER.decode(token.as_bytes())?)?;
    let place = Place::join(&way, token).await?;
    let mut call = place.call(setup()?, None).context("no random bytes")?;
    establish(&mut call, "listen").await?;
    waiting.hears("session")?;
    talk(&mut call, &mut waiting).await?;
    call.handle().close().await;
    waiting.hears("left")?;

    // we wait, they come
    let mut place = Place::create(&way, None).await?;
    let token = HEXLOWER.encode(place.token().as_bytes());
    let mut coming = peer("dial", over, at, &token)?;
    timeout(PATIENCE, place.arrived()).await??;
    let mut call = place.answer(setup()?).context("no random bytes")?;
    establish(&mut call, "dial").await?;
    coming.hears("session")?;
    talk(&mut call, &mut coming).await?;
    coming.tell(&json!({"do": "close"}))?;
    ensure!(next(&mut call).await? == Event::Ended(End::Closed));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_theirs_and_one_of_ours_talk_over_a_websocket() -> Result<()> {
    one_of_each("relay-ws").await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_theirs_and_one_of_ours_talk_over_tcp() -> Result<()> {
    one_of_each("relay-tcp").await
}

/// Messages of up to 30,000 bytes from us, short ones from them; all of them come.
async fn talk(call: &mut Call, peer: &mut Peer) -> Result<()> {
    peer.tell(&json!({"do": "send_random", "count": COUNT, "seed": 7, "size": 300}))?;
    peer.tell(&json!({"do": "await", "count": COUNT}))?;
    let handle = call.handle().clone();
    let says = tokio::spawn(async move {
        for length in (0..COUNT).map(|number| (number * 600).min(30_000)) {
            handle.send(vec![7; length].into()).await?;
        }
        anyhow::Ok(())
    });
    for _ in 0..COUNT {
        match next(call).await? {
            Event::Message(message) => ensure!(message.body.len() <= 300),
            other => bail!("{other:?}"),
        }
    }
    says.await??;
    peer.hears("sent")?;
    peer.hears("received")?;
    Ok(())
}

async fn next(call: &mut Call) -> Result<Event> {
    let event = timeout(PATIENCE, call.next()).await;
    event.context("nothing happens")?.context("it is over")
}

/// Waits until there is a session with whoever has this name.
async fn establish(call: &mut Call, name: &str) -> Result<()> {
    loop {
        match next(call).await? {
            Event::Introduced(peer) => {
                ensure!(peer.name == name, "{}", peer.name);
                call.handle().accept().await;
            }
            Event::Established { .. } => return Ok(()),
            other => bail!("{other:?}"),
        }
    }
}

fn setup() -> Result<Setup<Nowhere>> {
    let seed = Secret::new([3; 32]);
    Ok(Setup {
        config: Config::new("otto".parse()?),
        key: Arc::new(IdentityKey::from_seeds(&seed, None)),
        shelf: Nowhere,
    })
}

/// No session goes on.
struct Nowhere;

impl Shelf for Nowhere {
    async fn save(&self, _: Resumption) -> Result<(), NotKept> {
        Ok(())
    }

    async fn find(&self, _: SessionId) -> Option<Resumption> {
        None
    }
}

const PASSWORD: &str = "open sesame";
const COUNT: usize = 100;
/// Its programs are slow on a machine that does other things.
const PATIENCE: Duration = Duration::from_secs(60);
