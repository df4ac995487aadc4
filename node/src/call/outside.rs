use std::num::NonZeroU16;
use std::time::Duration;

use net::mapping::{self, Mapping};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::link::Transport;
use super::listen::Heard;
use super::places::Place;

pub use net::mapping::{Config as Gateway, NoMapping};

/// Ports of the gateway that lead to ours, as long as this is there.
#[derive(Debug)]
pub(super) struct Outside {
    leading: JoinSet<()>,
    /// Those that lead hear when this is dropped.
    wanted: watch::Sender<()>,
}

impl Outside {
    /// Asks for a port for each of `places` that others outside could come to.
    pub(super) fn ask(gateway: &Gateway, places: &[Place], tells: &mpsc::Sender<Heard>) -> Self {
        let mut leading = JoinSet::new();
        let (wanted, heard) = watch::channel(());
        for place in places {
            let Place::Direct(transport, at) = place else {
                continue;
            };
            let Some(port) = NonZeroU16::new(at.port()) else {
                continue;
            };
            if at.is_ipv4() && !at.ip().is_loopback() {
                let (gateway, tells) = (gateway.clone(), tells.clone());
                leading.spawn(lead(*transport, port, gateway, tells, heard.clone()));
            }
        }
        Self { leading, wanted }
    }

    /// Gives the ports back, as far as the gateway hears that soon.
    pub(super) async fn close(self) {
        let Self {
            mut leading,
            wanted,
        } = self;
        drop(wanted);
        let ended = async { while leading.join_next().await.is_some() {} };
        drop(timeout(GOODBYE, ended).await);
    }
}

/// Has a port of the gateway lead to `port`, until it is not wanted or the gateway does not want to.
async fn lead(
    transport: Transport,
    port: NonZeroU16,
    gateway: Gateway,
    tells: mpsc::Sender<Heard>,
    mut wanted: watch::Receiver<()>,
) {
    let kind = match transport {
        Transport::Tcp => mapping::Transport::Tcp,
        Transport::Udp | Transport::Quic => mapping::Transport::Udp,
    };
    loop {
        let asked = tokio::select! {
            asked = Mapping::ask(kind, port, &gateway) => asked,
            _ = wanted.changed() => return,
        };
        let mut mapping = match asked {
            Ok(mapping) => mapping,
            Err(why) => {
                let why = Some(why);
                drop(tells.send(Heard::NotOutside { transport, why }).await);
                return;
            }
        };
        let mut outside = mapping.outside();
        while let Some(at) = outside {
            if tells.send(Heard::Outside { transport, at }).await.is_err() {
                return mapping.remove().await;
            }
            outside = tokio::select! {
                changed = mapping.changed() => changed,
                _ = wanted.changed() => return mapping.remove().await,
            };
        }
        let why = None;
        drop(tells.send(Heard::NotOutside { transport, why }).await);
    }
}

/// How long the gateway may take to hear that ports are not wanted any more.
const GOODBYE: Duration = Duration::from_secs(3);
