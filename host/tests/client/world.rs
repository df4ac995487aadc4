use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use host::accounts::Admission;
use host::http::{Certificate, Config, Server, TlsFiles};
use host::pace::Rate;
use host::pins::Terms;
use host::respond::{Responder, Rules};
use journal::{Clock, Limits, Memory, SystemClock};
use net::server::{Options, Prover, Rpc};
use rendezvous::bucket::Host;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use wire::v1::operation::Operation as Op;
use wire::v1::{AccountGet, Challenge, answer};

use crate::person::Person;
use crate::socks;

/// A running server.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) responder: Arc<Responder>,
}

impl World {
    /// In plain, named as clients dial it.
    pub(crate) async fn start() -> Self {
        Self::named("127.0.0.1", config()).await
    }

    /// With TLS, for the names of its certificate.
    pub(crate) async fn with_tls() -> Self {
        let mut config = config();
        config.tls = Some(Certificate::Files(files("named")));
        Self::named("server.test", config).await
    }

    pub(crate) async fn named(name: &str, config: Config) -> Self {
        let store = Memory::new(Limits::default(), Arc::new(SystemClock));
        let rules = Rules {
            admission: Admission::Pin,
            registrations: Rate {
                per_second: 100,
                burst: 100,
            },
        };
        let responder = Responder::open(Arc::new(store), name, rules).await;
        let responder = Arc::new(responder.unwrap());
        let server = Server::start_with(config, Some(Arc::clone(&responder)), None).await;
        Self {
            server: server.unwrap(),
            responder,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        *self.server.addresses().first().unwrap()
    }

    /// A new pin, as the owner reads it out.
    pub(crate) async fn pin(&self) -> String {
        let pin = self
            .responder
            .pins()
            .create(SystemClock.now(), Terms::default());
        pin.await.unwrap().reveal()
    }

    /// Makes an account of a person, over the way of `options`.
    pub(crate) async fn register(&self, person: &Person, options: Options) {
        let register = person.register(&self.pin().await);
        let mut rpc = Rpc::new(options).unwrap();
        let said = rpc.prove(prover(person), register, None).await.unwrap();
        assert!(matches!(said, answer::Result::Registered(_)), "{said:?}");
    }
}

/// On any free port, with room for the many requests of these tests.
pub(crate) fn config() -> Config {
    let mut config = Config::default();
    config.listen = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
    config.settings.requests.burst = 10_000;
    config
}

pub(crate) fn files(name: &str) -> TlsFiles {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/tls");
    TlsFiles {
        cert: folder.join(format!("{name}.crt")),
        key: folder.join(format!("{name}.key")),
    }
}

pub(crate) fn root(name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(files(name).cert).unwrap()
}

/// Straight to an address of this machine, in plain, with pauses that no test notices.
pub(crate) fn direct(address: SocketAddr) -> Options {
    hurried(Options::new(host(address)))
}

pub(crate) fn host(address: SocketAddr) -> Host {
    address.to_string().parse().unwrap()
}

/// By name, through a proxy where that name leads to `address`: so with TLS, if it is not one of
/// this machine.
pub(crate) async fn by_name(name: &str, address: SocketAddr) -> Options {
    let (proxy, _) = socks::proxy(move |_| address).await;
    let mut options = hurried(Options::new(Host::typed(name).unwrap()));
    options.proxy = Some(format!("socks5://{proxy}").parse().unwrap());
    options.roots = vec![root("named")];
    options
}

fn hurried(mut options: Options) -> Options {
    options.pause = Duration::from_millis(1);
    options
}

/// A person's first device.
pub(crate) fn prover(person: &Person) -> Prover<'_> {
    Prover::new(person.identity.user_id(), &person.first)
}

/// What every server answers to anyone.
pub(crate) const CHALLENGE: Op = Op::Challenge(Challenge {});
/// What a server answers to a device only.
pub(crate) const ACCOUNT: Op = Op::Account(AccountGet {});
/// Longer than anything takes, on the slowest machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
