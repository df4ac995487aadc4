use clap::Args;
use node::Node;
use node::call::{Admit, Link, ListenError, NoMapping, Place, Transport};

use super::attend::Attend;
use super::call::no_stdin;
use super::place::{Where, link};
use super::talk::{Inbox, Takes, tell_own};
use crate::args::{Global, TEMPLATE};
use crate::config::Given;
use crate::event::Listening;
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

pub(super) const fn title(transport: Transport) -> &'static str {
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

pub(crate) fn not_here(error: &ListenError) -> Failure {
    failed(error, error.kind()).hint(
        "does it listen already in another window? `--tcp ADDR:PORT` takes an address of this machine and another port",
    )
}

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
addresses, and neither sees who you are or what is said. Your link there stays
the same, so that they can tell that you are back; --new-link makes another.

The port must be open to those who call: in a firewall, and in a router. While
this runs, no other command opens the same profile.";
