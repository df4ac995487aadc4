use std::time::Duration;

use switch::Token;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::{Arrival, Came, Heard, Unplaced, take};
use crate::call::broker::Broker;
use crate::call::listen::{Caller, Openings};
use crate::call::relay::{Place, Way};
use crate::call::{Datagrams, Path};

/// Registers at a broker until it answers, and takes whoever comes.
pub(super) async fn at_broker(
    broker: Broker,
    port: u16,
    own: Option<Token>,
    openings: Openings,
    tells: mpsc::Sender<Heard>,
) {
    let mut pause = Pause::default();
    loop {
        match Datagrams::enrol(port, openings.clone(), &broker, own.clone()).await {
            Ok((datagrams, registration)) => {
                let placed = Heard::Placed {
                    path: Path::Knocked,
                    token: registration.token,
                    seen: Some(registration.seen),
                };
                drop(tells.send(placed).await);
                return take(datagrams, tells).await;
            }
            Err(error) => pause.after(Path::Knocked, error, &tells).await,
        }
    }
}

/// Creates one place after the other, and tells of whoever comes there.
pub(super) async fn at_relay(
    way: Way,
    own: Option<Token>,
    openings: Openings,
    tells: mpsc::Sender<Heard>,
) {
    let path = way.path();
    let mut pause = Pause::default();
    loop {
        let begun = Instant::now();
        match Place::create(&way, own.clone()).await {
            Ok(mut place) => {
                pause = Pause::default();
                let placed = Heard::Placed {
                    path: path.clone(),
                    token: place.token().clone(),
                    seen: None,
                };
                drop(tells.send(placed).await);
                let is_there = place.arrived().await.is_ok();
                let opening = is_there.then(|| openings.take(Caller::By(path.clone())));
                if let Some(opening) = opening.flatten() {
                    let came = Came::Relayed(place, path.clone(), opening);
                    drop(tells.send(Heard::Arrived(Arrival(came))).await);
                }
            }
            Err(error) => pause.after(path.clone(), error, &tells).await,
        }
        // A relay lets nobody begin more than twenty connections a minute.
        if let Some(next) = begun.checked_add(SPACING) {
            sleep_until(next).await;
        }
    }
}

/// Between two attempts of which the first had no success: each time twice as long.
struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(SHORTEST)
    }
}

impl Pause {
    async fn after(
        &mut self,
        path: Path,
        reason: impl Into<crate::call::race::Failure>,
        tells: &mpsc::Sender<Heard>,
    ) {
        let (again, reason) = (self.0, reason.into());
        self.0 = again.saturating_mul(2).min(LONGEST);
        let unplaced = Unplaced {
            path,
            reason,
            again,
        };
        drop(tells.send(Heard::Unplaced(unplaced)).await);
        sleep(again).await;
    }
}

/// Between two places at one relay, so that fewer than the twenty connections a minute are begun that it allows a source.
const SPACING: Duration = Duration::from_secs(4);
/// Pauses after a server that gives no place.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
