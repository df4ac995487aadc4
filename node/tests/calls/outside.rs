//! Ports of the gateway, given by one that speaks NAT-PMP (RFC 6886) on an address of this machine.
#![cfg(target_os = "linux")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kernel::Kind;
use node::call::{Admit, Calls, Gateway, Heard, ListenError, Place, Places, Transport};
use node::{Network, Node};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::people::Person;

const PATIENCE: Duration = Duration::from_secs(60);
const OUTSIDE: [u8; 4] = [203, 0, 113, 7];

/// Which ports of ours it leads to, and from which of its own.
type Ports = Arc<Mutex<Vec<(u16, u16)>>>;

/// Leads the port 1000 above the one that is asked for there; `refuses`: it leads none.
async fn gateway(last: u8, refuses: bool) -> (Gateway, Ports) {
    let [a, b, ..] = std::process::id().to_le_bytes();
    let address = Ipv4Addr::new(127, a.max(1), b, last);
    let socket = UdpSocket::bind((address, 5351)).await.unwrap();
    let ports = Ports::default();
    let kept = Arc::clone(&ports);
    tokio::spawn(async move {
        let mut request = [0; 2048];
        loop {
            let (length, from) = socket.recv_from(&mut request).await.unwrap();
            let answer = match request[..length] {
                [0, 0] => [&[0, 128, 0, 0, 0, 0, 0, 1][..], &OUTSIDE].concat(),
                [0, code @ (1 | 2), _, _, a, b, _, _, c, d, e, f] => {
                    let inside = u16::from_be_bytes([a, b]);
                    let at = inside.wrapping_add(1000);
                    let mut ports = kept.lock().unwrap();
                    ports.retain(|(known, _)| *known != inside);
                    let result = u8::from(refuses) * 2;
                    if [c, d, e, f] != [0; 4] && !refuses {
                        ports.push((inside, at));
                    }
                    let head = [0, 128 + code, 0, result, 0, 0, 0, 1, a, b];
                    [&head[..], &at.to_be_bytes(), &[c, d, e, f]].concat()
                }
                _ => continue,
            };
            socket.send_to(&answer, from).await.unwrap();
        }
    });
    let mut config = Gateway::default();
    config.gateway = Some(address);
    config.search.set_ip(address);
    config.within = Duration::from_millis(500);
    (config, ports)
}

async fn listen(node: &Node, gateway: Gateway) -> Result<Calls, ListenError> {
    let mut places = Places::tcp(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
    // nobody outside comes there
    let own = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    places.direct.push((Transport::Tcp, own));
    places.gateway = Some(gateway);
    node.listen(places, Admit::Known).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_of_the_gateway_leads_here_until_the_listening_ends() {
    let alice = Person::new("Alice").await;
    let (gateway, ports) = gateway(1, false).await;
    let mut calls = listen(&alice.node, gateway).await.unwrap();
    let [Place::Direct(_, own), Place::Direct(..)] = *calls.places() else {
        panic!("{:?}", calls.places())
    };
    let heard = timeout(PATIENCE, calls.next()).await.unwrap();
    let Some(Heard::Outside { transport, at }) = heard else {
        panic!("{heard:?}")
    };
    assert_eq!(
        (transport, at.ip()),
        (Transport::Tcp, IpAddr::from(OUTSIDE))
    );
    assert_eq!(*ports.lock().unwrap(), [(own.port(), at.port())]);
    calls.close().await;
    assert!(ports.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_does_not_want_to_is_told_of() {
    let alice = Person::new("Alice").await;
    let (gateway, _) = gateway(2, true).await;
    let mut calls = listen(&alice.node, gateway).await.unwrap();
    let heard = timeout(PATIENCE, calls.next()).await.unwrap();
    let Some(Heard::NotOutside { why: Some(why), .. }) = heard else {
        panic!("{heard:?}")
    };
    assert_eq!(why.kind(), Kind::Unavailable);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_hides_behind_a_proxy_asks_no_gateway() {
    let mut network = Network::default();
    network.proxy = Some("socks5://127.0.0.1:9".parse().unwrap());
    let alice = Person::with("Alice", network).await;
    let (gateway, _) = gateway(3, false).await;
    let error = listen(&alice.node, gateway).await.unwrap_err();
    assert_eq!(error, ListenError::Proxy);
}
