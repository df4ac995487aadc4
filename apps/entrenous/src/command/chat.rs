mod bridge;
mod files;
mod pages;
mod people;
mod talks;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use node::Node;
use node::call::{Admit, CallError, Calls, FileError, FileId, Place, Speaker, Talk, Told};
use tokio::sync::mpsc;

use super::attend::Attend;
use super::call::no_stdin;
use super::listen::{not_here, tell_places};
use super::place::{Where, link};
use super::talk::{Inbox, Takes, tell_own};
use crate::args::{Global, TEMPLATE};
use crate::chat::{
    Address, CallNumber, FileNumber, Happened, Notify, PersonKey, Screen, Settings, Wires, run,
};
use crate::config::Given;
use crate::downloads;
use crate::failure::{Failure, failed};
use crate::profile::{Opened, Opening};
use crate::stop::Stop;
use crate::ui::Ui;
use bridge::Bridge;

/// People, conversations and calls on one screen
#[derive(Args, Debug)]
#[command(help_template = TEMPLATE, before_long_help = EXAMPLES, after_long_help = NOTES)]
pub(crate) struct Chat {
    #[command(flatten)]
    at: Where,
    /// Take no calls; call others
    #[arg(long, hide_short_help = true)]
    #[arg(conflicts_with_all = ["tcp", "udp", "quic", "open_port", "broker", "relay", "new_link"])]
    no_listen: bool,
    /// Take those you know without asking
    #[arg(long)]
    accept_known: bool,
    #[command(flatten)]
    inbox: Inbox,
    /// How to tell that something came: no, bell or desktop
    #[arg(long, value_name = "HOW", default_value = "no", hide_short_help = true)]
    #[arg(hide_possible_values = true)]
    notify: How,
    /// Draw with ASCII only
    #[arg(long, hide_short_help = true)]
    ascii: bool,
    /// Line by line, for pipes and screen readers
    #[arg(long)]
    plain: bool,
    #[command(flatten)]
    opening: Opening,
}

/// A choice of `--notify`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum How {
    /// Not at all
    No,
    /// By the bell of the terminal
    Bell,
    /// By a notification of the desktop, where the terminal passes it on
    Desktop,
}

/// What tasks beside the bridge have to say to it.
#[derive(Debug)]
enum News {
    Told(CallNumber, Box<Told>),
    Dialled(CallNumber, Result<Talk, CallError>),
    Offered {
        to: PersonKey,
        path: PathBuf,
        offered: Result<FileId, FileError>,
    },
    NotAccepted {
        file: FileNumber,
        error: FileError,
    },
    Tell(Happened),
}

impl Chat {
    pub(crate) async fn run(
        &self,
        global: &Global,
        ui: &mut Ui,
        mut stop: Stop,
    ) -> Result<(), Failure> {
        let stop = &mut stop;
        if !self.plain && (ui.is_json() || !ui.can_ask() || ui.canvas().size.is_none()) {
            return Err(no_screen(ui));
        }
        if self.opening.takes_stdin() {
            return Err(no_stdin());
        }
        let given = Given::default();
        let Opened { node, .. } = self.opening.open(global, &given, ui, stop).await?;
        let password = self.at.password(stop).await?;
        let (mut calls, is_moved) = match self.no_listen {
            true => (None, false),
            false => {
                let (calls, is_moved) = self.listen(&node, password.clone()).await?;
                (Some(calls), is_moved)
            }
        };
        if self.plain {
            if let Some(calls) = &calls {
                tell_places(&node, calls.places(), ui).await?;
            }
            tell_own(&node, ui).await;
            let attend = Attend {
                once: false,
                inbox: self.inbox.files.clone(),
                takes: Takes::Asked,
                dials: Some(self.at.known_relay(password.as_ref())),
            };
            let held = attend.hold_all(&node, calls.as_mut(), ui, stop).await;
            if let Some(calls) = calls {
                calls.close().await;
            }
            let closed = node.close().await;
            held?;
            return closed.map_err(|error| failed(&error, error.kind()));
        }
        let address = address(&node, calls.as_ref()).await;
        let given = bridge::Given {
            calls,
            address,
            relay: self.at.known_relay(password.as_ref()),
        };
        let (tell, happened) = mpsc::channel(WIRES);
        let (actions, wanted) = mpsc::channel(WIRES);
        let bridge = Bridge::new(node, given, tell.clone()).await?;
        if is_moved {
            let text = "another program takes calls at port 7448: yours is another (/address)";
            drop(tell.send(Happened::Notice(text.to_owned())).await);
        }
        drop(tell);
        let bridge = tokio::spawn(bridge.run(wanted));
        let screen = Screen::new(self.settings(ui)).with_folder(self.folder());
        let wires = Wires { happened, actions };
        let shown = run(screen, wires, stop).await;
        ui.wait(format_args!("ending the calls (7 s at most)"));
        let ended = bridge.await;
        ui.waited();
        shown?;
        match ended {
            Ok(ended) => ended,
            Err(_) => Err(Failure::new(
                kernel::Kind::Bug,
                "a part of the program failed; what it said is above",
            )),
        }
    }

    const fn admit(&self) -> Admit {
        match self.accept_known {
            true => Admit::Known,
            false => Admit::Nobody,
        }
    }

    /// Waits for calls; if nobody said where and the usual port is taken, at a free one.
    async fn listen(
        &self,
        node: &Node,
        password: Option<node::call::Password>,
    ) -> Result<(Calls, bool), Failure> {
        let (places, is_asked_for) = self.at.places(password);
        let free = places.clone().at_free_ports();
        match node.listen(places, self.admit()).await {
            Ok(calls) => Ok((calls, false)),
            Err(error) if is_asked_for => Err(not_here(&error)),
            Err(_) => {
                let calls = node.listen(free, self.admit()).await;
                Ok((calls.map_err(|error| not_here(&error))?, true))
            }
        }
    }

    fn settings(&self, ui: &Ui) -> Settings {
        let mut settings = Settings::new(Speaker::MOST);
        settings.color = ui.canvas().color;
        settings.ascii = self.ascii || !is_unicode();
        settings.notify = match self.notify {
            How::No => Notify::No,
            How::Bell => Notify::Bell,
            How::Desktop => Notify::Desktop,
        };
        settings.offset_s = offset_s;
        settings
    }

    /// Where files go if nobody says otherwise, as it is typed.
    fn folder(&self) -> String {
        let folder = self.inbox.files.clone().unwrap_or_else(downloads::folder);
        let below =
            downloads::home().and_then(|home| folder.strip_prefix(home).map(Path::to_owned).ok());
        match below {
            Some(below) => format!("~/{}", below.display()),
            None => folder.display().to_string(),
        }
    }
}

/// Where the owner can be called. A server is found from everywhere, and comes first.
async fn address(node: &Node, calls: Option<&Calls>) -> Option<(Address, bool)> {
    let own = node.fingerprint_in_calls().await;
    let places = calls?.places();
    let mut links = places
        .iter()
        .rev()
        .filter_map(|place| Some((link(place, &own)?, matches!(place, Place::Server(_)))));
    let (link, is_server) = links.next()?;
    let address = Address {
        link: link.to_string(),
        fingerprint: bridge::shown(&own),
    };
    Some((address, is_server))
}

fn no_screen(ui: &Ui) -> Failure {
    match ui.is_json() {
        true => Failure::usage("a screen has no JSON")
            .hint("for a program: `entrenous daemon`, or `entrenous chat --plain --json`"),
        false => Failure::usage("this is no terminal that a screen can be drawn on")
            .hint("`entrenous chat --plain` goes line by line, also through pipes"),
    }
}

/// Whether the terminal can be taken to show more than ASCII, as the locale says.
fn is_unicode() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].map(std::env::var);
    let locale = set.into_iter().flatten().find(|value| !value.is_empty());
    locale.is_none_or(|locale| {
        let locale = locale.to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// Seconds that local time is ahead of UTC then.
fn offset_s(at_ms: u64) -> i64 {
    use chrono::{Local, Offset, TimeZone};
    let at_ms = i64::try_from(at_ms).unwrap_or(i64::MAX);
    let local = Local.timestamp_millis_opt(at_ms).earliest();
    local.map_or(0, |local| local.offset().fix().local_minus_utc().into())
}

/// What waits between the screen and the node.
const WIRES: usize = 64;

const EXAMPLES: &str = "\
Examples:
  entrenous chat                          people, conversations, calls
  entrenous chat --relay wss://relay.example
                                          the same, to be found at a relay
  entrenous chat --accept-known --notify bell
  entrenous chat --plain                  line by line: /call LINK, then talk";

const NOTES: &str = "\
F1 shows all keys and commands. /call LINK calls somebody new, /call NAME
somebody where you reached them last; /address shows your link, also as a QR
code. Who is new is shown with their fingerprint: compare it by voice or face to
face, now or later with /verify. What you say is kept until they have it, and
sent the next time you talk if they are away. /send PATH offers a file.

Calls are taken as with `entrenous listen`, which says more about --tcp, --udp,
--quic, --broker and --relay; the port is another if 7448 is taken. While this
runs, no other command opens the same profile.";
