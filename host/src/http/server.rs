use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kernel::Kind;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{interval, timeout};

use super::hub::Hub;
use super::listen::{Listener, Open, Serves};
use super::pulse::{self, Beat};
use super::switch::{self, Running};
use super::tls::{self, Tls};
use super::{Config, ConfigError, Pulse, Render, TlsError, admin, routes};
use crate::board::ReadError;
use crate::broker::Broker;
use crate::relay::{self, PasswordFileError, Relay};
use crate::respond::Responder;

/// A running server. Dropping it ends it at once; [`stop`](Self::stop) ends it well.
#[derive(Debug)]
pub struct Server {
    hub: Arc<Hub>,
    tls: Arc<Tls>,
    pulse: Pulse,
    open: Arc<Open>,
    addresses: Vec<SocketAddr>,
    admin_address: Option<SocketAddr>,
    relay: Option<Running>,
    broker: Option<Arc<Broker>>,
    public: Vec<Task>,
    others: Vec<Task>,
}

/// How a server ended.
#[expect(clippy::exhaustive_structs, reason = "one number")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stopped {
    /// Connections that were cut because they took too long.
    pub cut: usize,
}

impl Server {
    /// Starts to serve boards in memory. Port 0 takes any free port; see [`addresses`](Self::addresses).
    ///
    /// # Errors
    ///
    /// See [`StartError`]; nothing runs then.
    pub async fn start(config: Config, render: Option<Render>) -> Result<Self, StartError> {
        Self::start_with(config, None, render).await
    }

    /// The same with accounts: `/v1/rpc`, `/v1/live`. The boards are in their store, and all that it has of
    /// them is read first.
    ///
    /// # Errors
    ///
    /// See [`StartError`]; nothing runs then.
    pub async fn start_with(
        config: Config,
        responder: Option<Arc<Responder>>,
        render: Option<Render>,
    ) -> Result<Self, StartError> {
        config.check().map_err(StartError::Config)?;
        let public = bind_all(&config.listen).await?;
        let admin_socket = bind_all(config.admin.as_slice()).await?;
        let tls = Tls::start(config.tls.as_ref()).map_err(StartError::Tls)?;
        let relay = switch::relay(&config.relay)?;
        let frames = bind_all(&config.relay.tcp).await?;
        let tls_frames = bind_all(&config.relay.tls).await?;
        let broker = switch::broker(&config.broker)?;

        let mut hub = Hub::new(config.settings, responder);
        hub.relay = relay.clone().filter(|_| config.relay.web);
        let hub = Arc::new(hub);
        // What is there counts from the start, and the first metrics already say so.
        hub.tidy().await.map_err(StartError::Store)?;
        let (asking, beats) = pulse::questions();
        let mut asked = vec![asking];
        let mut server = Self {
            tls: Arc::new(tls),
            pulse: Pulse::new(&hub, Vec::new()),
            open: Arc::default(),
            addresses: addresses(&public),
            admin_address: admin_socket.first().map(|(_, address)| *address),
            relay: relay.map(|relay| Running {
                relay,
                config: config.relay,
                tcp: addresses(&frames),
                tls: addresses(&tls_frames),
            }),
            broker,
            public: Vec::new(),
            others: vec![Task(tokio::spawn(tidy(Arc::clone(&hub), beats)))],
            hub,
        };
        for (socket, _) in public {
            let (asking, beats) = pulse::questions();
            asked.push(asking);
            let listener = Listener {
                name: "public",
                socket,
                serves: Serves::Http {
                    router: routes::router(&server.hub),
                    draining: Some(server.hub.draining.subscribe()),
                },
                hub: Arc::clone(&server.hub),
                open: Arc::clone(&server.open),
                tls: Some(Arc::clone(&server.tls)),
                beats,
            };
            server.public.push(Task(tokio::spawn(listener.run())));
        }
        for (socket, _) in admin_socket {
            let listener = Listener {
                name: "admin",
                socket,
                serves: Serves::Http {
                    router: admin::router(&server.hub, render.clone()),
                    draining: None,
                },
                hub: Arc::clone(&server.hub),
                // Answers while the others stop, so it is not waited for.
                open: Arc::default(),
                tls: None,
                beats: pulse::questions().1,
            };
            server.others.push(Task(tokio::spawn(listener.run())));
        }
        if let Some(relay) = server.shared_relay() {
            server.others.push(Task(tokio::spawn(relay.run())));
        }
        server.carry(frames, None, &mut asked);
        let tls = Arc::clone(&server.tls);
        server.carry(tls_frames, Some(&tls), &mut asked);
        if let Some(broker) = &server.broker {
            let task = tokio::spawn(Arc::clone(broker).run());
            server.others.push(Task(task));
        }
        if let Some(directory) = config.control {
            server.others.push(control(&directory, &server)?);
        }
        server.pulse = Pulse::new(&server.hub, asked);
        Ok(server)
    }

    /// Runs the relay's listeners on `sockets`.
    fn carry(
        &mut self,
        sockets: Vec<(TcpListener, SocketAddr)>,
        tls: Option<&Arc<Tls>>,
        asked: &mut Vec<mpsc::Sender<Beat>>,
    ) {
        let Some(relay) = self.shared_relay() else {
            return;
        };
        for (socket, _) in sockets {
            let (asking, beats) = pulse::questions();
            asked.push(asking);
            let listener = Listener {
                name: "relay",
                socket,
                serves: Serves::Relay(Arc::clone(&relay)),
                hub: Arc::clone(&self.hub),
                open: Arc::clone(&self.open),
                tls: tls.cloned(),
                beats,
            };
            self.public.push(Task(tokio::spawn(listener.run())));
        }
    }

    fn shared_relay(&self) -> Option<Arc<Relay>> {
        self.relay
            .as_ref()
            .map(|running| Arc::clone(&running.relay))
    }

    /// The public addresses, with the ports that were taken.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The admin address, with the port that was taken.
    #[must_use]
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin_address
    }

    /// The relay, if one runs.
    #[must_use]
    pub fn relay(&self) -> Option<&Relay> {
        self.relay.as_ref().map(|running| &*running.relay)
    }

    /// The relay's own addresses: those of TCP, and those of TLS.
    #[must_use]
    pub fn relay_addresses(&self) -> [&[SocketAddr]; 2] {
        match &self.relay {
            Some(running) => [&running.tcp, &running.tls],
            None => [&[], &[]],
        }
    }

    /// The broker, if one runs.
    #[must_use]
    pub fn broker(&self) -> Option<&Broker> {
        self.broker.as_deref()
    }

    /// Whether it is alive, for a watchdog; of use for as long as the server.
    #[must_use]
    pub fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }

    /// Takes the settings and the certificate of `config` for new connections, and reads the
    /// certificate's files again. Its addresses are not looked at.
    ///
    /// # Errors
    ///
    /// A setting or a file is wrong; everything is then as before.
    pub fn reload(&self, config: &Config) -> Result<(), StartError> {
        let mut config = config.clone();
        config.listen.clone_from(&self.addresses);
        config.admin = self.admin_address;
        config.relay = self
            .relay
            .as_ref()
            .map_or_else(relay::Config::default, |running| running.config.clone());
        config.check().map_err(StartError::Config)?;
        let changed = self.tls.change(config.tls.as_ref());
        changed.map_err(StartError::Tls)?;
        self.hub.set(config.settings);
        Ok(())
    }

    /// Stops: says so at `/readyz`, answers who waits, ends what a relay carries, closes the public
    /// listeners, lets requests end for at most `grace`, then cuts the rest.
    pub async fn stop(self, grace: Duration) -> Stopped {
        self.hub.draining.send_replace(true);
        if let Some(relay) = self.relay() {
            relay.stop();
        }
        end(self.public).await;
        let ended = timeout(grace, self.open.none()).await;
        let cut = if ended.is_ok() { 0 } else { self.open.count() };
        end(self.others).await;
        Stopped { cut }
    }
}

impl Config {
    /// All that [`Server::start`] would refuse, without opening a socket: also reads the
    /// certificate and key, or the roots of the authority, and the password of the relay.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub fn check_files(&self) -> Result<(), StartError> {
        self.check().map_err(StartError::Config)?;
        self.relay.load().map_err(StartError::Password)?;
        match &self.tls {
            Some(certificate) => tls::check(certificate).map_err(StartError::Tls),
            None => Ok(()),
        }
    }
}

/// A task that ends with its owner.
#[derive(Debug)]
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Ends the tasks and waits until they have let go of their sockets.
async fn end(tasks: Vec<Task>) {
    for mut task in tasks {
        task.0.abort();
        // It was aborted; there is nothing else to hear.
        drop((&mut task.0).await);
    }
}

/// Listens to the owner.
#[cfg(unix)]
fn control(directory: &Path, server: &Server) -> Result<Task, StartError> {
    use super::control;

    let refused = |error: io::Error| StartError::Control {
        path: directory.to_owned(),
        reason: error.kind(),
    };
    let listener = control::bind(directory).map_err(refused)?;
    let owner = control::Owner::new(&server.hub, &server.open, &server.tls);
    Ok(Task(tokio::spawn(control::run(listener, owner))))
}

#[cfg(not(unix))]
fn control(directory: &Path, _: &Server) -> Result<Task, StartError> {
    Err(StartError::Control {
        path: directory.to_owned(),
        reason: io::ErrorKind::Unsupported,
    })
}

fn addresses(sockets: &[(TcpListener, SocketAddr)]) -> Vec<SocketAddr> {
    sockets.iter().map(|(_, address)| *address).collect()
}

async fn bind_all(addresses: &[SocketAddr]) -> Result<Vec<(TcpListener, SocketAddr)>, StartError> {
    let mut sockets = Vec::new();
    for &address in addresses {
        let refused = |error: io::Error| StartError::Bind {
            address,
            reason: error.kind(),
        };
        let socket = TcpListener::bind(address).await.map_err(refused)?;
        let address = socket.local_addr().map_err(refused)?;
        sockets.push((socket, address));
    }
    Ok(sockets)
}

async fn tidy(hub: Arc<Hub>, mut beats: mpsc::Receiver<Beat>) {
    let mut ticks = interval(TIDY);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            Some(beat) = beats.recv() => {
                beat.answer();
                continue;
            }
        }
        if let Err(error) = hub.tidy().await {
            metrics::counter!("entrenous_store_errors_total").increment(1);
            tracing::warn!(%error, "the boards could not be read");
        }
        match &hub.responder {
            Some(responder) => responder.tidy().await,
            None => hub.boards.sweep().await,
        }
    }
}

const TIDY: Duration = Duration::from_secs(5);

/// Why a server does not start.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration cannot be run.
    #[error(transparent)]
    Config(ConfigError),
    /// Certificate or key cannot be used.
    #[error(transparent)]
    Tls(TlsError),
    /// The relay has no password.
    #[error(transparent)]
    Password(PasswordFileError),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
    /// The owner's socket cannot be made.
    #[error("no control socket in {}: {reason}", path.display())]
    Control {
        /// Its directory.
        path: PathBuf,
        /// Why not.
        reason: io::ErrorKind,
    },
    /// The boards cannot be read.
    #[error(transparent)]
    Store(ReadError),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why not.
        reason: io::ErrorKind,
    },
}

impl StartError {
    /// What the operator can do about it. All but the store's are for them to correct.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Config(error) => error.kind(),
            Self::Tls(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Password(error) => error.kind(),
            Self::NoRandomness => Kind::Unavailable,
            Self::Bind { .. } | Self::Control { .. } => Kind::BadInput,
        }
    }
}
