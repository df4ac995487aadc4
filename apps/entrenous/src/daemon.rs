//! A node for other programs: JSON lines over stdin and stdout, or over a Unix socket.
//!
//! [`protocol`] says what the lines are, and touches nothing; everything else does what they say with
//! [`node`].

mod call;
mod clients;
mod desk;
mod files;
mod history;
mod hub;
mod identity;
mod log;
mod peers;
mod protocol;
mod route;
mod server;
mod sessions;
mod storage;
mod verify;

use std::path::PathBuf;
use std::time::Duration;

use kernel::Kind;
use node::{Network, Node};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::failure::Failure;
use crate::stop::Stop;
use crate::ui::Ui;
#[cfg(unix)]
use clients::socket::Socket;
use clients::{Input, stdio};
use desk::Daemon;
use hub::Hub;
pub(crate) use verify::Mode;

/// With what a daemon begins.
#[derive(Debug)]
pub(crate) struct Beginning {
    pub(crate) network: Network,
    /// A profile that is open already, and the folder it is in.
    pub(crate) open: Option<(Node, PathBuf)>,
    pub(crate) mode: Mode,
    /// Where clients come in; without it, there is only the one at stdin and stdout.
    pub(crate) socket: Option<PathBuf>,
}

/// Serves clients until one of them says `shutdown`, the person stops it, or the only client leaves.
///
/// # Errors
///
/// There is no socket; or the only client did not read.
pub(crate) async fn run(beginning: Beginning, ui: &mut Ui, mut stop: Stop) -> Result<(), Failure> {
    let (sender, mut inputs) = mpsc::channel(INPUTS);
    let entrance = Entrance::open(beginning.socket.as_deref(), sender)?;
    let (mut daemon, mut happened) = Daemon::new(beginning.network, beginning.mode, ui);
    if let Some((node, path)) = beginning.open {
        daemon.opened(node, path).await;
    }
    let mut is_too_slow = false;
    loop {
        // No peer can say more than clients read.
        let is_behind = daemon.is_behind();
        tokio::select! {
            () = stop.wanted() => break,
            Some(told) = happened.recv(), if !is_behind => daemon.happened(told).await,
            () = sleep(Hub::PAUSE), if is_behind => {}
            Some(input) = inputs.recv() => match input {
                Input::Joined(client, outlet) => daemon.joined(client, outlet).await,
                Input::Left(client) => daemon.left(client),
                Input::Over { is_too_slow: too_slow } => {
                    is_too_slow = too_slow;
                    break;
                }
                Input::Line(client, line) => daemon.line(client, line).await,
            },
        }
        if daemon.is_over() {
            break;
        }
    }
    drop(inputs);
    let ended = tokio::select! {
        biased;
        () = stop.again() => Err(Failure::interrupted()),
        ended = daemon.end(happened) => ended,
    };
    entrance.close().await;
    ended?;
    match is_too_slow {
        true => Err(Failure::new(
            Kind::Exhausted,
            "whoever runs this did not read what it was told",
        )),
        false => Ok(()),
    }
}

/// Where clients come in.
#[derive(Debug)]
enum Entrance {
    Stdio(tokio::task::JoinHandle<()>),
    #[cfg(unix)]
    Socket {
        serving: tokio::task::JoinHandle<()>,
        everyone: clients::socket::Everyone,
    },
}

impl Entrance {
    fn open(
        socket: Option<&std::path::Path>,
        inputs: mpsc::Sender<Input>,
    ) -> Result<Self, Failure> {
        match socket {
            None => Ok(Self::Stdio(tokio::spawn(stdio(inputs)))),
            #[cfg(unix)]
            Some(path) => {
                let socket = Socket::bind(path)?;
                let everyone = socket.everyone();
                let serving = tokio::spawn(socket.serve(inputs));
                Ok(Self::Socket { serving, everyone })
            }
            #[cfg(not(unix))]
            Some(_) => Err(Failure::usage("this system has no such sockets")),
        }
    }

    /// Lets nobody in any more, and returns once all have heard the rest, or do not read it.
    async fn close(self) {
        let gone = async {
            match self {
                Self::Stdio(serving) => drop(serving.await),
                #[cfg(unix)]
                Self::Socket { serving, everyone } => {
                    serving.abort();
                    drop(serving.await);
                    everyone.gone().await;
                }
            }
        };
        drop(timeout(LINGER, gone).await);
    }
}

/// Lines of clients that wait.
const INPUTS: usize = 16;
/// How long clients have for the rest: a little more than each has by itself.
const LINGER: Duration = Duration::from_secs(11);
