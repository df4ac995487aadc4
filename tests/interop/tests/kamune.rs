//! Our channel and the Go peer of Kamune 0.7, in both roles.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use channel::{Config, End, Event, Resumption, SessionId};
use data_encoding::HEXLOWER;
use identity::IdentityKey;
use interop::kamune::{Kamune, Peer, text};
use net::call::relay::{Place, RelayError, Way};
use net::call::{Call, Datagrams, Limits, Listener, NotKept, Setup, Shelf};
use primitives::{Secret, sha256};
use serde_json::json;
use switch::{Password, Token};
use tokio::time::timeout;

/// Keeps sessions as long as the test runs.
#[derive(Clone, Debug, Default)]
struct Memory(Arc<Mutex<BTreeMap<SessionId, Resumption>>>);

impl Shelf for Memory {
    async fn save(&self, kept: Resumption) -> Result<(), NotKept> {
        let mut all = self.0.lock().map_err(|_| NotKept)?;
        all.insert(kept.session(), kept);
        Ok(())
    }

    async fn find(&self, session: SessionId) -> Option<Resumption> {
        self.0.lock().ok()?.get(&session).cloned()
    }
}

fn setup() -> Result<Setup<Memory>> {
    let seed = Secret::new([3; 32]);
    Ok(Setup {
        config: Config::new("otto".parse()?),
        key: Arc::new(IdentityKey::from_seeds(&seed, None)),
        shelf: Memory::default(),
    })
}

async fn next(call: &mut Call) -> Result<Event> {
    let event = timeout(PATIENCE, call.next()).await;
    event.context("nothing happens")?.context("it is over")
}

/// Waits until there is a session with whoever has this name.
async fn establish(call: &mut Call, name: &str) -> Result<SessionId> {
    loop {
        match next(call).await? {
            Event::Introduced(peer) => {
                ensure!(peer.name == name, "{}", peer.name);
                call.handle().accept().await;
            }
            Event::Established { session, .. } => return Ok(session),
            other => bail!("{other:?}"),
        }
    }
}

async fn message(call: &mut Call) -> Result<Vec<u8>> {
    match next(call).await? {
        Event::Message(message) => Ok(message.body),
        other => bail!("{other:?}"),
    }
}

/// Our side called theirs.
async fn we_call(over: &str) -> Result<(Call, Peer)> {
    let mut peer = peer("listen", over, LOOPBACK, &["--quiet"])?;
    let address = text(&peer.hears("listening")?, "address")?;
    let mut call = dial(over, address.parse()?).await?;
    let session = establish(&mut call, "gopher").await?;
    ensure!(text(&peer.hears("session")?, "session")? == session.as_str());
    Ok((call, peer))
}

/// Their side called ours.
async fn they_call(over: &str) -> Result<(Call, Peer)> {
    let at = LOOPBACK.parse()?;
    let (incoming, mut peer) = match over {
        "tcp" => {
            let listener = Listener::bind(at, Limits::default()).await?;
            let address = listener.address()?.to_string();
            let peer = peer("dial", over, &address, &["--quiet"])?;
            (timeout(PATIENCE, listener.accept()).await??, peer)
        }
        _ => {
            let listener = Datagrams::bind(at, Limits::default()).await?;
            let address = listener.address().to_string();
            let peer = peer("dial", over, &address, &["--quiet"])?;
            let incoming = timeout(PATIENCE, listener.accept()).await??;
            // It reads for those who have called.
            tokio::spawn(async move { listener.accept().await });
            (incoming, peer)
        }
    };
    let mut call = Call::answer(incoming, setup()?).context("no random bytes")?;
    let session = establish(&mut call, "gopher").await?;
    let told = peer.hears("session")?;
    ensure!(text(&told, "session")? == session.as_str() && text(&told, "name")? == "otto");
    Ok((call, peer))
}

fn peer(role: &str, over: &str, address: &str, more: &[&str]) -> Result<Peer> {
    let seed = "04".repeat(32);
    let mut arguments = vec![
        role,
        "--over",
        over,
        "--address",
        address,
        "--name",
        "gopher",
    ];
    arguments.extend(["--seed", &seed]);
    arguments.extend(more);
    Kamune::install()?.peer(&arguments)
}

async fn dial(over: &str, at: SocketAddr) -> Result<Call> {
    let host = at.ip().to_string();
    Ok(match over {
        "tcp" => Call::dial(&host, at.port(), None, setup()?, None).await?,
        _ => Call::dial_datagrams(at, setup()?, None).await?,
    })
}

/// `count` messages of random lengths both ways at once, all of which come, in order.
async fn exchange(
    call: &mut Call,
    peer: &mut Peer,
    count: usize,
    most: Option<usize>,
) -> Result<()> {
    // Through a relay the Go program breaks at some of its own longer messages: it pads them at random to
    // more than gets through.
    let size = most.map(|_| 300);
    peer.tell(&json!({"do": "send_random", "count": count, "seed": 7, "size": size}))?;
    peer.tell(&json!({"do": "await", "count": count}))?;
    let handle = call.handle().clone();
    let says = tokio::spawn(async move {
        let mut said = Vec::new();
        for number in 0..count {
            let hash = sha256(&[&number.to_le_bytes()]);
            let length =
                usize::from(u16::from_le_bytes([hash[0], hash[1]])).min(most.unwrap_or(61_435));
            let text = Bytes::from(vec![hash[2]; length]);
            handle.send(text.clone()).await?;
            said.push(text);
        }
        anyhow::Ok(said)
    });
    let mut heard = Vec::new();
    for _ in 0..count {
        heard.push(message(call).await?);
    }
    let said = says.await??;
    let [sent, received] = ["sent", "received"].map(|event| peer.hears(event));
    let hash = |parts: &[&[u8]]| {
        let hash = sha256(parts);
        hash.iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let heard: Vec<&[u8]> = heard.iter().map(Vec::as_slice).collect();
    ensure!(text(&sent?, "sha256")? == hash(&heard), "what we heard");
    let said: Vec<&[u8]> = said.iter().map(Bytes::as_ref).collect();
    ensure!(
        text(&received?, "sha256")? == hash(&said),
        "what they heard"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_messages_go_both_ways_when_we_call() -> Result<()> {
    let (mut call, mut peer) = we_call("tcp").await?;
    exchange(&mut call, &mut peer, 10_000, None).await?;
    call.handle().close().await;
    peer.hears("left")?;
    ensure!(next(&mut call).await? == Event::Ended(End::Left));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_messages_go_both_ways_when_they_call() -> Result<()> {
    let (mut call, mut peer) = they_call("tcp").await?;
    exchange(&mut call, &mut peer, 10_000, None).await?;
    peer.tell(&json!({"do": "close"}))?;
    ensure!(next(&mut call).await? == Event::Ended(End::Closed));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn over_udp_messages_go_both_ways_too() -> Result<()> {
    let (mut call, mut peer) = we_call("udp").await?;
    exchange(&mut call, &mut peer, 5, None).await?;
    call.handle().close().await;
    peer.hears("left")?;
    let (mut call, mut peer) = they_call("udp").await?;
    exchange(&mut call, &mut peer, 5, None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_is_killed_ends_the_call() -> Result<()> {
    for theirs in [false, true] {
        let (mut call, peer) = if theirs {
            they_call("tcp").await?
        } else {
            we_call("tcp").await?
        };
        drop(peer);
        ensure!(
            next(&mut call).await? == Event::Ended(End::Lost),
            "{theirs}"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_begins_with_values_gets_ours_and_both_have_tokens() -> Result<()> {
    let (mut call, mut peer) = we_call("tcp").await?;
    // {"ecdh_pubkey": 32 bytes}
    let mut data = vec![0x0a, 0x2f, 0x0a, 0x0b];
    data.extend(b"ecdh_pubkey");
    data.extend([0x12, 0x20]);
    data.extend([9; 32]);
    let encoded = data_encoding::BASE64.encode(&data);
    peer.tell(&json!({"do": "send", "route": 13, "data": encoded}))?;
    let told = peer.hears("message")?;
    ensure!(told["route"] == 13, "{told}");
    ensure!(told["sequence"] == 3, "before anything else: {told}");
    let event = next(&mut call).await?;
    ensure!(matches!(event, Event::RelayTokens(_)), "{event:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_not_wanted_is_turned_away_both_ways() -> Result<()> {
    let mut strict = peer("listen", "tcp", LOOPBACK, &["--refuse"])?;
    let address = text(&strict.hears("listening")?, "address")?;
    let mut call = dial("tcp", address.parse()?).await?;
    ensure!(next(&mut call).await? == Event::Ended(End::Lost));

    let mut lenient = peer("listen", "tcp", LOOPBACK, &[])?;
    let address = text(&lenient.hears("listening")?, "address")?;
    let mut call = dial("tcp", address.parse()?).await?;
    let event = next(&mut call).await?;
    ensure!(matches!(event, Event::Introduced(_)), "{event:?}");
    call.handle().reject().await;
    ensure!(next(&mut call).await? == Event::Ended(End::Rejected));
    ensure!(lenient.hears("error")?["name"] == "session");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_of_another_version_is_turned_away() -> Result<()> {
    let mut old = peer("listen", "tcp", LOOPBACK, &["--version", "0.6.0"])?;
    let address = text(&old.hears("listening")?, "address")?;
    let mut call = dial("tcp", address.parse()?).await?;
    let Event::Ended(end) = next(&mut call).await? else {
        panic!("a session with version 0.6");
    };
    // theirs refuses ours first
    ensure!(matches!(end, End::Lost | End::Incompatible { .. }), "{end}");
    Ok(())
}

/// Through a relay, one side of which is theirs.
async fn through_a_relay(over: &str) -> Result<()> {
    let running = Kamune::install()?.relay(PASSWORD)?;
    let (scheme, address) = match over {
        "relay-tcp" => ("tcp", &running.tcp),
        _ => ("ws", &running.ws),
    };
    let mut way = Way::to(format!("{scheme}://{address}").parse()?);
    way.password = Some(Password::new(PASSWORD.into())?);

    // they wait, we come
    let more = ["--quiet", "--password", PASSWORD];
    let mut waiting = peer("listen", over, address, &more)?;
    let token = text(&waiting.hears("listening")?, "token")?;
    let token = Token::from_bytes(&HEXLOWER.decode(token.as_bytes())?)?;
    let place = Place::join(&way, token).await?;
    let mut call = place.call(setup()?, None).context("no random bytes")?;
    establish(&mut call, "gopher").await?;
    waiting.hears("session")?;
    exchange(&mut call, &mut waiting, 100, Some(8_000)).await?;
    call.handle().close().await;
    waiting.hears("left")?;

    // we wait, they come
    let mut place = Place::create(&way, None).await?;
    ensure!(place.waits().is_some());
    let token = HEXLOWER.encode(place.token().as_bytes());
    let mut more = more.to_vec();
    more.extend(["--token", &token]);
    let mut coming = peer("dial", over, address, &more)?;
    timeout(PATIENCE, place.arrived()).await??;
    let mut call = place.answer(setup()?).context("no random bytes")?;
    establish(&mut call, "gopher").await?;
    coming.hears("session")?;
    exchange(&mut call, &mut coming, 100, Some(8_000)).await?;
    coming.tell(&json!({"do": "close"}))?;
    ensure!(next(&mut call).await? == Event::Ended(End::Closed));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn through_a_relay_over_tcp_messages_go_both_ways() -> Result<()> {
    through_a_relay("relay-tcp").await
}

#[tokio::test(flavor = "multi_thread")]
async fn through_a_relay_over_a_websocket_they_do_too() -> Result<()> {
    through_a_relay("relay-ws").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_refuses_a_wrong_password_and_an_unknown_token() -> Result<()> {
    let running = Kamune::install()?.relay(PASSWORD)?;
    for address in [
        format!("tcp://{}", running.tcp),
        format!("ws://{}", running.ws),
    ] {
        let mut way = Way::to(address.parse()?);
        way.password = Some(Password::new(b"another".to_vec())?);
        let refused = Place::create(&way, None).await.err();
        ensure!(refused == Some(RelayError::Ended(switch::client::End::Password)));
        way.password = Some(Password::new(PASSWORD.into())?);
        let nobodys = Token::from_bytes(&[7; 16])?;
        let refused = Place::join(&way, nobodys).await.err();
        ensure!(refused == Some(RelayError::Ended(switch::client::End::Refused)));
    }
    Ok(())
}

const PASSWORD: &str = "open sesame";
const LOOPBACK: &str = "127.0.0.1:0";
/// Its programs are slow on a machine that does other things.
const PATIENCE: Duration = Duration::from_secs(60);
