use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use net::call::broker::{Broker, BrokerError};
use net::call::race::{self, Failed, Failure, Way};
use net::call::relay;
use net::call::{self, Heard, Limits, Listeners};
use switch::Token;
use switch::server::Config;
use tokio::time::{sleep, timeout};

use crate::people::{Person, establish, message};
use crate::servers;

/// Long for a slow machine; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(120);
const RELAY: &str = "203.0.113.1:8889";

/// Where the broker is.
fn broker() -> SocketAddr {
    let ip: IpAddr = std::env::var("BROKER").unwrap().parse().unwrap();
    (ip, 4788).into()
}

/// Does what the network wants of this program.
pub(crate) fn run() {
    let part = std::env::var("PART").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let limited = async {
        match part.as_str() {
            "servers" => serve().await,
            "called" => wait().await,
            "caller" => reach().await,
            other => panic!("{other}"),
        }
    };
    runtime
        .unwrap()
        .block_on(async { timeout(PATIENCE, limited).await.unwrap() });
}

/// Until the others are done, and the network is gone.
async fn serve() {
    servers::broker(broker()).await;
    servers::relay(RELAY.parse().unwrap(), Config::default()).await;
    fs::write("servers", "").unwrap();
    sleep(PATIENCE * 2).await;
}

fn ways() -> (Broker, relay::Way, Token) {
    let broker = Broker::new(&broker().ip().to_string(), broker().port());
    let relay = format!("tcp://{RELAY}").parse().unwrap();
    let token: Vec<u8> = (0..32).collect();
    (
        broker,
        relay::Way::to(relay),
        Token::from_bytes(&token).unwrap(),
    )
}

async fn until_there(name: &str) {
    while !Path::new(name).exists() {
        sleep(Duration::from_millis(20)).await;
    }
}

async fn wait() {
    until_there("servers").await;
    let bob = Person::new("Bob", 2);
    let (broker, relay, token) = ways();
    let mut listeners = Listeners::new(Limits::default());
    listeners.broker(broker, 0, Some(token.clone()));
    listeners.relay(relay, Some(token));
    let mut placed = 0;
    loop {
        match listeners.next().await {
            Heard::Placed { .. } => placed += 1,
            Heard::Arrived(arrival) => {
                let path = arrival.path().clone();
                let mut call = arrival.answer(bob.setup()).unwrap();
                talk(&mut call, "called", &path).await;
                return;
            }
            other => panic!("{other:?}"),
        }
        if placed == 2 {
            fs::write("placed", "").unwrap();
        }
    }
}

async fn reach() {
    until_there("placed").await;
    let alice = Person::new("Alice", 1);
    let (broker, relay, token) = ways();
    let ways = vec![
        Way::Broker(broker, token.clone()),
        Way::Relay(Box::new(relay), token),
    ];
    let mut config = race::Config::default();
    // The relay is tried when knocking has failed, however slow this machine is.
    config.relay_after = PATIENCE;
    config.answer_within = Duration::from_secs(6);
    let mut won = race::call(ways, config, None, &alice.setup(), None)
        .await
        .unwrap();
    let no_path = BrokerError::NoPath {
        after: config.answer_within,
    };
    let failed = Failed {
        path: call::Path::Knocked,
        reason: Failure::Broker(no_path),
    };
    let failed = if won.path.is_relayed() {
        vec![failed]
    } else {
        vec![]
    };
    assert_eq!(won.failed, failed);
    talk(&mut won.call, "caller", &won.path).await;
}

/// Both say something, and hear what the other one says.
async fn talk(call: &mut call::Call, name: &str, path: &call::Path) {
    establish(call).await;
    call.handle().send(Bytes::from("hello")).await.unwrap();
    assert_eq!(message(call).await, b"hello");
    fs::write(name, path.to_string()).unwrap();
    // Whoever ends first takes nothing from the other.
    for name in ["caller", "called"] {
        until_there(name).await;
    }
}
