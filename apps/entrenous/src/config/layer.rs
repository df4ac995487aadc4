use std::ffi::OsString;
use std::path::{Path, PathBuf};

use net::board::Proxy;
use rendezvous::bucket::Host;
use toml::{Table, Value};

use super::{Given, Profile, host};
use crate::failure::Failure;

/// What one source sets. An inner `None` says that there is none, whatever the next source says.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    pub(super) rendezvous: Option<Vec<Host>>,
    pub(super) home: Option<Option<Host>>,
    pub(super) proxy: Option<Option<Proxy>>,
    pub(super) ca_file: Option<Option<PathBuf>>,
    pub(super) keyring: Option<bool>,
}

/// What is wrong with a file.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) text: String,
    pub(super) hint: Option<String>,
}

impl Wrong {
    fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { text, hint: None }
    }
}

impl Layer {
    pub(super) fn of_flags(given: &Given) -> Self {
        let given = given.clone();
        Self {
            rendezvous: Some(given.rendezvous).filter(|hosts| !hosts.is_empty()),
            home: given.home.map(Some),
            proxy: given.proxy.map(Some),
            ca_file: given.ca_file.map(Some),
            // Its flag is one of those that open a profile, which are not settings.
            keyring: None,
        }
    }

    /// `env` gives the value of a variable that is set and not empty.
    pub(super) fn of_environment(env: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, Failure> {
        let mut layer = Self::default();
        for key in KEYS {
            let variable = format!("ENTRENOUS_{}", key.to_ascii_uppercase());
            let Some(value) = env(&variable) else {
                continue;
            };
            // A path need not be text; nothing else is set by what is none.
            if *key == "ca_file" {
                layer.ca_file = Some(Some(value.into()));
                continue;
            }
            let text = value.to_string_lossy();
            let value = match *key {
                "rendezvous" => {
                    Value::Array(text.split(',').map(|host| host.trim().into()).collect())
                }
                "keyring" => switch(&text),
                _ => Value::from(&*text),
            };
            let set = layer.set(key, &value, Path::new(""));
            set.map_err(|why| Failure::input(format!("{variable}: {why}")))?;
        }
        Ok(layer)
    }

    /// What the file sets for everyone, and for `profile`. Paths in it begin at `folder`.
    pub(super) fn of_file(
        text: &str,
        profile: &Profile,
        folder: &Path,
    ) -> Result<(Self, Self), Wrong> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error.span().map_or(1, |span| {
                let before = text.get(..span.start).unwrap_or_default();
                before.matches('\n').count().saturating_add(1)
            });
            // Only what is expected: the line itself may hold a password.
            Wrong::new(format!("line {line}: {}", error.message()))
        })?;
        let (mut file, mut section) = (Self::default(), Self::default());
        for (key, value) in &table {
            match key.as_str() {
                PROFILES => section = sections(value, profile, folder)?,
                _ => file.take("", key, value, folder)?,
            }
        }
        Ok((file, section))
    }

    fn take(&mut self, above: &str, key: &str, value: &Value, folder: &Path) -> Result<(), Wrong> {
        if !KEYS.contains(&key) {
            return Err(unknown(above, key));
        }
        let set = self.set(key, value, folder);
        set.map_err(|why| Wrong::new(format!("{above}{key}: {why}")))
    }

    /// Sets `key`, which is one of [`KEYS`].
    fn set(&mut self, key: &str, value: &Value, folder: &Path) -> Result<(), String> {
        match key {
            "rendezvous" => self.rendezvous = Some(hosts(value)?),
            "home" => self.home = Some(optional(value, host)?),
            "proxy" => {
                let parse = |text: &str| text.parse::<Proxy>().map_err(|error| error.to_string());
                self.proxy = Some(optional(value, parse)?);
            }
            "keyring" => self.keyring = Some(yes_or_no(value)?),
            _ => self.ca_file = Some(optional(value, |text| Ok(folder.join(text)))?),
        }
        Ok(())
    }
}

/// What the sections of all profiles set, of which only that of `profile` counts.
fn sections(value: &Value, profile: &Profile, folder: &Path) -> Result<Layer, Wrong> {
    let sections = value
        .as_table()
        .ok_or_else(|| Wrong::new("profiles: expected sections such as [profiles.work]"))?;
    let mut chosen = Layer::default();
    for (name, section) in sections {
        let name: Profile = name
            .parse()
            .map_err(|why| Wrong::new(format!("profiles: {why}")))?;
        let above = format!("{PROFILES}.{name}");
        let section = section
            .as_table()
            .ok_or_else(|| Wrong::new(format!("{above}: expected a section [{above}]")))?;
        let mut layer = Layer::default();
        for (key, value) in section {
            layer.take(&format!("{above}."), key, value, folder)?;
        }
        if name == *profile {
            chosen = layer;
        }
    }
    Ok(chosen)
}

fn text(value: &Value) -> Result<&str, String> {
    value
        .as_str()
        .ok_or_else(|| "expected a text in quotes".to_owned())
}

fn yes_or_no(value: &Value) -> Result<bool, String> {
    value
        .as_bool()
        .ok_or_else(|| "expected true or false".to_owned())
}

/// What a variable says that has to be true or false.
fn switch(text: &str) -> Value {
    match text {
        "1" | "true" => Value::from(true),
        "0" | "false" => Value::from(false),
        other => Value::from(other),
    }
}

/// An empty text is none.
fn optional<T>(
    value: &Value,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    match text(value)? {
        "" => Ok(None),
        text => parse(text).map(Some),
    }
}

fn hosts(value: &Value) -> Result<Vec<Host>, String> {
    let list = value
        .as_array()
        .ok_or_else(|| "expected a list of servers such as [\"host:7447\"]".to_owned())?;
    let each = |value: &Value| {
        let text = text(value)?;
        host(text).map_err(|why| format!("{text:?}: {why}"))
    };
    list.iter().map(each).collect()
}

/// An unknown key, with the most similar one we know.
fn unknown(above: &str, key: &str) -> Wrong {
    let known = KEYS.iter().chain(above.is_empty().then_some(&PROFILES));
    let similar = |known: &&&str| strsim::jaro_winkler(key, known);
    let best = known.max_by(|a, b| similar(a).total_cmp(&similar(b)));
    let best = best.filter(|best| similar(best) > 0.7);
    Wrong {
        text: format!("unknown setting {above}{}", key.escape_debug()),
        hint: best.map(|best| format!("did you mean {above}{best}?")),
    }
}

pub(super) const KEYS: &[&str] = &["rendezvous", "home", "proxy", "ca_file", "keyring"];
const PROFILES: &str = "profiles";
