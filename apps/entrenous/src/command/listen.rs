use std::net::{IpAddr, SocketAddr, UdpSocket};

use channel::End;
use clap::Args;
use node::Node;
use node::call::{Admit, Calls, Ending, Link, ListenError, Talk};

use super::call::no_stdin;
use super::talk::{Chat, Line, Lines, Outcome, QUIT, tell_own};
use crate::args::{Global, TEMPLATE};
use crate::config::Given;
use crate::event::{Incoming, Listening};
use crate::failure::{Failure, failed};
use crate::profile::{Opened, Opening};
use crate::qr;
use crate::stop::Stop;
use crate::ui::Ui;

/// Be there for calls
#[derive(Args, Debug)]
#[command(help_template = TEMPLATE, before_long_help = EXAMPLES, after_long_help = NOTES)]
pub(crate) struct Listen {
    /// Where to wait for connections
    #[arg(long, value_name = "ADDR:PORT", default_value = "0.0.0.0:7448", value_parser = address)]
    tcp: SocketAddr,
    /// Take those you know without asking
    #[arg(long)]
    accept_known: bool,
    /// Stop after one call
    #[arg(long)]
    once: bool,
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
        let given = Given::default();
        let Opened { node, .. } = self.opening.open(global, &given, ui, stop).await?;
        let admit = match self.accept_known {
            true => Admit::Known,
            false => Admit::Nobody,
        };
        let calls = node.listen(self.tcp, admit).await;
        let mut calls = calls.map_err(|error| not_here(&error))?;
        tell_place(&node, calls.address(), ui).await?;
        tell_own(&node, ui).await;
        let held = self.hold_all(&node, &mut calls, ui, stop).await;
        drop(calls);
        let closed = node.close().await;
        held?;
        closed.map_err(|error| failed(&error, error.kind()))
    }

    /// One call after the other.
    async fn hold_all(
        &self,
        node: &Node,
        calls: &mut Calls,
        ui: &mut Ui,
        stop: &mut Stop,
    ) -> Result<(), Failure> {
        let mut lines = Lines::open();
        let mut is_read = false;
        let mut held = 0_usize;
        loop {
            ui.wait(format_args!("waiting for calls (Ctrl-C stops)"));
            // Through a pipe, what is said waits for somebody to say it to.
            let reads = ui.can_ask();
            let talk = tokio::select! {
                biased;
                () = stop.wanted() => {
                    return match held {
                        0 => Err(Failure::interrupted()),
                        _ => Ok(()),
                    };
                }
                talk = calls.next() => talk,
                line = lines.next(), if reads => match line {
                    Some(Line::Text(text)) if text != QUIT => {
                        ui.note(format_args!("nobody is here: not sent"));
                        continue;
                    }
                    Some(Line::TooLong(_) | Line::NoText) => continue,
                    Some(Line::Text(_)) | None => return Ok(()),
                },
            };
            let Some(talk) = talk else { return Ok(()) };
            tell_incoming(&talk, ui)?;
            let mut chat = Chat {
                node,
                ui,
                stop,
                lines: &mut lines,
                is_read,
            };
            let outcome = chat.hold(talk, Some(calls)).await?;
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
}

/// Says where others call.
async fn tell_place(node: &Node, address: SocketAddr, ui: &mut Ui) -> Result<(), Failure> {
    let link = match host(address.ip()) {
        Some(host) => Link::new(&host.to_string(), address.port()).ok(),
        None => None,
    };
    let link = match link {
        Some(link) => Some(link.to(&node.fingerprint().await)),
        None => None,
    };
    let event = Listening {
        address: address.to_string(),
        link: link.as_ref().map(ToString::to_string),
    };
    let Some(link) = link else {
        ui.show("", &event)?;
        ui.note(format_args!(
            "listening on {address}; others call tcp://HOST:{}, HOST being an address of this machine",
            address.port()
        ));
        return Ok(());
    };
    ui.show(&format!("{link}\n"), &event)?;
    if ui.canvas().size.is_some()
        && let Err(failure) = qr::show(&link.to_string(), "--json", ui)
    {
        ui.detail(format_args!("no QR code: {}", failure.text));
    }
    ui.note(format_args!(
        "they run `entrenous call` with this link, in quotation marks, and reach you or nobody"
    ));
    if address.ip().is_loopback() {
        ui.note(format_args!(
            "from this machine only: `--tcp ADDR:PORT` says another address"
        ));
    }
    Ok(())
}

/// Under which address others reach this machine, as far as it can tell.
fn host(address: IpAddr) -> Option<IpAddr> {
    if !address.is_unspecified() {
        return Some(address);
    }
    // Nothing is sent: the system says which address it would send from.
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let own = socket.local_addr().ok()?.ip();
    (!own.is_loopback() && !own.is_unspecified()).then_some(own)
}

fn tell_incoming(talk: &Talk, ui: &mut Ui) -> Result<(), Failure> {
    ui.waited();
    let Some(source) = talk.source() else {
        return Ok(());
    };
    ui.note(format_args!("a call from {source}"));
    ui.event(&Incoming {
        from: source.to_string(),
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
        Err(failure) => {
            let hint = failure.hint.map(|hint| format!(": {hint}"));
            ui.warn(&format!("{}{}", failure.text, hint.unwrap_or_default()))
        }
    }
}

fn not_here(error: &ListenError) -> Failure {
    failed(error, error.kind()).hint(
        "does it listen already in another window? `--tcp ADDR:PORT` takes an address of this machine and another port",
    )
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(
        |_| "write it like 0.0.0.0:7448, or [::]:7448; an address of this machine, no name",
    )
}

const EXAMPLES: &str = "\
Examples:
  entrenous listen                           asks about everyone who calls
  entrenous listen --accept-known --once     one call of somebody you know
  entrenous listen --tcp 127.0.0.1:0         from this machine, at a free port
  entrenous listen --accept-known --json     for a program";

const NOTES: &str = "\
Prints a link for others: `entrenous call LINK`. Who calls is shown with their
fingerprint, and you say whether it is them; without a terminal, or with
--no-input, only --accept-known takes anybody: contacts, and those whom you have
talked to before, by their key. Nobody with another key under a name you know is
taken without you.

Each line you type is a message; what comes is printed behind the name. /quit
ends the call, or the listening when there is none; Ctrl-C and the end of input
end both. Others who call meanwhile are hung up on. A message that was on its way
when a connection broke can be lost: nothing is acknowledged.

The port must be open to those who call: in a firewall, and in a router. While
this runs, no other command opens the same profile.";
