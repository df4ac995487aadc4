//! The settings of the relay and of the broker.

use std::time::Duration;

use toml::Value;

use super::super::value::{self, Refused};
use super::{Key, Reload, parse, path, show, show_list, show_path};

pub(super) const KEYS: &[Key] = &[
    key!(
        "switch.ws",
        No,
        "A relay, which carries sealed frames between two people (Kamune 0.7): by WebSocket at /ws of the\npublic addresses.",
        value::flag,
        show,
        relay.web
    ),
    key!(
        "switch.tcp",
        No,
        "Addresses where it takes TCP; links say port 8889 by themselves. No TLS is needed: frames are sealed.",
        |v| value::list(v, parse, "addresses such as \"[::]:8889\""),
        show_list,
        relay.tcp
    ),
    key!(
        "switch.tls",
        No,
        "Addresses where it takes TLS, with the server's certificate; links say port 8890 by themselves.",
        |v| value::list(v, parse, "addresses such as \"[::]:8890\""),
        show_list,
        relay.tls
    ),
    key!(
        "switch.password_file",
        No,
        "File with the password that clients must know: one line; \"\" for none.",
        path,
        show_path,
        relay.password
    ),
    key!(
        "switch.token_lifetime",
        No,
        "How long a place waits for a partner, and how long the two may talk then; \"0s\" for without end.",
        positive_duration,
        value::show_duration,
        relay.limits.token_lasts
    ),
    key!(
        "switch.session_lifetime",
        No,
        "",
        endless,
        show_endless,
        relay.limits.session_lasts
    ),
    key!(
        "switch.pairs",
        No,
        "Pairs that talk.",
        value::positive,
        show,
        relay.limits.pairs
    ),
    key!(
        "switch.waiting.total",
        No,
        "Places that wait for a partner: in all, and of one source.",
        value::positive,
        show,
        relay.limits.unpaired
    ),
    key!(
        "switch.waiting.per_source",
        No,
        "",
        value::positive,
        show,
        relay.limits.unpaired_per_source
    ),
    key!(
        "switch.opening.total",
        No,
        "Connections that have no place yet: in all, of one source, and for how long.",
        value::positive,
        show,
        relay.limits.opening
    ),
    key!(
        "switch.opening.per_source",
        No,
        "",
        value::positive,
        show,
        relay.limits.opening_per_source
    ),
    key!(
        "switch.opening.lifetime",
        No,
        "",
        positive_duration,
        value::show_duration,
        relay.limits.within
    ),
    key!(
        "switch.connections.per_source",
        No,
        "Connections of one source, and how many it may begin in a minute. Those of limits.connections count\nrelays too.",
        value::positive,
        show,
        relay.limits.per_source
    ),
    key!(
        "switch.connections.per_minute",
        No,
        "",
        value::positive,
        show,
        relay.limits.starts
    ),
    key!(
        "switch.queued",
        No,
        "Bytes that wait for a reader before nothing is read from its partner; at most \"128KiB\" more come.\nAnd how long nothing is read before both are cut.",
        positive_size,
        value::show_size,
        relay.limits.queued
    ),
    key!(
        "switch.stalled",
        No,
        "",
        positive_duration,
        value::show_duration,
        relay.limits.stalled
    ),
    key!(
        "switch.carried.pair",
        No,
        "Bytes carried for one pair, and for one source in an hour.",
        long_size,
        show_long_size,
        relay.limits.pair_bytes
    ),
    key!(
        "switch.carried.source",
        No,
        "",
        long_size,
        show_long_size,
        relay.limits.source_bytes
    ),
    key!(
        "broker.listen",
        No,
        "UDP addresses of a broker, which tells two people where the other is: one of each kind at most.\n\"[::]:4788\" by itself takes IPv4 and IPv6.",
        |v| value::list(v, parse, "addresses such as \"[::]:4788\""),
        show_list,
        broker.listen
    ),
    key!(
        "broker.lifetime",
        No,
        "How long somebody is held without asking again.",
        positive_duration,
        value::show_duration,
        broker.limits.lasts
    ),
    key!(
        "broker.places.total",
        No,
        "People who are held: in all, and of one source; of each kind of address.",
        value::positive,
        show,
        broker.limits.places
    ),
    key!(
        "broker.places.per_source",
        No,
        "",
        value::positive,
        show,
        broker.limits.places_per_source
    ),
    key!(
        "broker.requests.per_minute",
        No,
        "Requests of one source in a minute.",
        value::positive,
        show,
        broker.limits.packets
    ),
];

fn positive_duration(value: &Value) -> Result<Duration, Refused> {
    match value::duration(value)? {
        Duration::ZERO => Err("must not be zero".into()),
        duration => Ok(duration),
    }
}

/// No seconds stand for no end.
fn endless(value: &Value) -> Result<Option<Duration>, Refused> {
    Ok(Some(value::duration(value)?).filter(|duration| !duration.is_zero()))
}

fn show_endless(duration: &Option<Duration>) -> String {
    value::show_duration(&duration.unwrap_or_default())
}

fn positive_size(value: &Value) -> Result<usize, Refused> {
    match value::size(value)? {
        0 => Err("must not be zero".into()),
        bytes => Ok(bytes),
    }
}

fn long_size(value: &Value) -> Result<u64, Refused> {
    let bytes = positive_size(value)?;
    u64::try_from(bytes).map_err(|_| "is too much".into())
}

fn show_long_size(bytes: &u64) -> String {
    value::show_size(&usize::try_from(*bytes).unwrap_or(usize::MAX))
}
