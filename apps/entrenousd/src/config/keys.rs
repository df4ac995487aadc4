use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use host::accounts::Admission;
use ipnet::IpNet;
use toml::Value;
use tracing::Level;

use super::value::{self, Refused};
use super::{LogFormat, Values};

/// One setting: the only place that knows its name, meaning, type and default.
pub(super) struct Key {
    /// Dotted, as in TOML.
    pub(super) path: &'static str,
    pub(super) doc: &'static str,
    pub(super) reload: Reload,
    pub(super) set: fn(&mut Values, &Value) -> Result<(), Refused>,
    /// The value as TOML.
    pub(super) show: fn(&Values) -> String,
}

/// Whether SIGHUP is enough.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reload {
    Yes,
    No,
}

/// A key whose value is a field, read and shown by two functions of [`value`].
macro_rules! key {
    ($path:literal, $reload:ident, $doc:literal, $read:expr, $show:expr, $($field:ident).+) => {
        Key {
            path: $path,
            doc: $doc,
            reload: Reload::$reload,
            set: |values, value| {
                values.$($field).+ = $read(value)?;
                Ok(())
            },
            show: |values| $show(&values.$($field).+),
        }
    };
}

mod switch;

/// All settings, in the order in which they are shown.
pub(super) fn all() -> impl Iterator<Item = &'static Key> {
    KEYS.iter().chain(switch::KEYS)
}

const KEYS: &[Key] = &[
    key!(
        "name",
        No,
        "The name that clients dial, without port. Behind a proxy, what people sign is bound to it.",
        name,
        show_text,
        name
    ),
    key!(
        "data",
        No,
        "Directory of boards, accounts, invitations and buckets; \"\" for none: then only boards, in memory.",
        path,
        show_path,
        data
    ),
    key!(
        "registration",
        Yes,
        "Who may make an account: \"pin\" (whoever has one from `entrenousd pins new`), \"open\" or\n\"closed\".",
        registration,
        show_registration,
        rules.admission
    ),
    key!(
        "listen",
        No,
        "Public addresses. Plain HTTP only on loopback, unless behind_proxy.\nThe reference client always asks 127.0.0.1:5000.",
        |v| value::list(v, parse, "addresses such as \"127.0.0.1:7447\""),
        show_list,
        listen
    ),
    key!(
        "admin",
        No,
        "Address of /healthz, /readyz and /metrics; loopback only; \"\" for none.",
        admin,
        show_optional,
        admin
    ),
    key!(
        "behind_proxy",
        No,
        "Speak plain HTTP on any address, because a proxy in front speaks TLS.",
        value::flag,
        show,
        behind_proxy
    ),
    key!(
        "trusted_proxies",
        Yes,
        "Proxies whose x-forwarded-for header is believed: addresses or ranges.\nWithout it everyone behind a proxy shares the limits of one source.",
        |v| value::list(v, network, "addresses or ranges such as \"10.0.0.0/8\""),
        show_list,
        settings.trusted_proxies
    ),
    key!(
        "drain",
        Yes,
        "How long requests may take to end after SIGTERM.",
        value::duration,
        value::show_duration,
        drain
    ),
    key!(
        "tls.cert",
        Yes,
        "Certificate chain in PEM, leaf first. The file is read again on SIGHUP.",
        path,
        show_path,
        cert
    ),
    key!(
        "tls.key",
        Yes,
        "Its private key in PEM.",
        path,
        show_path,
        key
    ),
    key!(
        "tls.acme.contact",
        Yes,
        "Instead of files: your mail address, such as \"admin@example.org\". With it the server gets a\ncertificate for its name from an authority (ACME, TLS-ALPN-01, which comes to port 443), renews it,\nand keeps both in data. It means that you agree to the authority's terms.",
        contact,
        show_optional,
        acme_contact
    ),
    key!(
        "tls.acme.directory",
        Yes,
        "The authority: the URL of its ACME directory.",
        directory,
        show_text,
        acme_directory
    ),
    key!(
        "tls.acme.roots",
        Yes,
        "Roots in PEM that the authority's own certificate is checked against; \"\" for the system's.",
        path,
        show_path,
        acme_roots
    ),
    key!(
        "log.format",
        No,
        "\"text\" or \"json\". Logs go to stderr and hold no addresses.",
        format,
        show_format,
        log_format
    ),
    key!(
        "log.level",
        No,
        "\"error\", \"warn\", \"info\", \"debug\" or \"trace\".",
        level,
        show_level,
        log_level
    ),
    key!(
        "limits.lifetime",
        Yes,
        "How long a record lives; at least \"1m\".",
        value::duration,
        value::show_duration,
        settings.limits.lifetime
    ),
    key!(
        "limits.board.records",
        Yes,
        "Records of one board, and their bytes.",
        value::number,
        show,
        settings.limits.board.records
    ),
    key!(
        "limits.board.size",
        Yes,
        "",
        value::size,
        value::show_size,
        settings.limits.board.bytes
    ),
    key!(
        "limits.board.shares",
        Yes,
        "The second half of a board is for sources that hold at most 1/32 of it, so that a\nfew cannot fill it. With 1 it is for anyone.",
        value::number,
        show,
        settings.limits.board_shares
    ),
    key!(
        "limits.source.records",
        Yes,
        "Records from one source (IPv4 address, IPv6 /64), and their bytes.",
        value::number,
        show,
        settings.limits.source.records
    ),
    key!(
        "limits.source.size",
        Yes,
        "",
        value::size,
        value::show_size,
        settings.limits.source.bytes
    ),
    key!(
        "limits.source.boards",
        Yes,
        "Boards that one source may open.",
        value::number,
        show,
        settings.limits.boards_of_source
    ),
    key!(
        "limits.server.records",
        Yes,
        "Records in all, and their bytes. Without `data` memory is these bytes and about 100 more per post, and per\nsource, and per board and source.",
        value::number,
        show,
        settings.limits.server.records
    ),
    key!(
        "limits.server.size",
        Yes,
        "",
        value::size,
        value::show_size,
        settings.limits.server.bytes
    ),
    key!(
        "limits.server.boards",
        Yes,
        "Boards in all.",
        value::number,
        show,
        settings.limits.boards
    ),
    key!(
        "limits.server.shares",
        Yes,
        "The same for the second half of these records, bytes and boards.",
        value::number,
        show,
        settings.limits.server_shares
    ),
    key!(
        "limits.body",
        Yes,
        "The longest body of a request.",
        value::size,
        value::show_size,
        settings.body
    ),
    key!(
        "limits.stalled",
        Yes,
        "How long a reader may stop in the middle of an answer; then it is cut.",
        value::duration,
        value::show_duration,
        settings.stalled
    ),
    key!(
        "limits.requests.per_second",
        Yes,
        "Requests of one source: per second, and at once.",
        value::number,
        show,
        settings.requests.per_second
    ),
    key!(
        "limits.requests.burst",
        Yes,
        "",
        value::number,
        show,
        settings.requests.burst
    ),
    key!(
        "limits.waiting.total",
        Yes,
        "Requests that wait for news: in all, and of one source.",
        value::number,
        show,
        settings.waiting.total
    ),
    key!(
        "limits.waiting.per_source",
        Yes,
        "",
        value::number,
        show,
        settings.waiting.per_source
    ),
    key!(
        "limits.registrations.per_second",
        Yes,
        "Attempts of one source to make an account: for ever, and at once after a silence.",
        value::positive,
        show,
        rules.registrations.per_second
    ),
    key!(
        "limits.registrations.burst",
        Yes,
        "",
        value::positive,
        show,
        rules.registrations.burst
    ),
    key!(
        "limits.connections.total",
        Yes,
        "Open connections: in all, and of one source.",
        value::number,
        show,
        settings.connections.total
    ),
    key!(
        "limits.connections.per_source",
        Yes,
        "",
        value::number,
        show,
        settings.connections.per_source
    ),
];

fn parse<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// A range of addresses, or one address.
fn network(text: &str) -> Option<IpNet> {
    parse(text).or_else(|| parse::<IpAddr>(text).map(IpNet::from))
}

fn show(value: &impl ToString) -> String {
    value.to_string()
}

fn show_list(items: &[impl ToString]) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|item| value::quoted(&item.to_string()))
        .collect();
    format!("[{}]", items.join(", "))
}

fn admin(value: &Value) -> Result<Option<SocketAddr>, Refused> {
    match value::text(value)? {
        "" => Ok(None),
        text => parse(text)
            .map(Some)
            .ok_or_else(|| format!("{text:?} is not an address such as \"127.0.0.1:7440\"")),
    }
}

fn show_optional(value: &Option<impl ToString>) -> String {
    value::quoted(&value.as_ref().map_or_else(String::new, ToString::to_string))
}

fn path(value: &Value) -> Result<Option<PathBuf>, Refused> {
    let text = value::text(value)?;
    Ok(Some(PathBuf::from(text)).filter(|_| !text.is_empty()))
}

fn show_path(path: &Option<PathBuf>) -> String {
    show_optional(&path.as_ref().map(|path| path.display().to_string()))
}

fn name(value: &Value) -> Result<String, Refused> {
    let name = value::text(value)?;
    let is_good = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase();
    match (1..=253).contains(&name.len()) && name.bytes().all(is_good) {
        true => Ok(name.to_owned()),
        false => Err(format!("{name:?} is not a host name in lower case")),
    }
}

fn contact(value: &Value) -> Result<Option<String>, Refused> {
    let text = value::text(value)?;
    let is_good = |byte: u8| byte.is_ascii_graphic() && byte != b',';
    match text.split_once('@') {
        _ if text.is_empty() => Ok(None),
        Some((who, place)) if !who.is_empty() && !place.is_empty() && text.bytes().all(is_good) => {
            Ok(Some(text.to_owned()))
        }
        _ => Err(format!(
            "{text:?} is not a mail address such as \"admin@example.org\""
        )),
    }
}

fn directory(value: &Value) -> Result<String, Refused> {
    let text = value::text(value)?;
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    match text.strip_prefix("https://") {
        Some(rest) if is_plain && !rest.is_empty() => Ok(text.to_owned()),
        _ => Err(format!("{text:?} is not an https URL")),
    }
}

fn show_text(text: &str) -> String {
    value::quoted(text)
}

fn registration(value: &Value) -> Result<Admission, Refused> {
    match value::text(value)? {
        "pin" => Ok(Admission::Pin),
        "open" => Ok(Admission::Open),
        "closed" => Ok(Admission::Closed),
        other => Err(format!(
            "{other:?} is neither \"pin\" nor \"open\" nor \"closed\""
        )),
    }
}

fn show_registration(admission: &Admission) -> String {
    match admission {
        Admission::Pin => "\"pin\"".into(),
        Admission::Open => "\"open\"".into(),
        Admission::Closed => "\"closed\"".into(),
    }
}

fn format(value: &Value) -> Result<LogFormat, Refused> {
    match value::text(value)? {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        other => Err(format!("{other:?} is neither \"text\" nor \"json\"")),
    }
}

fn show_format(format: &LogFormat) -> String {
    match format {
        LogFormat::Text => "\"text\"".into(),
        LogFormat::Json => "\"json\"".into(),
    }
}

fn level(value: &Value) -> Result<Level, Refused> {
    let text = value::text(value)?;
    parse(text).ok_or_else(|| format!("{text:?} is not a level such as \"info\""))
}

fn show_level(level: &Level) -> String {
    format!("{:?}", level.as_str().to_ascii_lowercase())
}
