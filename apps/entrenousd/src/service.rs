//! The process around the server: its runtime, its signals, its service manager.

use kernel::Kind;
use tokio::runtime::Runtime;

use crate::failure::Failure;

/// What the operator wants now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Signal {
    Stop,
    Reload,
}

pub(crate) fn runtime() -> Result<Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.map_err(|error| Failure::new(Kind::Unavailable, format!("cannot start: {error}")))
}

#[cfg(unix)]
mod signals {
    use tokio::signal::unix::{self, SignalKind};

    use super::{Failure, Kind, Signal};

    /// SIGINT and SIGTERM stop, SIGHUP reloads.
    #[derive(Debug)]
    pub(crate) struct Signals {
        interrupt: unix::Signal,
        terminate: unix::Signal,
        hang_up: unix::Signal,
    }

    impl Signals {
        pub(crate) fn listen() -> Result<Self, Failure> {
            let listen = |kind| {
                let failed = |error| Failure::new(Kind::Bug, format!("no signals: {error}"));
                unix::signal(kind).map_err(failed)
            };
            Ok(Self {
                interrupt: listen(SignalKind::interrupt())?,
                terminate: listen(SignalKind::terminate())?,
                hang_up: listen(SignalKind::hangup())?,
            })
        }

        pub(crate) async fn next(&mut self) -> Signal {
            tokio::select! {
                _ = self.interrupt.recv() => Signal::Stop,
                _ = self.terminate.recv() => Signal::Stop,
                _ = self.hang_up.recv() => Signal::Reload,
            }
        }
    }
}

#[cfg(not(unix))]
mod signals {
    use super::{Failure, Signal};

    /// Ctrl-C stops.
    #[derive(Debug)]
    pub(crate) struct Signals;

    impl Signals {
        pub(crate) fn listen() -> Result<Self, Failure> {
            Ok(Self)
        }

        pub(crate) async fn next(&mut self) -> Signal {
            drop(tokio::signal::ctrl_c().await);
            Signal::Stop
        }
    }
}

pub(crate) use signals::Signals;

impl Signals {
    /// Until the operator wants it to stop.
    pub(crate) async fn stop(&mut self) {
        while self.next().await != Signal::Stop {}
    }
}

#[cfg(target_os = "linux")]
mod manager {
    use std::time::Duration;

    use host::http::Pulse;
    use sd_notify::NotifyState;
    use tokio::time::MissedTickBehavior;

    /// Tells the service manager, if there is one. Without one, or if it is gone, nobody minds.
    fn tell(states: &[NotifyState<'_>]) {
        if let Err(error) = sd_notify::notify(states) {
            tracing::debug!(%error, "service manager");
        }
    }

    pub(crate) fn ready() {
        tell(&[NotifyState::Ready, NotifyState::Status("serving")]);
    }

    pub(crate) fn ready_but(status: &str) {
        tell(&[NotifyState::Ready, NotifyState::Status(status)]);
    }

    pub(crate) fn reloading() {
        if let Ok(now) = NotifyState::monotonic_usec_now() {
            tell(&[NotifyState::Reloading, now]);
        }
    }

    pub(crate) fn stopping() {
        tell(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
    }

    /// Feeds the watchdog from now on, if there is one: three times in its period, but only while
    /// the server's tasks and its store answer.
    pub(crate) fn watch(pulse: Pulse) {
        let Some(period) = sd_notify::watchdog_enabled() else {
            return;
        };
        tokio::spawn(async move {
            let every = period.checked_div(3).unwrap_or_default().max(SHORTEST);
            let mut ticks = tokio::time::interval(every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                if pulse.beat().await {
                    tell(&[NotifyState::Watchdog]);
                }
            }
        });
    }

    const SHORTEST: Duration = Duration::from_millis(1);
}

#[cfg(not(target_os = "linux"))]
mod manager {
    use host::http::Pulse;

    pub(crate) fn ready() {}
    pub(crate) fn ready_but(_: &str) {}
    pub(crate) fn reloading() {}
    pub(crate) fn stopping() {}
    pub(crate) fn watch(pulse: Pulse) {
        drop(pulse);
    }
}

pub(crate) use manager::{ready, ready_but, reloading, stopping, watch};
