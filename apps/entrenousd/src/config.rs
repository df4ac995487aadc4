//! The configuration: one TOML file, every key in one table ([`keys`]).

mod keys;
mod value;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use host::http::{Acme, Certificate, Config, Settings, TlsFiles};
use host::respond::Rules;
use host::{broker, relay};
use kernel::Kind;
use primitives::sha256;
use tracing::Level;

use crate::failure::Failure;
use keys::{Key, Reload};
pub(crate) use value::{duration_text, quoted as toml_text};

/// All settings of a server.
#[derive(Clone, Debug)]
pub(crate) struct Values {
    pub(crate) name: String,
    pub(crate) data: Option<PathBuf>,
    pub(crate) rules: Rules,
    pub(crate) listen: Vec<SocketAddr>,
    pub(crate) admin: Option<SocketAddr>,
    pub(crate) behind_proxy: bool,
    pub(crate) drain: Duration,
    pub(crate) cert: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
    /// Mail address for an authority; with one, the certificate comes from there.
    pub(crate) acme_contact: Option<String>,
    pub(crate) acme_directory: String,
    pub(crate) acme_roots: Option<PathBuf>,
    pub(crate) log_format: LogFormat,
    pub(crate) log_level: Level,
    pub(crate) settings: Settings,
    pub(crate) relay: relay::Config,
    pub(crate) broker: broker::Config,
    /// Paths of the keys that the file sets.
    set: BTreeSet<&'static str>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Origin {
    Default,
    File,
}

impl Default for Values {
    fn default() -> Self {
        let config = Config::default();
        Self {
            name: "localhost".into(),
            data: None,
            rules: Rules::default(),
            listen: config.listen,
            admin: Some(SocketAddr::from(([127, 0, 0, 1], 7440))),
            behind_proxy: config.behind_proxy,
            drain: Duration::from_secs(30),
            cert: None,
            key: None,
            acme_contact: None,
            acme_directory: "https://acme-v02.api.letsencrypt.org/directory".into(),
            acme_roots: None,
            log_format: LogFormat::Text,
            log_level: Level::INFO,
            settings: config.settings,
            relay: config.relay,
            broker: config.broker,
            set: BTreeSet::new(),
        }
    }
}

impl Values {
    /// Reads a file, or takes the defaults if there is none.
    pub(crate) fn load(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let name = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| {
            let why = match error.kind() {
                std::io::ErrorKind::NotFound => "no such file".into(),
                std::io::ErrorKind::InvalidData => "not a text file".into(),
                kind => kind.to_string(),
            };
            let failure = Failure::new(Kind::BadInput, format!("{name}: {why}"));
            failure.hint("write one with `entrenousd config example > FILE`")
        })?;
        Self::parse(&text).map_err(|wrong| {
            let failure = Failure::new(Kind::BadInput, format!("{name}: {}", wrong.text));
            match wrong.hint {
                Some(hint) => failure.hint(hint),
                None => failure.hint("`entrenousd config example` explains every setting"),
            }
        })
    }

    /// Takes the values of a TOML text over the defaults.
    fn parse(text: &str) -> Result<Self, Wrong> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error.span().map_or(1, |span| {
                let before = text.get(..span.start).unwrap_or_default();
                before.matches('\n').count().saturating_add(1)
            });
            Wrong::new(format!("line {line}: {}", error.message()))
        })?;
        let mut values = Self::default();
        values.take(&table, "")?;
        values.check_certificate()?;
        Ok(values)
    }

    /// Whether it is clear where the certificate comes from.
    fn check_certificate(&self) -> Result<(), Wrong> {
        if self.cert.is_some() != self.key.is_some() {
            return Err(Wrong::new("tls.cert and tls.key need each other"));
        }
        if self.acme_contact.is_none() {
            return Ok(());
        }
        if self.cert.is_some() {
            let text = "tls.cert and tls.acme are two sources of a certificate";
            return Err(Wrong::hinted(text, "keep one of them"));
        }
        if self.data.is_none() {
            let text = "tls.acme needs data, the directory where it keeps the certificate";
            return Err(Wrong::hinted(text, "set `data = \"/var/lib/entrenous\"`"));
        }
        if !is_dns(&self.name) {
            let text = format!("tls.acme needs a DNS name, and name is {:?}", self.name);
            return Err(Wrong::hinted(text, "set `name = \"relay.example.org\"`"));
        }
        Ok(())
    }

    /// Takes every value in `table`, whose path is `above`.
    fn take(&mut self, table: &toml::Table, above: &str) -> Result<(), Wrong> {
        for (name, value) in table {
            let path = match above {
                "" => name.clone(),
                _ => format!("{above}.{name}"),
            };
            if let Some(key) = keys::all().find(|key| key.path == path) {
                let refused = |text| Wrong::new(format!("{path}: {text}"));
                (key.set)(self, value).map_err(refused)?;
                self.set.insert(key.path);
                continue;
            }
            let is_group = keys::all().any(|key| is_below(key.path, &path));
            match value {
                toml::Value::Table(inner) if is_group => self.take(inner, &path)?,
                _ => return Err(unknown(&path)),
            }
        }
        Ok(())
    }

    /// Every key with its value, as TOML, and where that comes from.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, String, Origin)> {
        keys::all().map(|key| {
            let origin = match self.set.contains(key.path) {
                true => Origin::File,
                false => Origin::Default,
            };
            (key.path, (key.show)(self), origin)
        })
    }

    /// A number that is the same for the same settings: 32 bits of a hash of them all.
    pub(crate) fn hash(&self) -> u32 {
        let lines: String = self
            .all()
            .map(|(key, value, _)| format!("{key} = {value}\n"))
            .collect();
        let [a, b, c, d, ..] = sha256(&[lines.as_bytes()]);
        u32::from_be_bytes([a, b, c, d])
    }

    /// The keys that differ from `old` but only count at the start.
    pub(crate) fn need_restart(&self, old: &Self) -> impl Iterator<Item = &'static str> {
        let differs = |key: &&Key| (key.show)(self) != (key.show)(old);
        let fixed = keys::all().filter(|key| key.reload == Reload::No);
        fixed.filter(differs).map(|key| key.path)
    }

    /// What the server runs.
    pub(crate) fn server(&self) -> Config {
        let mut config = Config::default();
        config.listen.clone_from(&self.listen);
        config.admin = self.admin;
        config.behind_proxy = self.behind_proxy;
        config.control = self.control();
        config.settings = self.settings.clone();
        config.relay = self.relay.clone();
        config.broker = self.broker.clone();
        config.tls = self.certificate();
        config
    }

    fn certificate(&self) -> Option<Certificate> {
        if let Some((cert, key)) = self.cert.clone().zip(self.key.clone()) {
            return Some(Certificate::Files(TlsFiles { cert, key }));
        }
        let (contact, data) = self.acme_contact.clone().zip(self.data.as_ref())?;
        Some(Certificate::Acme(Acme {
            name: self.name.clone(),
            contact,
            directory: self.acme_directory.clone(),
            roots: self.acme_roots.clone(),
            cache: data.join("acme"),
        }))
    }

    /// The directory of the owner's socket, if anything is kept.
    pub(crate) fn control(&self) -> Option<PathBuf> {
        self.data.as_ref().map(|data| data.join("control"))
    }

    /// The directory of the journal, if anything is kept.
    pub(crate) fn store(&self) -> Option<PathBuf> {
        self.data.as_ref().map(|data| data.join("store"))
    }

    /// [`parse`](Self::parse) of a text that has no file yet.
    pub(crate) fn parse_text(text: &str) -> Result<Self, Failure> {
        Self::parse(text).map_err(|wrong| Failure::new(Kind::BadInput, wrong.text))
    }

    /// The address of a listener as people type it.
    pub(crate) fn url(&self, address: SocketAddr) -> String {
        format!("{}://{address}", self.url_scheme())
    }

    /// What the public listeners speak.
    pub(crate) fn url_scheme(&self) -> &'static str {
        match self.certificate() {
            Some(_) => "https",
            None => "http",
        }
    }
}

/// What `text`, a whole configuration file that anybody may have written, makes of every setting,
/// as TOML: one line each.
///
/// # Errors
///
/// What is wrong with it, for a person.
pub fn settle(text: &str) -> Result<String, String> {
    let values = Values::parse(text).map_err(|wrong| wrong.text)?;
    let lines = values
        .all()
        .map(|(key, value, _)| format!("{key} = {value}\n"));
    Ok(lines.collect())
}

/// What is wrong with a file.
#[derive(Debug)]
struct Wrong {
    text: String,
    hint: Option<String>,
}

impl Wrong {
    fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            hint: None,
        }
    }

    fn hinted(text: impl Into<String>, hint: &str) -> Self {
        Self {
            text: text.into(),
            hint: Some(hint.into()),
        }
    }
}

/// Whether an authority can certify the name: letters, digits and hyphens between dots, and a last
/// label that is no number.
fn is_dns(name: &str) -> bool {
    let is_good = |label: &str| {
        let is_word = label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-');
        is_word
            && (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_number = |label: &str| label.bytes().all(|b| b.is_ascii_digit());
    let last = name.rsplit('.').next().unwrap_or_default();
    name.contains('.') && name.split('.').all(is_good) && !is_number(last)
}

fn is_below(path: &str, group: &str) -> bool {
    path.strip_prefix(group)
        .is_some_and(|rest| rest.starts_with('.'))
}

/// An unknown key, with the most similar one we know.
fn unknown(path: &str) -> Wrong {
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let similar = |key: &Key| {
        let whole = strsim::jaro_winkler(path, key.path);
        whole.max(strsim::jaro_winkler(&last(path), &last(key.path)) - 0.05)
    };
    // The first of those that are as similar.
    let best = keys::all().reduce(|best, key| match similar(key) > similar(best) {
        true => key,
        false => best,
    });
    let hint = best.filter(|key| similar(key) > 0.7);
    Wrong {
        text: format!("unknown setting {path}"),
        hint: hint.map(|key| format!("did you mean {}?", key.path)),
    }
}

/// The documented file: every key with its default.
pub(crate) fn example() -> String {
    let defaults = Values::default();
    let mut text = String::from(
        "# Configuration of entrenousd. Every setting is here with its default; keep only what you\n\
         # change. \"reload: yes\" counts after SIGHUP, \"reload: no\" takes a restart.\n",
    );
    let mut group = "";
    for key in keys::all() {
        let (here, name) = key.path.split_once('.').unwrap_or(("", key.path));
        if here != group {
            text.push_str(&format!("\n[{here}]\n"));
            group = here;
        }
        text.push('\n');
        for line in key.doc.lines() {
            text.push_str(&format!("# {line}\n"));
        }
        let reload = match key.reload {
            Reload::Yes => "yes",
            Reload::No => "no",
        };
        let value = (key.show)(&defaults);
        text.push_str(&format!("{name} = {value}  # reload: {reload}\n"));
    }
    text
}

#[cfg(test)]
mod tests;
