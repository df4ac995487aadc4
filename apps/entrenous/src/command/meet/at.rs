//! A board on a server as a meeting place.

use std::net::IpAddr;

use clap::Args;
use net::board::{Address, Event, Options, Proxy, RequestError};
use rendezvous::Wanted;
use rendezvous::board::{self, Board, BoardName, Failed};

use super::lan::{TOO_LONG, bug};
use super::watch::Happening;
use crate::config::{Settings, Unrepeated};
use crate::event::Place;
use crate::failure::Failure;
use crate::lasts;
use crate::message::Limit;
use crate::secret::Passphrase;

/// Which server, and how to get there.
#[derive(Args, Debug)]
pub(super) struct At {
    /// Meet at a server
    #[arg(long, value_name = "URL")]
    at: Option<Address>,
    /// Meet at this board of the server; others need its name
    #[arg(long, value_name = "NAME", requires = "at")]
    #[arg(
        long_help = "Meet at this board of the server: a name of 1 to 64 of a-z, 0-9 and -. \
        Boards carry longer messages with less traffic. Programs other than this one know only \
        the plain board, which has no name"
    )]
    board: Option<BoardName>,
    /// Reach the server through a SOCKS5 proxy, such as Tor
    #[arg(
        long,
        value_name = "socks5://HOST:PORT",
        value_parser = Unrepeated,
        requires = "at",
        hide_short_help = true,
        long_help = "Reach the server through a SOCKS5 proxy, such as Tor. It resolves the server's \
        name. A login goes in front, as in socks5://USER:PASSWORD@HOST:PORT, with %40 for @ and so \
        on; other users of this machine can see it"
    )]
    proxy: Option<Proxy>,
    /// Shorten a message that is too long for the plain board
    #[arg(
        long,
        requires = "at",
        conflicts_with = "board",
        hide_short_help = true
    )]
    cut: bool,
}

impl At {
    /// Whether the login of the proxy is an argument, which other users of this machine can see.
    pub(super) fn is_visible(&self) -> bool {
        self.proxy.as_ref().is_some_and(Proxy::has_login)
    }

    /// Where to go; `None` if no server was named.
    pub(super) fn server(&self) -> Option<Server<'_>> {
        let at = self.at.as_ref()?;
        let board = self.board.clone().map_or(Board::Plain, Board::Named);
        Some(Server {
            at,
            board,
            options: self,
        })
    }
}

/// A server that was named.
#[derive(Debug)]
pub(super) struct Server<'a> {
    at: &'a Address,
    board: Board,
    options: &'a At,
}

impl Server<'_> {
    /// Stretches the passphrase and begins.
    pub(super) async fn begin(
        &self,
        (passphrase, message): (&Passphrase, &[u8]),
        wanted: Wanted,
        settings: &Settings,
    ) -> Result<Visit, Failure> {
        let passkey = passphrase.stretch(self.board.salt()).await?;
        let mut options = Options::new(self.at.clone(), self.board.clone());
        let flag = self.options.proxy.as_ref();
        options.proxy = flag.or(settings.proxy.value.as_ref()).cloned();
        options.roots = settings.roots()?;
        let has_proxy = options.proxy.is_some();
        options.machine.wanted = wanted;
        let meeting = net::board::Meeting::start(options, passkey, message)
            .map_err(|error| Failure::new(error.kind(), error.to_string()).because(&error))?;
        Ok(Visit {
            meeting,
            has_name: self.options.board.is_some(),
            has_proxy,
            is_announced: false,
            trouble: None,
        })
    }

    pub(super) fn limit(&self) -> Limit {
        let reason = match self.board {
            Board::Plain => "every message on the plain board has the same size",
            Board::Named(_) => "every message on a board has the same size",
        };
        Limit {
            bytes: self.board.message_max(),
            reason,
        }
    }

    /// Whether a message that is too long may be shortened.
    pub(super) fn may_cut(&self) -> bool {
        self.options.cut
    }

    /// What to do with a message that is too long.
    pub(super) fn too_long(&self) -> &'static str {
        match self.board {
            Board::Plain => "name a board with `--board`, or use `--cut`",
            Board::Named(_) => TOO_LONG,
        }
    }

    /// As people read it.
    pub(super) fn named(&self) -> String {
        match &self.options.board {
            Some(name) => format!("board {name} of {}", self.at),
            None => self.at.to_string(),
        }
    }

    pub(super) fn place(&self) -> Place {
        Place::Board {
            url: self.at.to_string(),
            board: self.options.board.as_ref().map(ToString::to_string),
        }
    }

    /// Whether others on the way can read the connection.
    pub(super) fn is_open(&self) -> bool {
        let host = self.at.host();
        let is_here = host == "localhost"
            || host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        !(self.at.is_tls() || is_here || host.ends_with(".onion"))
    }
}

/// A meeting at a board that has begun.
#[derive(Debug)]
pub(super) struct Visit {
    meeting: net::board::Meeting,
    has_name: bool,
    has_proxy: bool,
    is_announced: bool,
    /// Why the last request failed.
    trouble: Option<RequestError>,
}

impl Visit {
    /// What happens next that a person wants to know. A server that was never reached is an
    /// error; one that goes away later is waited for.
    pub(super) async fn next(&mut self) -> Option<Result<Happening, Failure>> {
        loop {
            let event = match self.meeting.next().await? {
                Event::Board(event) => event,
                Event::Trouble(error) => {
                    self.trouble = Some(error);
                    continue;
                }
                Event::Bug(panicked) => return Some(Err(bug(panicked))),
                _ => continue,
            };
            if let Some(told) = self.tell(event) {
                return Some(told);
            }
        }
    }

    /// Finishes what was begun, and nothing else.
    pub(super) fn leave(&self) {
        self.meeting.stopper().stop();
    }

    fn tell(&mut self, event: board::Event) -> Option<Result<Happening, Failure>> {
        Some(Ok(match event {
            board::Event::Room { others, .. } => Happening::Room { others },
            board::Event::Match { message, .. } => Happening::Match { payload: message },
            board::Event::Garbled => Happening::Warning(
                "someone has the passphrase, but sends what is not a message".to_owned(),
            ),
            board::Event::Overloaded { dropped, .. } => Happening::Overloaded { dropped },
            board::Event::Busy { retry, .. } => {
                let retry = lasts::show(retry);
                Happening::Warning(format!("the server is at a limit; trying again in {retry}"))
            }
            board::Event::Away { .. } if !self.is_announced => {
                return Some(Err(self.not_reached()));
            }
            board::Event::Away { retry, .. } => {
                let why = self
                    .trouble
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                Happening::Warning(format!("{why}; trying again in {}", lasts::show(retry)))
            }
            board::Event::Leaving { lasts, .. } => Happening::Leaving { lasts },
            board::Event::Back => Happening::Note("the server answers again"),
            board::Event::Failed(failed) => return Some(Err(self.refused(failed))),
            board::Event::Announced => {
                self.is_announced = true;
                Happening::Begun
            }
            _ => return None,
        }))
    }

    fn not_reached(&self) -> Failure {
        let Some(error) = &self.trouble else {
            return Failure::unavailable("the server does not answer");
        };
        let failure = Failure::new(error.kind(), error.to_string()).because(error);
        match error {
            RequestError::NoName { .. } => {
                failure.hint("is the address right, and are you online?")
            }
            RequestError::NoConnection { host, port, reason } if self.has_proxy => failure
                .text(format!(
                    "cannot connect to the proxy {host}:{port}: {reason}"
                ))
                .hint("does it run, and is it a SOCKS5 one?"),
            RequestError::NoConnection { .. } => {
                failure.hint("is the address right, and does the server run?")
            }
            RequestError::Proxy { .. } => {
                failure.hint("does the proxy run, and is it a SOCKS5 one?")
            }
            RequestError::Certificate { .. } => {
                failure.hint("ask who runs the server; do not go on if they cannot explain it")
            }
            RequestError::Tls { .. } => failure.hint("does the server speak https? try http://"),
            RequestError::Broken => failure.hint("does the server speak http? try https://"),
            _ => failure.hint("try again later"),
        }
    }

    fn refused(&self, failed: Failed) -> Failure {
        let failure = Failure::new(failed.kind(), failed.to_string());
        match (failed, self.has_name) {
            (Failed::NotABoard, true) => failure.hint(
                "is the address right? some servers have only the plain board: leave \
                    out `--board`",
            ),
            (Failed::NotABoard, false) => failure.hint("is the address right?"),
            _ => failure.hint("ask who runs the server"),
        }
    }
}
