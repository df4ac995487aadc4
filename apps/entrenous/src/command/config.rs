use std::collections::BTreeMap;
use std::path::Path;

use clap::{Args, Subcommand};
use toml::Value;

use crate::args::{Global, TEMPLATE};
use crate::config::{Given, Origin, Settings, shown_proxy};
use crate::event::{ConfigPath, ConfigShown, Set};
use crate::failure::Failure;
use crate::ui::Ui;

/// Show settings, and where they come from
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_long_help = EXAMPLES,
    after_long_help = NOTES,
    disable_help_subcommand = true
)]
pub(crate) struct Config {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print each setting as TOML, and who said so
    #[command(help_template = TEMPLATE, before_long_help = SHOW_EXAMPLES)]
    Show {
        #[command(flatten)]
        #[command(next_help_heading = "Settings")]
        given: Given,
    },
    /// Print the path of the file
    #[command(help_template = TEMPLATE, before_long_help = PATH_EXAMPLES)]
    Path,
}

impl Config {
    pub(crate) fn run(&self, global: &Global, ui: &mut Ui) -> Result<(), Failure> {
        match &self.what {
            What::Show { given } => show(&Settings::load(global, given)?, ui),
            What::Path => path(global, ui),
        }
    }
}

fn show(settings: &Settings, ui: &mut Ui) -> Result<(), Failure> {
    let all = all(settings);
    let places = &settings.places;
    let mut text = String::new();
    for (key, value, from) in &all {
        text.push_str(&format!("{key} = {value}  # {}\n", from.name()));
    }
    let socket = places.socket.as_deref();
    let rows = [
        ("config", Some(&*places.config)),
        ("data", Some(&*places.data)),
        ("state", Some(&*places.state)),
        ("socket", socket),
    ];
    text.push_str("\n# places\n");
    for (name, path) in rows {
        text.push_str(&format!("# {name:<7} {}\n", place(path)));
    }
    let set = |(key, value, from): &(&'static str, String, Origin)| {
        let (value, from) = (value.clone(), from.name());
        (*key, Set { value, from })
    };
    let event = ConfigShown {
        settings: all.iter().map(set).collect::<BTreeMap<_, _>>(),
        config: &places.config,
        data: &places.data,
        state: &places.state,
        socket,
    };
    ui.show(&text, &event)
}

fn path(global: &Global, ui: &mut Ui) -> Result<(), Failure> {
    let file = crate::config::file(global)?;
    let event = ConfigPath {
        file: &file,
        exists: file.exists(),
    };
    ui.show(&format!("{}\n", file.display()), &event)
}

/// Every setting as TOML.
fn all(settings: &Settings) -> [(&'static str, String, Origin); 6] {
    let text = |text: Option<String>| Value::from(text.unwrap_or_default()).to_string();
    let Settings {
        profile,
        rendezvous,
        home,
        proxy,
        ca_file,
        keyring,
        ..
    } = settings;
    let hosts = rendezvous.value.iter().map(|host| host.as_str().into());
    let hosts = Value::Array(hosts.collect()).to_string();
    let (at, through) = (home.value.as_ref(), proxy.value.as_ref());
    let file = ca_file.value.as_ref().map(|path| path.display());
    [
        (
            "profile",
            text(Some(profile.value.to_string())),
            profile.from,
        ),
        ("rendezvous", hosts, rendezvous.from),
        ("home", text(at.map(ToString::to_string)), home.from),
        ("proxy", text(through.map(shown_proxy)), proxy.from),
        (
            "ca_file",
            text(file.map(|path| path.to_string())),
            ca_file.from,
        ),
        (
            "keyring",
            Value::from(keyring.value).to_string(),
            keyring.from,
        ),
    ]
}

fn place(path: Option<&Path>) -> String {
    match path {
        Some(path) => path.display().to_string(),
        None => "none on this system".to_owned(),
    }
}

const EXAMPLES: &str = "\
Examples:
  entrenous config show                      what is set, and by whom
  $EDITOR \"$(entrenous config path)\"         change it
  entrenous --profile work config show       for another profile";

const SHOW_EXAMPLES: &str = "\
Examples:
  entrenous config show
  entrenous config show --profile work
  ENTRENOUS_HOME=home.example entrenous config show --json";

const PATH_EXAMPLES: &str = "\
Examples:
  $EDITOR \"$(entrenous config path)\"";

const NOTES: &str = "\
Who comes first wins: a flag, the environment, the profile's section, the file,
the default. All of it is optional:

  rendezvous = [\"meet.example.org\", \"meet.example.net:7447\"]
  home = \"home.example.org\"            # ENTRENOUS_HOME, --home
  proxy = \"socks5://127.0.0.1:9050\"
  ca_file = \"my-own-ca.pem\"            # from the folder of the file
  keyring = true                       # ENTRENOUS_KEYRING=1, --keyring

  [profiles.work]                      # with --profile work
  home = \"chat.example.com\"";
