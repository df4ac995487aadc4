use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use host::accounts::Admission;
use host::http::{Config, Server};
use host::pace::Rate;
use host::pins::Terms;
use host::respond::{Responder, Rules};
use identity::Home;
use journal::{Clock, Limits, Memory, Store, SystemClock};

/// A running server and what its owner has in hand.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) responder: Arc<Responder>,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(config()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        Self::at(config, Arc::new(SystemClock)).await
    }

    /// One that goes by this clock.
    pub(crate) async fn at(config: Config, clock: Arc<dyn Clock>) -> Self {
        let store = Memory::new(Limits::default(), Arc::clone(&clock));
        Self::over_at(Arc::new(store), config, clock).await
    }

    /// A server over a store that may have been another's before.
    pub(crate) async fn over(store: Arc<dyn Store>, config: Config) -> Self {
        Self::over_at(store, config, Arc::new(SystemClock)).await
    }

    async fn over_at(store: Arc<dyn Store>, config: Config, clock: Arc<dyn Clock>) -> Self {
        let rules = Rules {
            admission: Admission::Pin,
            registrations: Rate {
                per_second: 100,
                burst: 100,
            },
        };
        let responder = Responder::open(store, NAME, rules).await;
        let responder = Arc::new(responder.unwrap().with_clock(clock));
        let server = Server::start_with(config, Some(Arc::clone(&responder)), None).await;
        Self {
            server: server.unwrap(),
            responder,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        *self.server.addresses().first().unwrap()
    }

    /// The home that this server is.
    pub(crate) fn home(&self) -> Home {
        Home::new(NAME, self.responder.key()).unwrap()
    }

    /// A new pin, as the owner reads it out.
    pub(crate) async fn pin(&self) -> String {
        let now = self.responder.now();
        let pin = self.responder.pins().create(now, Terms::default());
        pin.await.unwrap().reveal()
    }
}

/// On any free port, with room for the many requests of these tests.
pub(crate) fn config() -> Config {
    let mut config = Config::default();
    config.listen = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
    config.settings.requests.burst = 10_000;
    config
}

pub(crate) const NAME: &str = "server.test";
