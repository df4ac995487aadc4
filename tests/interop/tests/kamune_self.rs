//! Two Go peers meet each other: if this fails, the harness is broken, not we.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test"
)]

use anyhow::{Context, Result, ensure};
use interop::kamune::{Kamune, Peer, Relay, text};
use serde_json::{Value, json};

const PASSWORD: &str = "open sesame";

/// One side, which lives as long as it is held.
struct Side {
    role: &'static str,
    over: &'static str,
    address: String,
    token: String,
    more: Vec<&'static str>,
}

impl Side {
    fn listens(over: &'static str, address: &str) -> Self {
        Self {
            role: "listen",
            over,
            address: address.to_owned(),
            token: String::new(),
            more: vec!["--name", "lisa"],
        }
    }

    /// Where this event says that somebody listens.
    fn dials(over: &'static str, listening: &Value) -> Result<Self> {
        Ok(Self {
            role: "dial",
            over,
            address: text(listening, "address")?,
            token: text(listening, "token").unwrap_or_default(),
            more: vec!["--name", "dan"],
        })
    }

    fn with(mut self, flags: &[&'static str]) -> Self {
        self.more.extend(flags);
        self
    }

    fn start(&self) -> Result<Peer> {
        let seed = if self.role == "dial" { "02" } else { "01" }.repeat(32);
        let mut arguments = vec![self.role, "--over", self.over, "--address", &self.address];
        arguments.extend(["--seed", &seed, "--token", &self.token, "--quiet"]);
        arguments.extend(&self.more);
        Kamune::install()?.peer(&arguments)
    }
}

/// Both sides of a session that was made.
fn meet(over: &'static str, address: &str, more: &[&'static str]) -> Result<[Peer; 2]> {
    let mut listener = Side::listens(over, address).with(more).start()?;
    let listening = listener.hears("listening")?;
    let mut dialer = Side::dials(over, &listening)?.with(more).start()?;
    let (there, here) = (listener.hears("session")?, dialer.hears("session")?);
    ensure!(text(&there, "session")? == text(&here, "session")?);
    ensure!(text(&there, "name")? == "dan" && text(&here, "name")? == "lisa");
    ensure!(text(&there, "public_key")? != text(&here, "public_key")?);
    Ok([listener, dialer])
}

/// Messages both ways at once; each side gets what the other sent, in order.
fn exchange([one, other]: &mut [Peer; 2], count: u32, size: Option<u32>) -> Result<()> {
    for (peer, seed) in [(&mut *one, 1), (&mut *other, 2)] {
        peer.tell(&json!({"do": "send_random", "count": count, "seed": seed, "size": size}))?;
        peer.tell(&json!({"do": "await", "count": count}))?;
    }
    let sent = [one.hears("sent")?, other.hears("sent")?];
    let received = [other.hears("received")?, one.hears("received")?];
    for (sent, received) in sent.iter().zip(&received) {
        ensure!(text(sent, "sha256")? == text(received, "sha256")?);
    }
    Ok(())
}

/// A ping is answered; a message of raw session data arrives as it was.
fn ping_and_tell([one, other]: &mut [Peer; 2]) -> Result<()> {
    one.tell(&json!({"do": "ping"}))?;
    ensure!(other.hears("message")?["route"] == 9);
    ensure!(one.hears("message")?["route"] == 10);
    other.tell(&json!({"do": "send", "route": 13, "data": "CgUKAWESAA=="}))?;
    let told = one.hears("message")?;
    ensure!(told["route"] == 13 && told["data"] == "CgUKAWESAA==");
    Ok(())
}

/// Each side closes a session, the other hears of it.
fn leave(make: impl Fn() -> Result<[Peer; 2]>) -> Result<()> {
    for leaves in [0, 1] {
        let mut peers = make()?;
        peers[leaves].tell(&json!({"do": "close"}))?;
        peers[1 - leaves].hears("left")?;
    }
    Ok(())
}

fn relay() -> Result<Relay> {
    Kamune::install()?.relay(PASSWORD)
}

#[test]
fn the_peer_does_what_kamune_did() -> Result<()> {
    Kamune::agrees()
}

#[test]
fn two_meet_over_tcp() -> Result<()> {
    let make = || meet("tcp", "127.0.0.1:0", &[]);
    let mut peers = make()?;
    exchange(&mut peers, 200, None)?;
    ping_and_tell(&mut peers)?;
    leave(make)
}

#[test]
fn two_meet_over_udp() -> Result<()> {
    let mut peers = meet("udp", "127.0.0.1:0", &[])?;
    exchange(&mut peers, 200, None)?;
    // Nobody leaves: a dialer's farewell never gets onto the wire.
    ping_and_tell(&mut peers)
}

#[test]
fn two_meet_over_a_relay_by_tcp() -> Result<()> {
    let relay = relay()?;
    let make = || meet("relay-tcp", &relay.tcp, &["--password", PASSWORD]);
    let mut peers = make()?;
    exchange(&mut peers, 200, Some(300))?;
    ping_and_tell(&mut peers)?;
    leave(make)
}

#[test]
fn two_meet_over_a_relay_by_websocket() -> Result<()> {
    let relay = relay()?;
    let make = || meet("relay-ws", &relay.ws, &["--password", PASSWORD]);
    let mut peers = make()?;
    exchange(&mut peers, 200, Some(300))?;
    ping_and_tell(&mut peers)?;
    leave(make)
}

#[test]
fn a_relay_pairs_its_two_transports() -> Result<()> {
    let relay = relay()?;
    let flags = ["--password", PASSWORD];
    let mut listener = Side::listens("relay-tcp", &relay.tcp)
        .with(&flags)
        .start()?;
    let mut listening = listener.hears("listening")?;
    listening["address"] = json!(relay.ws);
    let dialer = Side::dials("relay-ws", &listening)?.with(&flags).start()?;
    let mut peers = [listener, dialer];
    for peer in &mut peers {
        peer.hears("session")?;
    }
    exchange(&mut peers, 20, Some(300))
}

#[test]
fn a_relay_refuses_a_wrong_password() -> Result<()> {
    let relay = relay()?;
    let side = Side::listens("relay-tcp", &relay.tcp).with(&["--password", "another"]);
    let told = side.start()?.hears("error")?;
    ensure!(text(&told, "name")? == "listen", "{told}");
    Ok(())
}

/// What both sides say of a session that is not made.
fn refused(listener: &[&'static str], dialer: &[&'static str]) -> Result<[String; 2]> {
    let mut there = Side::listens("tcp", "127.0.0.1:0").with(listener).start()?;
    let listening = there.hears("listening")?;
    let mut here = Side::dials("tcp", &listening)?.with(dialer).start()?;
    let told = [there.hears("error")?, here.hears("error")?];
    let [there, here] = told.map(|told| text(&told, "text"));
    Ok([there?, here?])
}

#[test]
fn another_version_is_refused() -> Result<()> {
    for version in ["0.6.0", "0.8.0", "1.7.0"] {
        let [there, _] = refused(&[], &["--version", version])?;
        ensure!(there.contains("version mismatch"), "{there}");
        let [_, here] = refused(&["--version", version], &[])?;
        ensure!(here.contains("version mismatch"), "{here}");
    }
    Ok(())
}

#[test]
fn another_patch_version_is_accepted() -> Result<()> {
    meet("tcp", "127.0.0.1:0", &["--version", "0.7.12"]).context("0.7.12")?;
    Ok(())
}

#[test]
fn an_unknown_identity_is_refused_by_either_side() -> Result<()> {
    let [there, _] = refused(&["--refuse"], &[])?;
    ensure!(there.contains("identity refused"), "{there}");
    let [_, here] = refused(&[], &["--refuse"])?;
    ensure!(here.contains("identity refused"), "{here}");
    Ok(())
}
