use std::collections::VecDeque;
use std::future::pending;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use switch::{Token, Wish};
use tokio::net::UdpSocket;
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::call::broker::{BrokerError, Registrar, Registration, Told};

/// The broker at which a listener waits.
pub(super) struct Registered {
    registrar: Registrar,
    known: Option<oneshot::Sender<Result<Registration, BrokerError>>>,
    /// Of whom it told; the newest last.
    met: VecDeque<IpAddr>,
}

/// Whether the broker knows us.
type Known = oneshot::Receiver<Result<Registration, BrokerError>>;

impl Registered {
    pub(super) fn begin(
        own: SocketAddr,
        broker: SocketAddr,
        token: Option<Token>,
    ) -> Result<(Arc<UdpSocket>, Self, Known), BrokerError> {
        let (socket, registrar) = Registrar::open(own, broker, &Wish::Create(token))?;
        let (sender, known) = oneshot::channel();
        let registered = Self {
            registrar,
            known: Some(sender),
            met: VecDeque::new(),
        };
        Ok((socket, registered, known))
    }

    pub(super) fn takes(&mut self, from: SocketAddr, datagram: &[u8]) -> bool {
        self.registrar.takes(from, datagram)
    }

    /// Whether the broker told of somebody there. The port may be another one: networks change it.
    pub(super) fn has_met(&self, source: SocketAddr) -> bool {
        self.met.contains(&source.ip())
    }

    async fn drive(&mut self) {
        self.registrar.drive().await;
        while let Some(told) = self.registrar.next() {
            match told {
                Told::Registered(registration) => self.know(Ok(registration)),
                Told::Silent => self.know(Err(BrokerError::Silent)),
                Told::Met(peer) => {
                    self.met.retain(|known| *known != peer.ip());
                    self.met.push_back(peer.ip());
                    if self.met.len() > MET {
                        self.met.pop_front();
                    }
                }
            }
        }
    }

    fn know(&mut self, known: Result<Registration, BrokerError>) {
        if let Some(sender) = self.known.take() {
            // Nobody wants it any more if whoever asked is gone: the reader is, too.
            drop(sender.send(known));
        }
    }
}

/// Does what is due, and waits until more is. Never, where there is no broker. Safe to cancel.
pub(super) async fn due(registered: &mut Option<Registered>) {
    match registered {
        Some(registered) => {
            registered.drive().await;
            sleep(registered.registrar.wait()).await;
        }
        None => pending().await,
    }
}

/// People of whom a broker told that are remembered.
const MET: usize = 64;
