//! Whether a server is alive, for whoever restarts one that is not.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::hub::Hub;

/// Feels whether a running server does its work.
#[derive(Clone, Debug)]
pub struct Pulse {
    hub: Arc<Hub>,
    tasks: Vec<mpsc::Sender<Beat>>,
}

/// A question that a task answers between two pieces of its work.
#[derive(Debug)]
pub(super) struct Beat(oneshot::Sender<()>);

impl Beat {
    pub(super) fn answer(self) {
        // If nobody waits for it any more: no matter.
        let _ = self.0.send(());
    }
}

impl Pulse {
    pub(super) fn new(hub: &Arc<Hub>, tasks: Vec<mpsc::Sender<Beat>>) -> Self {
        Self {
            hub: Arc::clone(hub),
            tasks,
        }
    }

    /// Waits until the task of every public listener has answered, the one that tidies, and the
    /// store, if there is one. `false` if one of them has ended or failed; a task or store that
    /// hangs never answers, so who waits gives up at some time. While the server stops, its
    /// listeners are not asked.
    pub async fn beat(&self) -> bool {
        for task in &self.tasks {
            let (sender, answer) = oneshot::channel();
            let is_alive = task.send(Beat(sender)).await.is_ok() && answer.await.is_ok();
            if !is_alive && !self.hub.is_draining() {
                return false;
            }
        }
        match &self.hub.responder {
            // Nobody's account: what counts is that the store has looked.
            Some(responder) => responder.accounts().get(&[0; 32]).await.is_ok(),
            None => true,
        }
    }
}

/// Where a task is asked, and where it hears it.
pub(super) fn questions() -> (mpsc::Sender<Beat>, mpsc::Receiver<Beat>) {
    mpsc::channel(1)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};
    use std::time::Duration;

    use futures_util::FutureExt;
    use journal::{Limits, Memory, SystemClock};

    use super::super::{Config, Server};
    use super::*;
    use crate::respond::{Responder, Rules};

    async fn server() -> Server {
        let store = Memory::new(Limits::default(), Arc::new(SystemClock));
        let responder = Responder::open(Arc::new(store), "here", Rules::default()).await;
        let config = Config {
            listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0)); 2],
            ..Config::default()
        };
        let responder = Some(Arc::new(responder.unwrap()));
        Server::start_with(config, responder, None).await.unwrap()
    }

    #[tokio::test]
    async fn a_server_that_works_beats_and_one_that_is_gone_does_not() {
        let server = server().await;
        let pulse = server.pulse();
        assert_eq!(pulse.tasks.len(), 3);
        for _ in 0..3 {
            assert!(pulse.beat().await);
        }
        drop(server);
        assert!(!pulse.beat().await);
    }

    #[tokio::test]
    async fn while_it_stops_the_store_alone_is_asked() {
        let server = server().await;
        let pulse = server.pulse();
        server.stop(Duration::ZERO).await;
        assert!(pulse.beat().await);
    }

    #[tokio::test]
    async fn a_task_that_does_nothing_is_no_beat() {
        let server = server().await;
        let (asking, heard) = questions();
        let stuck = Pulse::new(&server.pulse().hub, vec![asking]);
        let mut beat = Box::pin(stuck.beat());
        assert!(beat.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
        assert!(beat.as_mut().now_or_never().is_none());
        drop(heard);
        assert!(!beat.await);
    }
}
