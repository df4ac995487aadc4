use std::net::SocketAddrV4;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::{Reason, pcp, upnp};

/// A port that the gateway has given.
pub(super) enum Held {
    Pcp(pcp::Port),
    Upnp(Box<upnp::Port>),
}

impl Held {
    pub(super) const fn outside(&self) -> SocketAddrV4 {
        match self {
            Self::Pcp(port) => port.outside(),
            Self::Upnp(port) => port.outside(),
        }
    }

    /// How long it lasts from when it was given or renewed.
    fn lifetime(&self) -> Duration {
        match self {
            Self::Pcp(port) => port.lifetime(),
            Self::Upnp(port) => port.lifetime(),
        }
    }

    async fn renew(&mut self) -> Result<(), Reason> {
        match self {
            Self::Pcp(port) => port.renew().await,
            Self::Upnp(port) => port.renew().await,
        }
    }

    async fn remove(self) {
        match self {
            Self::Pcp(port) => port.remove().await,
            Self::Upnp(port) => port.remove().await,
        }
    }
}

/// Renews when half of what is left is over, until nobody listens, or nothing is left.
pub(super) async fn keep(mut held: Held, told: watch::Sender<Option<SocketAddrV4>>) {
    let mut ends = after(held.lifetime());
    loop {
        let left = ends.saturating_duration_since(Instant::now());
        if left.is_zero() {
            told.send_replace(None);
            return;
        }
        tokio::select! {
            () = told.closed() => break,
            () = sleep(left.checked_div(2).unwrap_or(left).max(PAUSE).min(left)) => {}
        }
        // What was not renewed now is tried again.
        if held.renew().await.is_ok() {
            ends = after(held.lifetime());
            let outside = Some(held.outside());
            told.send_if_modified(|told| std::mem::replace(told, outside) != outside);
        }
    }
    held.remove().await;
}

fn after(lifetime: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(lifetime).unwrap_or(now)
}

/// A gateway is not asked more often, whatever lifetimes it says.
const PAUSE: Duration = Duration::from_secs(1);
