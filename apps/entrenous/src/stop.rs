use std::io;
use std::time::Duration;

use tokio::sync::watch;

use crate::failure::{Failure, INTERRUPTED};

/// The person's wish to stop, by Ctrl-C or a termination signal. The first is for whoever waits for
/// [`wanted`](Self::wanted), the second for [`again`](Self::again); if the process has not ended
/// soon after the second, it ends here.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<u8>);

impl Stop {
    /// Hears signals from now on. Call it once, inside the runtime.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let mut signals = Signals::new().map_err(|error| {
            Failure::unavailable("this system does not deliver signals").because(&error)
        })?;
        let (sender, receiver) = watch::channel(0);
        tokio::spawn(async move {
            for times in 1..=2 {
                signals.next().await;
                sender.send_replace(times);
            }
            tokio::select! {
                () = signals.next() => {}
                () = tokio::time::sleep(SOON) => {}
            }
            std::process::exit(INTERRUPTED.into());
        });
        Ok(Self(receiver))
    }

    /// Returns when the person wants to stop.
    pub(crate) async fn wanted(&mut self) {
        self.times(1).await;
    }

    /// Returns when the person wants to stop what [`wanted`](Self::wanted) began to end.
    pub(crate) async fn again(&mut self) {
        self.times(2).await;
    }

    async fn times(&mut self, times: u8) {
        // The sender lives as long as the process, or the process is about to end.
        let _ = self.0.wait_for(|told| *told >= times).await;
    }
}

/// How long a command that was told twice may take to end.
const SOON: Duration = Duration::from_millis(500);

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
