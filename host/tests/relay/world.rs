use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use channel::{Config as Channel, End, Event, Resumption, SessionId};
use host::http::{Certificate, Config, Server, TlsFiles};
use identity::IdentityKey;
use net::call::relay::{Place, Way};
use net::call::{Call, NotKept, Setup, Shelf};
use primitives::Secret;
use switch::server::Stats;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

/// Takes a limit further than a test goes, or to where it goes.
pub(crate) type Change = fn(&mut switch::server::Config);

/// A relay at every kind of address, that counts no beginnings.
pub(crate) fn config(change: Change) -> Config {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut config = Config::default();
    config.listen = vec![any];
    config.relay.web = true;
    config.relay.tcp = vec![any];
    config.relay.limits.starts = usize::MAX;
    change(&mut config.relay.limits);
    config
}

pub(crate) async fn start(change: Change) -> Server {
    Server::start(config(change), None).await.unwrap()
}

/// One whose certificate nobody has to trust.
pub(crate) async fn start_with_tls() -> Server {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/");
    let file = |name: &str| PathBuf::from(format!("{folder}{name}"));
    let mut config = config(|_| {});
    config.relay.tls = config.listen.clone();
    config.tls = Some(Certificate::Files(TlsFiles {
        cert: file("one.crt"),
        key: file("one.key"),
    }));
    Server::start(config, None).await.unwrap()
}

/// The way to it by this scheme.
pub(crate) fn way(server: &Server, scheme: &str) -> Way {
    let [tcp, tls] = server.relay_addresses();
    let address = match scheme {
        "tcp" => tcp[0],
        "tls" => tls[0],
        _ => server.addresses()[0],
    };
    let url = format!("{scheme}://{address}?insecure=true");
    Way::to(url.parse().unwrap())
}

pub(crate) fn tcp(server: &Server) -> SocketAddr {
    server.relay_addresses()[0][0]
}

/// Two who have met: who waited, who came.
pub(crate) async fn meet(first: &Way, second: &Way) -> [Place; 2] {
    let waiting = Place::create(first, None).await.unwrap();
    let coming = Place::join(second, waiting.token().clone()).await.unwrap();
    [waiting, coming]
}

/// A call through a relay, from both ends.
pub(crate) async fn call([mut waiting, coming]: [Place; 2]) -> [Call; 2] {
    let caller = coming.call(setup("carol", 1), None).unwrap();
    timeout(PATIENCE, waiting.arrived()).await.unwrap().unwrap();
    let called = waiting.answer(setup("dave", 2)).unwrap();
    let mut calls = [caller, called];
    let [one, two] = &mut calls;
    tokio::join!(establish(one), establish(two));
    calls
}

async fn establish(call: &mut Call) {
    loop {
        match next(call).await {
            Event::Introduced(_) => call.handle().accept().await,
            Event::Established { .. } => return,
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) async fn next(call: &mut Call) -> Event {
    let event = timeout(PATIENCE, call.next()).await;
    event.expect("nothing happens").expect("it is over")
}

/// The next message.
pub(crate) async fn message(call: &mut Call) -> Vec<u8> {
    loop {
        match next(call).await {
            Event::Message(message) => return message.body,
            Event::Ended(end) => panic!("{end}"),
            _ => {}
        }
    }
}

/// How it ended.
pub(crate) async fn end(call: &mut Call) -> End {
    loop {
        if let Event::Ended(end) = next(call).await {
            return end;
        }
    }
}

/// Waits until what the relay has counted is so.
pub(crate) async fn until(server: &Server, is_so: impl Fn(&Stats) -> bool) {
    let look = async {
        while !is_so(&server.relay().unwrap().stats()) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let looked = timeout(PATIENCE, look).await;
    assert!(looked.is_ok(), "{:?}", server.relay().unwrap().stats());
}

fn setup(name: &str, seed: u8) -> Setup<Nowhere> {
    Setup {
        config: Channel::new(name.parse().unwrap()),
        key: Arc::new(IdentityKey::from_seeds(&Secret::new([seed; 32]), None)),
        shelf: Nowhere,
    }
}

/// No session goes on.
struct Nowhere;

impl Shelf for Nowhere {
    async fn save(&self, _: Resumption) -> Result<(), NotKept> {
        Ok(())
    }

    async fn find(&self, _: SessionId) -> Option<Resumption> {
        None
    }
}

/// For what comes sooner unless something is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A WebSocket to the relay that says nothing; `from` is what a proxy says of it.
pub(crate) async fn socket(server: &Server, from: Option<&str>) -> WebSocketStream<TcpStream> {
    let address = server.addresses()[0];
    let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
    if let Some(from) = from {
        let headers = request.headers_mut();
        headers.insert("x-forwarded-for", from.parse().unwrap());
    }
    let stream = TcpStream::connect(address).await.unwrap();
    client_async(request, stream).await.unwrap().0
}
