//! This network as a meeting place.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use clap::Args;
use net::Panicked;
use net::lan::{Event, Interfaces, Meeting, Options, StartError};
use rendezvous::{Salt, Wanted, lan};

use super::watch::Happening;
use crate::event::Interface;
use crate::failure::Failure;
use crate::lasts;
use crate::message::Limit;
use crate::secret::Passphrase;

/// Which network, and how.
#[derive(Args, Debug)]
pub(super) struct Network {
    /// Begin again with fresh keys after this long
    #[arg(
        long,
        short = 'I',
        value_name = "TIME",
        default_value = "60s",
        conflicts_with = "at"
    )]
    #[arg(value_parser = lasts::parse, hide_short_help = true)]
    interval: Duration,
    /// Use only this interface, by address or name; repeat for more; all if missing
    #[arg(
        long,
        value_name = "ADDRESS",
        hide_short_help = true,
        conflicts_with = "at"
    )]
    bind_addr: Vec<String>,
    /// Multicast group; all who meet use the same
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "224.3.29.71",
        hide_short_help = true,
        conflicts_with = "at"
    )]
    #[arg(value_parser = multicast)]
    multicast_group: Ipv4Addr,
    /// UDP port of the group; all who meet use the same
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 9005,
        hide_short_help = true
    )]
    #[arg(value_parser = clap::value_parser!(u16).range(1..), conflicts_with = "at")]
    multicast_port: u16,
}

impl Network {
    /// Stretches the passphrase, opens the sockets, and begins.
    pub(super) async fn begin(
        &self,
        passphrase: &Passphrase,
        message: &[u8],
        wanted: Wanted,
    ) -> Result<Meeting, Failure> {
        let mut options = Options::default();
        options.group = self.group();
        options.machine.interval = self.interval;
        options.machine.wanted = wanted;
        if !self.bind_addr.is_empty() {
            options.interfaces = Interfaces::Named(self.bind_addr.clone());
        }
        let passkey = passphrase.stretch(Salt::ZERO).await?;
        Meeting::start(options, passkey, message.to_vec()).map_err(|error| failure(&error))
    }

    pub(super) fn group(&self) -> SocketAddrV4 {
        SocketAddrV4::new(self.multicast_group, self.multicast_port)
    }
}

/// What happens next that a person wants to know.
pub(super) async fn next(meeting: &mut Meeting) -> Option<Result<Happening, Failure>> {
    loop {
        let happening = match meeting.next().await? {
            Event::Lan(event) => match event {
                lan::Event::Announced { .. } => Happening::Begun,
                lan::Event::Room { others, .. } => Happening::Room { others },
                lan::Event::Match { payload, .. } => Happening::Match { payload },
                lan::Event::Overloaded { dropped, .. } => Happening::Overloaded { dropped },
                lan::Event::Leaving { lasts, .. } => Happening::Leaving { lasts },
                _ => continue,
            },
            Event::Interfaces(now) => Happening::Interfaces(interfaces(&now)),
            Event::Trouble(error) => {
                let hint = error.hint();
                let hint = hint.map(|hint| format!(": {hint}")).unwrap_or_default();
                Happening::Warning(format!("{error}{hint}"))
            }
            Event::Bug(panicked) => return Some(Err(bug(panicked))),
            _ => continue,
        };
        return Some(Ok(happening));
    }
}

/// A meeting that a fault of ours has ended.
pub(super) fn bug(panicked: Panicked) -> Failure {
    Failure::new(
        panicked.kind(),
        format!("{panicked}: this is a bug in Entrenous"),
    )
    .hint("please report it, with what stands above; meeting again may work")
}

/// The interfaces as programs are told of them.
pub(super) fn interfaces(used: &[net::lan::Interface]) -> Vec<Interface> {
    let interface = |each: &net::lan::Interface| Interface {
        name: each.name.clone(),
        address: each.address.to_string(),
    };
    used.iter().map(interface).collect()
}

/// The interfaces as people are told of them.
pub(super) fn named(interfaces: &[Interface]) -> String {
    let named: Vec<_> = interfaces
        .iter()
        .map(|each| format!("{} ({})", each.name, each.address))
        .collect();
    named.join(", ")
}

fn failure(error: &StartError) -> Failure {
    let failure = Failure::new(error.kind(), error.to_string()).because(error);
    match error {
        StartError::NoInterface => failure
            .text("there is no network: no interface with an IPv4 address is up")
            .hint("connect to one; `--bind-addr 127.0.0.1` meets people on this machine only"),
        StartError::Link(net::lan::LinkError::PortInUse { .. }) => {
            failure.hint("end that program, or agree on another port with `--multicast-port`")
        }
        _ => match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        },
    }
}

fn multicast(text: &str) -> Result<Ipv4Addr, String> {
    match text.parse::<Ipv4Addr>() {
        Ok(group) if group.is_multicast() => Ok(group),
        _ => Err("must be an IPv4 multicast address, 224.0.0.0 to 239.255.255.255".to_owned()),
    }
}

/// What fits into one announcement.
pub(super) const LIMIT: Limit = Limit {
    bytes: lan::MAX_PAYLOAD,
    reason: "one datagram carries all of it, and older programs cut at 1,024 bytes",
};

/// What to do with a message that fits nowhere.
pub(super) const TOO_LONG: &str = "shorten it, or send a link to the rest";
