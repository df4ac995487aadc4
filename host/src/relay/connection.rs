use std::future::{Future, pending};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use switch::server::{Cause, Id, Input};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::Relay;
use super::hall::{Flow, Order};

/// Where the frames of a connection come from.
pub(crate) trait Incoming: Send {
    /// Any bytes of anyone's, at most 65,600.
    type Frame: AsRef<[u8]> + Send;

    /// The next frame.
    ///
    /// # Errors
    ///
    /// See [`Unread`]; there are no more then.
    fn next(&mut self) -> impl Future<Output = Result<Self::Frame, Unread>> + Send;

    /// Answers the goodbye of the other side, if it has said one.
    fn goodbye(&mut self) -> impl Future<Output = ()> + Send;
}

/// Where they go.
pub(crate) trait Outgoing: Send {
    /// Writes a frame.
    ///
    /// # Errors
    ///
    /// The connection is broken.
    fn send(&mut self, frame: Vec<u8>) -> impl Future<Output = io::Result<()>> + Send;

    /// Says that nothing more comes.
    ///
    /// # Errors
    ///
    /// The connection is broken.
    fn close(&mut self, cause: Cause) -> impl Future<Output = io::Result<()>> + Send;
}

/// Why there is no frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unread {
    /// It would have more than 65,600 bytes.
    TooLong,
    /// The connection has ended or broken.
    Gone,
}

/// A connection, as a relay knows it; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Connection {
    seat: Seat,
    orders: mpsc::UnboundedReceiver<Order>,
    flow: watch::Receiver<Flow>,
}

/// By what the relay knows a connection, until dropped.
#[derive(Debug)]
struct Seat {
    relay: Arc<Relay>,
    id: Id,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.relay.leave(self.id);
    }
}

impl Connection {
    pub(super) const fn new(
        relay: Arc<Relay>,
        id: Id,
        orders: mpsc::UnboundedReceiver<Order>,
        flow: watch::Receiver<Flow>,
    ) -> Self {
        Self {
            seat: Seat { relay, id },
            orders,
            flow,
        }
    }

    /// Carries frames until either side ends it.
    pub(crate) async fn carry(self, mut incoming: impl Incoming, mut outgoing: impl Outgoing) {
        let Self { seat, orders, flow } = self;
        let overdue = overdue(flow.clone());
        tokio::select! {
            () = read(&seat, flow, &mut incoming) => {}
            () = write(&seat, orders, &mut outgoing) => {}
            () = overdue => {}
        }
        drop(seat);
        // Whoever does not take it does without.
        drop(timeout(GOODBYE, incoming.goodbye()).await);
    }
}

/// Hands over what comes, unless the partner does not keep up. Of what comes after the end some is read and
/// thrown away: a socket that is closed over unread bytes takes back what was written last.
async fn read(seat: &Seat, mut flow: watch::Receiver<Flow>, incoming: &mut impl Incoming) {
    let mut thrown = 0_usize;
    loop {
        // Without a sender it has ended.
        drop(flow.wait_for(|flow| *flow != Flow::Paused).await);
        let id = seat.id;
        match incoming.next().await {
            Ok(frame) => {
                let bytes = frame.as_ref();
                if *flow.borrow() == Flow::Ended {
                    thrown = thrown.saturating_add(bytes.len());
                    match thrown > THROWN {
                        true => return pending().await,
                        false => continue,
                    }
                }
                seat.relay.handle(Input::Frame { id, bytes });
            }
            Err(Unread::TooLong) => {
                let bytes = &TOO_LONG;
                seat.relay.handle(Input::Frame { id, bytes });
                return pending().await;
            }
            Err(Unread::Gone) => return,
        }
    }
}

/// Writes what the relay has for the connection.
async fn write(
    seat: &Seat,
    mut orders: mpsc::UnboundedReceiver<Order>,
    outgoing: &mut impl Outgoing,
) {
    while let Some(order) = orders.recv().await {
        match order {
            Order::Send(frame) => {
                let (id, bytes) = (seat.id, frame.len());
                if outgoing.send(frame).await.is_err() {
                    return;
                }
                seat.relay.handle(Input::Sent { id, bytes });
            }
            Order::Close(cause) => {
                if outgoing.close(cause).await.is_err() {
                    return;
                }
                break;
            }
        }
    }
    // Until the other side has read it all, and goes.
    pending().await
}

/// Until a connection that has ended is cut.
async fn overdue(mut flow: watch::Receiver<Flow>) {
    drop(flow.wait_for(|flow| *flow == Flow::Ended).await);
    sleep(LINGER).await;
}

/// Stands for a frame that was not read because it is too long: one byte more than is taken.
static TOO_LONG: [u8; 65_601] = [0; 65_601];
/// Bytes that are read after the end, but for the last frame.
const THROWN: usize = 256 << 10;
/// How long the last words may take.
const LINGER: Duration = Duration::from_secs(5);
/// For the other side to take the answer to its goodbye.
const GOODBYE: Duration = Duration::from_secs(1);
