use std::path::PathBuf;

use clap::Args;
use identity::Fingerprint;
use node::Node;
use node::call::{
    Admit, Calls, End, Ending, Heard, Link, ListenError, NoMapping, Password, Place, Talk,
    Transport,
};

use super::call::{Callee, dial, no_stdin};
use super::place::{Where, link, outside};
use super::talk::{Chat, Inbox, Line, Lines, Outcome, QUIT, Takes, caller, tell_own};
use crate::args::{Global, TEMPLATE};
use crate::config::Given;
use crate::event::{Incoming, Listening, ServerWaits};
use crate::failure::{Failure, failed};
use crate::profile::{Opened, Opening};
use crate::qr;
use crate::stop::Stop;
use crate::ui::Ui;

/// Be there for calls
#[derive(Args, Debug)]
#[command(help_template = TEMPLATE, before_long_help = EXAMPLES, after_long_help = NOTES)]
pub(crate) struct Listen {
    #[command(flatten)]
    at: Where,
    /// Take those you know without asking
    #[arg(long)]
    accept_known: bool,
    /// Stop after one call
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    inbox: Inbox,
    /// Take files without asking, of those whose fingerprint you have compared
    #[arg(long, hide_short_help = true)]
    take_files: bool,
    #[command(flatten)]
    opening: Opening,
}

impl Listen {
    pub(crate) async fn run(
        &self,
        global: &Global,
        ui: &mut Ui,
        mut stop: Stop,
    ) -> Result<(), Failure> {
        let stop = &mut stop;
        if self.opening.takes_stdin() {
            return Err(no_stdin());
        }
        if self.at.has_password_for_none() {
            return Err(Failure::usage("a password of a relay, and no relay")
                .hint("`--relay URL` says which one"));
        }
        let given = Given::default();
        let Opened { node, .. } = self.opening.open(global, &given, ui, stop).await?;
        let admit = match self.accept_known {
            true => Admit::Known,
            false => Admit::Nobody,
        };
        let (places, _) = self.at.places(self.at.password(stop).await?);
        let calls = node.listen(places, admit).await;
        let mut calls = calls.map_err(|error| not_here(&error))?;
        tell_places(&node, calls.places(), ui).await?;
        tell_own(&node, ui).await;
        let attend = Attend {
            once: self.once,
            inbox: self.inbox.files.clone(),
            takes: match self.take_files {
                true => Takes::Verified,
                false => Takes::Asked,
            },
            dials: None,
        };
        let held = attend.hold_all(&node, Some(&mut calls), ui, stop).await;
        calls.close().await;
        let closed = node.close().await;
        held?;
        closed.map_err(|error| failed(&error, error.kind()))
    }
}

/// How somebody is there for calls, in line mode.
pub(crate) struct Attend {
    /// Stop after one call.
    pub(crate) once: bool,
    pub(crate) inbox: Option<PathBuf>,
    pub(crate) takes: Takes,
    /// Whether `/call` calls somebody, and the password of relays for that.
    pub(crate) dials: Option<Option<Password>>,
}

impl Attend {
    /// One call after the other.
    pub(crate) async fn hold_all(
        &self,
        node: &Node,
        mut calls: Option<&mut Calls>,
        ui: &mut Ui,
        stop: &mut Stop,
    ) -> Result<(), Failure> {
        let own = node.fingerprint_in_calls().await;
        let mut lines = Lines::open();
        let mut is_read = false;
        let mut held = 0_usize;
        loop {
            match (&calls, &self.dials) {
                (Some(_), None) => ui.wait(format_args!("waiting for calls (Ctrl-C stops)")),
                (Some(_), Some(_)) => ui.wait(format_args!(
                    "waiting for calls; /call LINK or NAME calls somebody ({QUIT} ends)"
                )),
                (None, _) => {
                    ui.wait(format_args!(
                        "/call LINK or NAME calls somebody ({QUIT} ends)"
                    ));
                }
            }
            // Through a pipe, what is said waits for somebody to say it to.
            let reads = ui.can_ask() || self.dials.is_some();
            let mut is_mine = false;
            let heard = tokio::select! {
                biased;
                () = stop.wanted() => {
                    return match held {
                        0 => Err(Failure::interrupted()),
                        _ => Ok(()),
                    };
                }
                heard = next(&mut calls) => heard,
                line = lines.next(), if reads => match (line, &self.dials) {
                    (Some(Line::Text(text)), Some(password)) if text.starts_with(CALL) => {
                        let whom = text.get(CALL.len()..).unwrap_or_default().trim();
                        match self.dial(whom, password.as_ref(), node, ui, stop).await {
                            Ok(talk) => {
                                is_mine = true;
                                Some(Heard::Talk(talk))
                            }
                            Err(failure) => {
                                tell_failure(failure, ui)?;
                                continue;
                            }
                        }
                    }
                    (Some(Line::Text(text)), _) if text != QUIT => {
                        ui.note(format_args!("nobody is here: not sent"));
                        continue;
                    }
                    (Some(Line::TooLong(_) | Line::NoText), _) => continue,
                    (Some(Line::Text(_)) | None, _) => return Ok(()),
                },
            };
            let talk = match heard {
                Some(Heard::Talk(talk)) => talk,
                Some(news) => {
                    tell_news(news, &own, ui)?;
                    continue;
                }
                None => return Ok(()),
            };
            if !is_mine {
                tell_incoming(&talk, ui)?;
            }
            let mut chat = Chat {
                node,
                ui,
                stop,
                lines: &mut lines,
                is_read,
                inbox: self.inbox.clone(),
                takes: self.takes,
                to_send: Vec::new(),
            };
            let among = calls.as_deref_mut();
            let outcome = match self.once {
                true => chat.hold_only(talk, among).await?,
                false => chat.hold(talk, among).await?,
            };
            is_read = chat.is_read;
            let began = outcome.began;
            if began && (self.once || is_read) {
                return outcome.judge();
            }
            tell(outcome, ui)?;
            if began {
                held = held.saturating_add(1);
            }
        }
    }

    async fn dial(
        &self,
        whom: &str,
        password: Option<&Password>,
        node: &Node,
        ui: &mut Ui,
        stop: &mut Stop,
    ) -> Result<Talk, Failure> {
        let callee = Callee {
            whom,
            at: &[],
            more: &[],
            called: None,
        };
        let links = callee.links("call")?;
        let target = callee.target(links, node, password.cloned()).await?;
        dial(node, target, ui, stop).await
    }
}

async fn next(calls: &mut Option<&mut Calls>) -> Option<Heard> {
    match calls {
        Some(calls) => calls.next().await,
        None => std::future::pending().await,
    }
}

/// Says where others call.
pub(crate) async fn tell_places(node: &Node, places: &[Place], ui: &mut Ui) -> Result<(), Failure> {
    let own = node.fingerprint_in_calls().await;
    let mut first = None;
    for place in places {
        let link = link(place, &own);
        tell_place(place, link.as_ref(), ui)?;
        first = first.or(link);
    }
    if let Some(link) = first {
        if ui.canvas().size.is_some()
            && let Err(failure) = qr::show(&link.to_string(), "--json", ui)
        {
            ui.detail(format_args!("no QR code: {}", failure.text));
        }
        let links = if places.len() > 1 {
            "one or more of these links"
        } else {
            "this link"
        };
        ui.note(format_args!(
            "they run `entrenous call` with {links}, in quotation marks, and reach you or nobody"
        ));
    }
    Ok(())
}

fn tell_place(place: &Place, link: Option<&Link>, ui: &mut Ui) -> Result<(), Failure> {
    let (path, address) = match place {
        Place::Direct(transport, at) => (title(*transport).to_owned(), Some(*at)),
        Place::Server(link) => (link.place(), None),
        _ => return Ok(()),
    };
    let event = Listening {
        path,
        address: address.map(|address| address.to_string()),
        link: link.map(ToString::to_string),
    };
    let shown = link.map(|link| format!("{link}\n")).unwrap_or_default();
    ui.show(&shown, &event)?;
    match (address, link) {
        (Some(address), None) => ui.note(format_args!(
            "listening on {address} by {}; others need an address of this machine, and port {}",
            event.path,
            address.port()
        )),
        (Some(address), Some(_)) if address.ip().is_loopback() => ui.note(format_args!(
            "from this machine only: `--tcp ADDR:PORT` says another address"
        )),
        _ => {}
    }
    Ok(())
}

/// Says that a server waits with us for callers, or does not.
fn tell_news(news: Heard, own: &Fingerprint, ui: &mut Ui) -> Result<(), Failure> {
    ui.waited();
    match news {
        Heard::Placed(path) => {
            ui.note(format_args!("ready for calls, by {path}"));
            ui.event(&ServerWaits {
                path: path.to_string(),
                waits: true,
                text: None,
                again_s: None,
            })
        }
        Heard::Unplaced(unplaced) => {
            let (path, seconds) = (&unplaced.path, unplaced.again.as_secs());
            ui.event(&ServerWaits {
                path: path.to_string(),
                waits: false,
                text: Some(unplaced.reason.to_string()),
                again_s: Some(seconds),
            })?;
            ui.warn(&format!(
                "no calls by {path} now: {}; asked again in {seconds} s",
                unplaced.reason
            ))
        }
        Heard::Outside { transport, at } => {
            let link = outside(transport, at, own);
            let event = Listening {
                path: format!("{}, by the router", title(transport)),
                address: Some(at.to_string()),
                link: link.as_ref().map(Link::to_string),
            };
            let shown = link.map(|link| format!("{link}\n")).unwrap_or_default();
            ui.show(&shown, &event)?;
            ui.note(format_args!(
                "the router lets callers in at {at}, by {}",
                title(transport)
            ));
            Ok(())
        }
        Heard::NotOutside { transport, why } => ui.warn(&not_outside(transport, why.as_ref())),
        _ => Ok(()),
    }
}

const fn title(transport: Transport) -> &'static str {
    match transport {
        Transport::Tcp => "TCP",
        Transport::Udp => "UDP",
        _ => "QUIC",
    }
}

/// That the router lets nobody in, and what to do then.
pub(crate) fn not_outside(transport: Transport, why: Option<&NoMapping>) -> String {
    let transport = title(transport);
    match why {
        Some(why) => format!(
            "the router lets no callers in by {transport}: {why}; forward a port by hand, or be found by \
             `--broker` or `--relay`"
        ),
        None => format!("the router lets no callers in by {transport} any more; it is asked again"),
    }
}

fn tell_incoming(talk: &Talk, ui: &mut Ui) -> Result<(), Failure> {
    ui.waited();
    ui.note(format_args!("a call from {}", caller(talk)));
    ui.event(&Incoming {
        path: talk.path().to_string(),
        from: talk.source().map(|source| source.to_string()),
    })
}

/// Says how a call ended: that one goes wrong is no reason to stop listening.
fn tell(outcome: Outcome, ui: &mut Ui) -> Result<(), Failure> {
    let has_gone = matches!(
        outcome.how,
        Ending::Channel(End::Left | End::Closed | End::Lost)
    );
    if !outcome.began && outcome.refused.is_none() && has_gone {
        ui.note(format_args!("they hung up before the call began"));
        return Ok(());
    }
    match outcome.judge() {
        Ok(()) => {
            ui.note(format_args!("the call is over"));
            Ok(())
        }
        Err(failure) => tell_failure(failure, ui),
    }
}

fn tell_failure(failure: Failure, ui: &mut Ui) -> Result<(), Failure> {
    let hint = failure.hint.map(|hint| format!(": {hint}"));
    ui.warn(&format!("{}{}", failure.text, hint.unwrap_or_default()))
}

pub(crate) fn not_here(error: &ListenError) -> Failure {
    failed(error, error.kind()).hint(
        "does it listen already in another window? `--tcp ADDR:PORT` takes an address of this machine and another port",
    )
}

/// Calls somebody when it is typed, where that is wanted.
const CALL: &str = "/call ";

const EXAMPLES: &str = "\
Examples:
  entrenous listen                           asks about everyone who calls
  entrenous listen --accept-known --once     one call of somebody you know
  entrenous listen --tcp 127.0.0.1:0         from this machine, at a free port
  entrenous listen --tcp 0.0.0.0:7448 --relay wss://relay.example
  entrenous listen --accept-known --json     for a program";

const NOTES: &str = "\
Prints a link for others: `entrenous call LINK`. Who calls is shown with their
fingerprint, and you say whether it is them; without a terminal, or with
--no-input, only --accept-known takes anybody: contacts, and those whom you have
talked to before, by their key. Nobody with another key under a name you know is
taken without you.

Each line you type is a message; what comes is printed behind the name. /send
PATH offers a file; /accept, /decline and /cancel are about files. /quit
ends the call, or the listening when there is none; Ctrl-C and the end of input
end both. Others who call meanwhile are hung up on. What you say is kept until
they have it, and sent the next time you talk if it did not come.

Behind a router nobody reaches you by TCP, UDP or QUIC unless it lets them in:
--open-port asks it to, for as long as this runs; many do not. A broker tells
both of you where the other one is, a relay stands between you; both see
addresses, and neither sees who you are or what is said.

The port must be open to those who call: in a firewall, and in a router. While
this runs, no other command opens the same profile.";
