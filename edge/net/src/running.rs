use rendezvous::Seed;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// Something that runs in the background until it is stopped or dropped. It tells `E`; `P` is what
/// is known of its place from the start.
#[derive(Debug)]
pub struct Running<E, P = ()> {
    pub(crate) place: P,
    events: mpsc::UnboundedReceiver<E>,
    stop: Stop,
    task: JoinHandle<()>,
}

impl<E, P> Running<E, P> {
    /// Runs what `run` gives, which tells into the other end of `events`.
    pub(crate) fn spawn<R>(
        place: P,
        events: mpsc::UnboundedReceiver<E>,
        run: impl FnOnce(Stopped) -> R,
    ) -> Self
    where
        R: Future<Output = ()> + Send + 'static,
    {
        let (stop, stopped) = watch::channel(false);
        Self {
            place,
            events,
            stop: Stop(stop),
            task: tokio::spawn(run(Stopped(stopped))),
        }
    }

    /// What happens next; `None` when it is over. Safe to cancel.
    pub async fn next(&mut self) -> Option<E> {
        self.events.recv().await
    }

    /// A way to end it from elsewhere.
    #[must_use]
    pub fn stopper(&self) -> Stop {
        self.stop.clone()
    }
}

impl<E, P> Drop for Running<E, P> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Ends a [`Running`].
#[derive(Clone, Debug)]
pub struct Stop(watch::Sender<bool>);

impl Stop {
    /// Begins nothing new, finishes what others wait for within a few seconds, then ends the stream
    /// of events. Who cannot wait drops the [`Running`]. A second time changes nothing.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// Where a runner hears of [`Stop::stop`].
#[derive(Debug)]
pub(crate) struct Stopped(watch::Receiver<bool>);

impl Stopped {
    /// Whether somebody said stop; `false` if nobody can any more, because it is gone.
    pub(crate) async fn wait(&mut self) -> bool {
        self.0.wait_for(|stop| *stop).await.is_ok()
    }
}

/// A seed for one machine; `None` if the system has no random bytes.
pub(crate) fn fresh_seed() -> Option<Seed> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).ok()?;
    Some(Seed::new(seed))
}
