//! Servers: name, connection, certificate, what they offer, their clock.

mod advice;

use std::time::{Duration, SystemTime};

use net::board::Address;
use net::probe::{Answer, Target, addresses, greet, server};
use rendezvous::bucket::Host;
use serde_json::Value;
use tokio::task::JoinSet;

use self::advice::{advice, proxy_advice};
use super::check::Check;
use super::here::SET_CLOCK;
use crate::config::{Settings, shown_proxy};
use crate::failure::Failure;

/// A server that is looked at, and what it should offer.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    target: Target,
    /// As it is set, or the URL.
    name: String,
    needs: Option<&'static str>,
}

/// The servers to look at: `at` alone, or those that are set.
///
/// # Errors
///
/// The certificates to trust cannot be read.
pub(super) fn targets(at: Option<&Address>, settings: &Settings) -> Result<Vec<Asked>, Failure> {
    let set = settings.home.value.iter().map(|host| (host, "accounts"));
    let meet = settings.rendezvous.value.iter();
    let set = set.chain(meet.map(|host| (host, "buckets")));
    let asked: Vec<_> = match at {
        Some(at) => vec![(at.clone(), at.to_string(), None)],
        None => set
            .filter_map(|(host, needs)| Some((url(host)?, host.to_string(), Some(needs))))
            .collect(),
    };
    let roots = settings.roots()?;
    let target = |at| {
        let mut target = Target::new(at);
        target.proxy.clone_from(&settings.proxy.value);
        target.roots.clone_from(&roots);
        target
    };
    Ok(asked
        .into_iter()
        .map(|(at, name, needs)| Asked {
            target: target(at),
            name,
            needs,
        })
        .collect())
}

/// Only a server on this machine or behind Tor is asked without TLS.
fn url(host: &Host) -> Option<Address> {
    let scheme = if host.is_local() { "http" } else { "https" };
    format!("{scheme}://{host}").parse().ok()
}

/// Looks at all of them at once, and at the proxy first.
pub(super) async fn checks(asked: &[Asked]) -> Vec<Check> {
    let Some(first) = asked.first() else {
        return vec![Check::info("server", "none is set").hint(
            "`entrenous doctor --at URL` looks at one; `entrenous config --help` says how to set one",
        )];
    };
    let mut checks = Vec::new();
    if let Some(proxy) = &first.target.proxy {
        let name = shown_proxy(proxy);
        let check = match greet(proxy).await {
            Ok(()) => Check::ok("proxy", format!("{name} is a SOCKS 5 proxy")),
            Err(fault) => {
                Check::away("proxy", format!("{name}: {fault}")).hint(proxy_advice(&fault))
            }
        };
        let is_away = check.is_failed();
        checks.push(check);
        if is_away {
            return checks;
        }
    }
    let mut looks = JoinSet::new();
    for (number, each) in asked.iter().cloned().enumerate() {
        looks.spawn(async move { (number, look(&each).await) });
    }
    let mut looked = looks.join_all().await;
    looked.sort_by_key(|(number, _)| *number);
    let mut skew = None;
    for (_, (more, seen)) in looked {
        checks.extend(more);
        skew = skew.or(seen);
    }
    checks.extend(skew.map(clock));
    checks
}

/// One server; and how far our clock is from its own, if it says.
async fn look(asked: &Asked) -> (Vec<Check>, Option<Skew>) {
    let (target, name) = (&asked.target, &asked.name);
    let mut checks = Vec::new();
    if target.proxy.is_none() {
        match addresses(target.at.host(), target.at.port()).await {
            Ok(found) => checks.push(Check::ok("name", names(target.at.host(), &found))),
            Err(fault) => {
                let check = Check::away("name", format!("{}: {fault}", target.at.host()));
                checks.push(check.hint("is it right, and are you online?"));
                return (checks, None);
            }
        }
    }
    let seen = match server(target).await {
        Ok(seen) => seen,
        Err(fault) => {
            let check = Check::away("server", format!("{name}: {fault}"));
            checks.push(check.hint(advice(&fault, target.at.is_tls())));
            return (checks, None);
        }
    };
    let now = SystemTime::now();
    checks.extend(seen.expires.map(|expires| certificate(name, expires, now)));
    match &seen.answer {
        Err(fault) => {
            let check = Check::away("server", format!("{name}: {fault}"));
            checks.push(check.hint(advice(fault, target.at.is_tls())));
            (checks, None)
        }
        Ok(answer) => {
            checks.push(about(asked, answer));
            (checks, Skew::of(answer))
        }
    }
}

fn names(host: &str, found: &[std::net::IpAddr]) -> String {
    let shown: Vec<_> = found.iter().take(4).map(ToString::to_string).collect();
    format!("{host} is {}", shown.join(", "))
}

fn certificate(name: &str, expires: SystemTime, now: SystemTime) -> Check {
    let left = expires.duration_since(now).unwrap_or_default();
    let days = left.as_secs() / DAY;
    let plural = if days == 1 { "" } else { "s" };
    let text = format!("that of {name} is good for {days} day{plural}");
    match days {
        ..RENEW => {
            Check::warn("certificate", text).hint("tell whoever runs the server to renew it")
        }
        _ => Check::ok("certificate", text),
    }
}

/// What the server says it is.
fn about(asked: &Asked, answer: &Answer) -> Check {
    let name = &asked.name;
    let refused = |text: String| {
        Check::warn("server", text).hint("is the address right, and is it an Entrenous server?")
    };
    if answer.code != 200 {
        return refused(format!("{name} answers {}", answer.code));
    }
    let about: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if about.get("v").and_then(Value::as_u64) != Some(1) {
        return refused(format!("{name} does not say what it is"));
    }
    let offers = about.get("offers").and_then(Value::as_array);
    let offers: Vec<&str> = KNOWN
        .iter()
        .copied()
        .filter(|known| offers.is_some_and(|all| all.iter().any(|offer| offer == known)))
        .collect();
    let offered = match offers.as_slice() {
        [] => "nothing we know".to_owned(),
        some => some.join(", "),
    };
    let text = format!("{name} offers {offered}{}", registration(&about));
    match asked.needs.filter(|needs| !offers.contains(needs)) {
        None => Check::ok("server", text),
        Some(needs) => {
            let text = format!("{text}, but not {needs}");
            Check::warn("server", text).hint("set another one; `entrenous config show` says where")
        }
    }
}

fn registration(about: &Value) -> &'static str {
    match about.get("registration").and_then(Value::as_str) {
        Some("pin") => "; accounts by pin",
        Some("open") => "; accounts for everyone",
        Some("closed") => "; no new accounts",
        _ => "",
    }
}

/// How far our clock is from a server's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Skew {
    by: Duration,
    is_ahead: bool,
}

impl Skew {
    fn of(answer: &Answer) -> Option<Self> {
        let there = answer.date?;
        Some(match answer.here.duration_since(there) {
            Ok(by) => Self { by, is_ahead: true },
            Err(error) => Self {
                by: error.duration(),
                is_ahead: false,
            },
        })
    }
}

fn clock(skew: Skew) -> Check {
    let seconds = skew.by.as_secs();
    let way = if skew.is_ahead { "ahead of" } else { "behind" };
    let text = format!("{} {way} the server's", crate::lasts::show(skew.by));
    // The server tells whole seconds, and the answer takes its time.
    if seconds <= CLOSE {
        return Check::ok("clock", "agrees with the server's");
    }
    match seconds <= TOLERATED {
        true => Check::warn("clock", text).hint(SET_CLOCK),
        false => {
            Check::fail("clock", format!("{text}, so invitations are refused")).hint(SET_CLOCK)
        }
    }
}

/// Groups of operations, spec 40, 2.3.
const KNOWN: [&str; 4] = ["accounts", "invitations", "buckets", "board"];
const DAY: u64 = 86_400;
/// Days before its end at which somebody should renew a certificate.
const RENEW: u64 = 10;
/// Seconds that are no difference, and those that clients tolerate: spec 11, 5.
const CLOSE: u64 = 10;
const TOLERATED: u64 = 120;

#[cfg(test)]
mod tests;
