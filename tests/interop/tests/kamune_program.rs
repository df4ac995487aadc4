//! The built `entrenous` and the Go peer of Kamune 0.7: by each way, each of them calling the other.

#![expect(clippy::indexing_slicing, reason = "a test")]

use std::fs;

use anyhow::{Context, Result, ensure};
use identity::{Fingerprint, IdentityPublic};
use interop::kamune::{Kamune, Peer, text};
use interop::ours::{self, Profile};
use interop::program::Program;
use primitives::{Secret, SigningKey};
use serde_json::{Value, json};

/// By which way the two talk.
#[derive(Clone, Copy)]
enum Over<'a> {
    /// `tcp` or `udp`.
    Direct(&'a str),
    /// `ws` or `tcp`, and where the relay is.
    Relay(&'a str, &'a str),
}

impl Over<'_> {
    /// What the Go program calls it, and where it goes.
    fn of_theirs(&self) -> (String, &str) {
        match self {
            Self::Direct(transport) => ((*transport).to_owned(), LOOPBACK),
            Self::Relay(scheme, at) => (format!("relay-{scheme}"), at),
        }
    }
}

fn peer(role: &str, over: &str, address: &str, token: Option<&str>) -> Result<Peer> {
    let seed = "04".repeat(32);
    let mut arguments = vec![role, "--over", over, "--address", address];
    arguments.extend(["--name", "gopher", "--seed", &seed, "--quiet"]);
    if over.starts_with("relay") {
        arguments.extend(["--password", PASSWORD]);
    }
    arguments.extend(token.into_iter().flat_map(|token| ["--token", token]));
    Kamune::install()?.peer(&arguments)
}

/// What a link says of whoever must answer.
fn sum() -> String {
    let key = SigningKey::from_seed(&Secret::new([4; 32]));
    Fingerprint::of(&IdentityPublic::from(key.verifying_key())).to_sum()
}

/// `entrenous`, with what it needs of a relay.
fn starts(profile: &Profile, over: Over<'_>, arguments: &[&str]) -> Result<Program> {
    let mut command = profile.command()?;
    command.args(arguments).arg("--json");
    if let Over::Relay(..) = over {
        let file = profile.path("password");
        fs::write(&file, PASSWORD)?;
        command.arg("--relay-password-file").arg(file);
    }
    Program::start_to_tell(&format!("entrenous {}", arguments[0]), &mut command)
}

/// Waits for an event of ours.
fn hears(program: &Program, event: &str) -> Result<Value> {
    program.finds(|lines| {
        let told = lines
            .iter()
            .filter_map(|line| serde_json::from_str(line).ok());
        told.into_iter().find(|told: &Value| told["event"] == event)
    })
}

/// Both say something, and hear it.
fn talk(program: &mut Program, peer: &mut Peer) -> Result<()> {
    program.tell("hello from a person")?;
    peer.tell(&json!({"do": "await", "count": 1}))?;
    peer.hears("received")?;
    peer.tell(&json!({"do": "send_random", "count": COUNT, "seed": 7, "size": 300}))?;
    peer.hears("sent")?;
    program.finds(|lines| {
        let messages = lines
            .iter()
            .filter(|line| line.contains(r#""event":"message""#));
        (messages.count() == COUNT).then_some(())
    })
}

/// They wait, we call: by a link with their fingerprint, so that nobody is asked.
fn we_call(profile: &Profile, over: Over<'_>) -> Result<()> {
    let (theirs, at) = over.of_theirs();
    let mut peer = peer("listen", &theirs, at, None)?;
    let listening = peer.hears("listening")?;
    let link = match over {
        Over::Direct(transport) => {
            let address = text(&listening, "address")?;
            format!("{transport}://{address}?fp={}", sum())
        }
        Over::Relay(scheme, at) => {
            let token = text(&listening, "token")?;
            format!(
                "relay://{at}?token={token}&scheme={scheme}&password=1&fp={}",
                sum()
            )
        }
    };
    let mut program = starts(profile, over, &["call", &link])?;
    let established = hears(&program, "established")?;
    ensure!(established["mode"] == "kamune", "{established}");
    peer.hears("session")?;
    talk(&mut program, &mut peer)?;
    program.tell("/quit")?;
    peer.hears("left")?;
    let ended = program.ends()?;
    ensure!(ended.status.success(), "{ended:?}");
    Ok(())
}

/// We wait, they call, whom we know from before.
fn they_call(profile: &Profile, over: Over<'_>) -> Result<()> {
    let place = match over {
        Over::Direct(transport) => [format!("--{transport}"), LOOPBACK.to_owned()],
        Over::Relay(scheme, at) => ["--relay".to_owned(), format!("{scheme}://{at}")],
    };
    let arguments = ["listen", "--accept-known", "--once", &place[0], &place[1]];
    let mut program = starts(profile, over, &arguments)?;
    let listening = hears(&program, "listening")?;
    let (theirs, at) = over.of_theirs();
    let mut peer = match over {
        Over::Direct(_) => peer("dial", &theirs, &text(&listening, "address")?, None)?,
        Over::Relay(..) => {
            let server = hears(&program, "server")?;
            ensure!(server["waits"] == true, "{server}");
            let link = text(&listening, "link")?;
            let token = link.split_once("token=").context("no token")?.1;
            let token = token.split('&').next().unwrap_or_default();
            peer("dial", &theirs, at, Some(token))?
        }
    };
    let established = hears(&program, "established")?;
    ensure!(established["name"] == "gopher", "{established}");
    peer.hears("session")?;
    talk(&mut program, &mut peer)?;
    match over {
        // What theirs says last may be lost: it does not wait until that is sent.
        Over::Direct("udp") => {
            program.tell("/quit")?;
            peer.hears("left")?;
        }
        _ => peer.tell(&json!({"do": "close"}))?,
    }
    let ended = program.ends()?;
    ensure!(ended.status.success(), "{ended:?}");
    Ok(())
}

fn both(over: Over<'_>) -> Result<()> {
    let profile = Profile::init("otto")?;
    we_call(&profile, over)?;
    they_call(&profile, over)
}

#[test]
fn people_talk_with_theirs_over_tcp() -> Result<()> {
    both(Over::Direct("tcp"))
}

#[test]
fn people_talk_with_theirs_over_udp() -> Result<()> {
    both(Over::Direct("udp"))
}

#[test]
fn people_talk_with_theirs_through_our_relay() -> Result<()> {
    let relay = ours::relay(PASSWORD)?;
    both(Over::Relay("ws", &relay.ws))?;
    both(Over::Relay("tcp", &relay.tcp))
}

#[test]
fn people_talk_with_theirs_through_their_relay() -> Result<()> {
    let relay = Kamune::install()?.relay(PASSWORD)?;
    both(Over::Relay("ws", &relay.ws))?;
    both(Over::Relay("tcp", &relay.tcp))
}

const LOOPBACK: &str = "127.0.0.1:0";
const PASSWORD: &str = "open sesame";
const COUNT: usize = 3;
