//! Settings: flags, then the environment, then the profile's section, then the file, then defaults.

mod layer;
mod places;
mod profile;
mod proxy;

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use net::Proxy;
use net::Root;
use rendezvous::bucket::Host;

use crate::args::Global;
use crate::failure::Failure;
use layer::{Layer, Wrong};
pub(crate) use places::Places;
pub(crate) use profile::Profile;
pub(crate) use proxy::{Unrepeated, shown as shown_proxy};

/// What is set, and by whom. Everything is there, whether somebody set it or not.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Whose data is used.
    pub(crate) profile: Setting<Profile>,
    /// Servers where invitations lie; at most 8 are of use for one.
    pub(crate) rendezvous: Setting<Vec<Host>>,
    /// The server that a new account is made at.
    pub(crate) home: Setting<Option<Host>>,
    /// What every connection to a server goes through.
    pub(crate) proxy: Setting<Option<Proxy>>,
    /// A PEM file of certificates that are trusted besides the system's.
    pub(crate) ca_file: Setting<Option<PathBuf>>,
    /// Whether the keyring opens the profile, if no flag says what does.
    pub(crate) keyring: Setting<bool>,
    /// Where things are.
    pub(crate) places: Places,
}

/// A value, and who said so.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) from: Origin,
}

/// Who said so; who comes first wins.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Origin {
    Flag,
    Environment,
    Profile,
    File,
    Default,
}

/// What looks a variable of the environment up.
type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Settings as flags of a command.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Given {
    /// A server where invitations lie; repeat for more
    #[arg(long, global = true, value_name = "HOST:PORT", value_parser = host)]
    #[arg(hide_short_help = true)]
    rendezvous: Vec<Host>,
    /// The server that a new account is made at
    #[arg(long, global = true, value_name = "HOST:PORT", value_parser = host, hide_short_help = true)]
    home: Option<Host>,
    /// Reach servers through a SOCKS5 proxy, such as Tor
    #[arg(long, global = true, value_name = "socks5://HOST:PORT", value_parser = Unrepeated)]
    #[arg(hide_short_help = true)]
    proxy: Option<Proxy>,
    /// Trust the certificates in this PEM file too
    #[arg(long, global = true, value_name = "PATH", hide_short_help = true)]
    ca_file: Option<PathBuf>,
}

/// The path of the file of settings, whether it is there or not.
pub(crate) fn file(global: &Global) -> Result<PathBuf, Failure> {
    let profile = Profile::choose(global.profile.as_ref(), &variable)?;
    Ok(Places::find(&profile.value)?.config)
}

impl Settings {
    /// Puts together what is set for this run of the program.
    ///
    /// # Errors
    ///
    /// The file or the environment has something that is no setting, or there is no home directory.
    pub(crate) fn load(global: &Global, given: &Given) -> Result<Self, Failure> {
        let profile = Profile::choose(global.profile.as_ref(), &variable)?;
        let places = Places::find(&profile.value)?;
        let file = read(&places.config)?.unwrap_or_default();
        Self::resolve(profile, places, &file, (given, &variable))
    }

    /// The same from parts. `env` looks a variable up.
    fn resolve(
        profile: Setting<Profile>,
        places: Places,
        file: &str,
        (given, env): (&Given, Lookup<'_>),
    ) -> Result<Self, Failure> {
        let name = places.config.display().to_string();
        let in_file = |wrong: Wrong| {
            let failure = Failure::input(format!("{name}: {}", wrong.text));
            let hint = wrong.hint.unwrap_or_else(|| KNOWN.to_owned());
            failure.hint(hint)
        };
        let folder = places.config.parent().unwrap_or_else(|| Path::new("."));
        let (file, section) = Layer::of_file(file, &profile.value, folder).map_err(in_file)?;
        let environment = Layer::of_environment(env)?;
        let layers = [
            (Origin::Flag, Layer::of_flags(given)),
            (Origin::Environment, environment),
            (Origin::Profile, section),
            (Origin::File, file),
        ];
        Ok(Self {
            profile,
            rendezvous: first(&layers, |layer| &layer.rendezvous),
            home: first(&layers, |layer| &layer.home),
            proxy: first(&layers, |layer| &layer.proxy),
            ca_file: first(&layers, |layer| &layer.ca_file),
            keyring: first(&layers, |layer| &layer.keyring),
            places,
        })
    }

    /// The certificates of [`ca_file`](Self::ca_file), if it is set.
    ///
    /// # Errors
    ///
    /// It cannot be read, or holds none.
    pub(crate) fn roots(&self) -> Result<Vec<Root>, Failure> {
        let Some(path) = &self.ca_file.value else {
            return Ok(Vec::new());
        };
        let refused = |why: &dyn std::fmt::Display| {
            let place = path.display();
            Failure::input(format!("cannot use the certificates in {place}: {why}"))
                .hint("`entrenous config show` says where `ca_file` is set")
        };
        let bytes = std::fs::read(path).map_err(|error| refused(&error.kind()))?;
        net::read_roots(&bytes).map_err(|error| refused(&error))
    }
}

/// The value of the first layer that has one.
fn first<T: Clone + Default>(
    layers: &[(Origin, Layer)],
    value: fn(&Layer) -> &Option<T>,
) -> Setting<T> {
    let set = layers.iter().find_map(|(from, layer)| {
        let value = value(layer).clone()?;
        Some(Setting { value, from: *from })
    });
    set.unwrap_or_else(|| Setting {
        value: T::default(),
        from: Origin::Default,
    })
}

impl Origin {
    /// As people and programs read it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::Profile => "profile",
            Self::File => "file",
            Self::Default => "default",
        }
    }
}

/// A variable that is set, and not empty.
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// A server as people type it: a port is not needed.
pub(crate) fn host(text: &str) -> Result<Host, String> {
    Host::typed(text).map_err(|error| error.to_string())
}

/// The text of the file; `None` if there is none.
fn read(path: &Path) -> Result<Option<String>, Failure> {
    let refused = |why: &str| {
        let place = path.display();
        Failure::input(format!("{place}: {why}"))
    };
    let file = match std::fs::File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refused(&error.kind().to_string())),
        Ok(file) => file,
    };
    let mut text = String::new();
    match file
        .take(FILE_MAX.saturating_add(1))
        .read_to_string(&mut text)
    {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(refused("not a text file")),
        Err(error) => Err(refused(&error.kind().to_string())),
        Ok(_) if u64::try_from(text.len()).is_ok_and(|length| length > FILE_MAX) => Err(refused(
            &format!("longer than {FILE_MAX} bytes, so it is another file"),
        )),
        Ok(_) => Ok(Some(text)),
    }
}

/// More than anybody sets.
const FILE_MAX: u64 = 65_536;
/// The settings there are, as a hint.
const KNOWN: &str =
    "settings are rendezvous, home, proxy, ca_file and keyring, also in [profiles.NAME]";

#[cfg(test)]
mod tests;
