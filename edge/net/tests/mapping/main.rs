//! Mappings, asked of gateways that speak each of the protocols on addresses of this machine.
#![cfg(target_os = "linux")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops at what does not hold"
)]

mod hostile;
mod router;
mod upnp;

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU16;
use std::time::Duration;

use net::mapping::{By, Config, Mapping, NoMapping, Reason, Transport};
use tokio::time::{sleep, timeout};

use router::{Router, Speaks};

const PATIENCE: Duration = Duration::from_secs(20);
const PORT: NonZeroU16 = NonZeroU16::new(7448).unwrap();
/// The codes of RFC 6887 for what is mapped.
const TCP: u8 = 6;
const UDP: u8 = 17;

fn config(router: &Router) -> Config {
    let mut config = Config::default();
    config.gateway = Some(router.address);
    config.search = router.search();
    config.within = Duration::from_secs(3);
    config
}

async fn ask(router: &Router, transport: Transport) -> Result<Mapping, NoMapping> {
    let config = config(router);
    let asked = Mapping::ask(transport, PORT, &config);
    timeout(PATIENCE, asked).await.unwrap()
}

/// Waits until it is so.
async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, waiting).await.unwrap();
}

#[tokio::test]
async fn a_gateway_of_each_kind_gives_a_port_and_takes_it_back() {
    for (speaks, by) in [
        (Speaks::Pcp, By::Pcp),
        (Speaks::NatPmp, By::NatPmp),
        (Speaks::Upnp, By::Upnp),
    ] {
        let router = Router::new(speaks).await;
        for (transport, code) in [(Transport::Tcp, TCP), (Transport::Udp, UDP)] {
            let mapping = ask(&router, transport).await.unwrap();
            assert_eq!(mapping.by(), by);
            let port = router.table().ports[&(code, PORT.get())];
            let outside = SocketAddr::from((Ipv4Addr::new(203, 0, 113, 7), port));
            assert_eq!(mapping.outside(), Some(outside));
            mapping.remove().await;
            assert!(router.table().ports.is_empty(), "{by:?}");
        }
        drop(ask(&router, Transport::Udp).await.unwrap());
        until(|| router.table().ports.is_empty()).await;
    }
}

#[tokio::test]
async fn a_port_is_renewed_and_a_new_address_is_told() {
    let kinds = [Speaks::Pcp, Speaks::NatPmp, Speaks::Upnp];
    for renewed in kinds.map(|speaks| tokio::spawn(is_renewed(speaks))) {
        renewed.await.unwrap();
    }
}

async fn is_renewed(speaks: Speaks) {
    let router = Router::new(speaks).await;
    router.table().lifetime = 4;
    let mut config = config(&router);
    config.lifetime = Duration::from_secs(4);
    let mut mapping = Mapping::ask(Transport::Udp, PORT, &config).await.unwrap();
    let before = mapping.outside().unwrap();
    until(|| router.table().asked >= 3).await;
    assert_eq!(mapping.outside(), Some(before));
    let moved = Ipv4Addr::new(203, 0, 113, 8);
    router.table().outside = moved;
    let after = timeout(PATIENCE, mapping.changed()).await.unwrap();
    assert_eq!(after, Some(SocketAddr::from((moved, before.port()))));
    // A gateway that is gone: nobody is told of a port that leads nowhere.
    router.table().is_silent = true;
    assert_eq!(timeout(PATIENCE, mapping.changed()).await.unwrap(), None);
    assert_eq!(mapping.outside(), None);
    assert_eq!(mapping.changed().await, None);
}

#[tokio::test]
async fn nobody_who_answers_is_a_reason_each() {
    let router = Router::new(Speaks::Upnp).await;
    router.table().is_silent = true;
    let mut config = config(&router);
    config.within = Duration::from_millis(500);
    let none = Mapping::ask(Transport::Tcp, PORT, &config)
        .await
        .unwrap_err();
    // Nobody listens at its port for the first two.
    let refused = Reason::Unreachable(std::io::ErrorKind::ConnectionRefused);
    let reasons = (none.pcp, none.nat_pmp, none.upnp);
    assert_eq!(reasons, (refused, refused, Reason::Silent));

    let router = Router::new(Speaks::Pcp).await;
    router.table().is_silent = true;
    config.gateway = Some(router.address);
    let none = Mapping::ask(Transport::Tcp, PORT, &config)
        .await
        .unwrap_err();
    let reasons = (none.pcp, none.nat_pmp, none.upnp);
    assert_eq!(reasons, (Reason::Silent, Reason::Silent, Reason::Silent));
}
