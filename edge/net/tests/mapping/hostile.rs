//! Gateways, or those who answer in their place, that say anything.

use std::net::Ipv4Addr;
use std::time::Duration;

use net::mapping::{Mapping, NoMapping, Reason, Transport};
use tokio::time::timeout;

use crate::router::{Mangle, Router, Speaks};
use crate::{PATIENCE, PORT, config};

/// Long enough for an answer on a busy machine.
const WITHIN: Duration = Duration::from_secs(2);

async fn refused(router: &Router, mangle: Mangle) -> NoMapping {
    router.table().mangle = mangle;
    let mut config = config(router);
    config.within = WITHIN;
    let asked = Mapping::ask(Transport::Udp, PORT, &config);
    timeout(PATIENCE, asked).await.unwrap().unwrap_err()
}

/// What a gateway of its own is refused for in each case, all at once.
async fn each<const N: usize>(speaks: Speaks, cases: [(Mangle, Reason); N]) {
    let cases = cases.map(|(mangle, reason)| {
        tokio::spawn(async move {
            let router = Router::new(speaks).await;
            let none = refused(&router, mangle).await;
            (of(speaks, &none), reason)
        })
    });
    for (number, case) in cases.into_iter().enumerate() {
        let (found, reason) = case.await.unwrap();
        assert_eq!(found, reason, "{number}");
    }
}

const fn of(speaks: Speaks, none: &NoMapping) -> Reason {
    match speaks {
        Speaks::Pcp => none.pcp,
        Speaks::NatPmp => none.nat_pmp,
        Speaks::Upnp => none.upnp,
    }
}

#[tokio::test]
async fn answers_of_pcp_that_are_none_have_a_reason_each() {
    let cases: [(Mangle, Reason); 14] = [
        (|answer| answer.clear(), Reason::Nonsense),
        (|answer| answer.truncate(3), Reason::Nonsense),
        (|answer| answer.truncate(56), Reason::Nonsense),
        (|answer| answer.truncate(59), Reason::Nonsense),
        (|answer| answer.fill(0xff), Reason::Nonsense),
        (|answer| *answer = vec![0xff; 60_000], Reason::Nonsense),
        // Not an answer; of another question; of another port; to another protocol.
        (|answer| answer[1] = 1, Reason::Nonsense),
        (|answer| answer[24] ^= 1, Reason::Nonsense),
        (|answer| answer[41] ^= 1, Reason::Nonsense),
        (|answer| answer[36] = 1, Reason::Nonsense),
        // No port; no time.
        (|answer| answer[42..44].fill(0), Reason::Nonsense),
        (|answer| answer[4..8].fill(0), Reason::Nonsense),
        (|answer| answer[3] = 2, Reason::Refused),
        (|answer| answer[3] = 4, Reason::Unknown),
    ];
    each(Speaks::Pcp, cases).await;
}

#[tokio::test]
async fn answers_of_nat_pmp_that_are_none_have_a_reason_each() {
    let cases: [(Mangle, Reason); 9] = [
        (|answer| answer.clear(), Reason::Nonsense),
        (|answer| answer.truncate(11), Reason::Nonsense),
        (|answer| answer.fill(0xff), Reason::Nonsense),
        (|answer| *answer = vec![0xff; 60_000], Reason::Nonsense),
        (|answer| answer[1] &= 0x7f, Reason::Nonsense),
        (|answer| answer[9] ^= 1, Reason::Nonsense),
        (|answer| answer[12..].fill(0), Reason::Nonsense),
        (|answer| answer[3] = 2, Reason::Refused),
        (|answer| answer[3] = 5, Reason::Unknown),
    ];
    each(Speaks::NatPmp, cases).await;
}

#[tokio::test]
async fn an_address_where_nobody_can_be_is_not_told_and_its_port_is_given_back() {
    let mut cases = Vec::new();
    for speaks in [Speaks::Pcp, Speaks::NatPmp, Speaks::Upnp] {
        for address in [
            "0.0.0.0",
            "127.0.0.1",
            "169.254.1.1",
            "224.0.0.1",
            "255.255.255.255",
        ] {
            cases.push(tokio::spawn(async move {
                let router = Router::new(speaks).await;
                router.table().outside = address.parse::<Ipv4Addr>().unwrap();
                let none = refused(&router, |_| {}).await;
                assert_eq!(of(speaks, &none), Reason::Nowhere, "{address}");
                assert!(router.table().ports.is_empty());
            }));
        }
    }
    for case in cases {
        case.await.unwrap();
    }
}

/// Replaces a part of an answer that has it.
fn put(answer: &mut Vec<u8>, from: &str, to: &str) {
    let text = String::from_utf8(std::mem::take(answer)).unwrap();
    *answer = text.replace(from, to).into_bytes();
}

#[tokio::test]
async fn answers_of_upnp_that_are_none_have_a_reason_each() {
    let cases: [(Mangle, Reason); 9] = [
        // Of its search: not text, and a place that is somebody else's.
        (|answer| answer.fill(0xff), Reason::Silent),
        (
            |answer| put(answer, "LOCATION: http://127.", "LOCATION: http://10."),
            Reason::Silent,
        ),
        (
            |answer| put(answer, "LOCATION: http:", "LOCATION: file:"),
            Reason::Silent,
        ),
        // Of its description: far too long, far too deep, and commands for somebody else.
        (
            |answer| {
                put(
                    answer,
                    "<root",
                    &format!("<!--{}--><root", "x".repeat(2 << 20)),
                )
            },
            Reason::Silent,
        ),
        (
            |answer| {
                put(answer, "<deviceList>", &"<deviceList>".repeat(100));
                put(answer, "</deviceList>", &"</deviceList>".repeat(100));
            },
            Reason::Silent,
        ),
        (
            |answer| put(answer, ">/control<", ">http://192.0.2.1/control<"),
            Reason::Silent,
        ),
        // Of its commands.
        (
            |answer| put(answer, "203.0.113.7", "somewhere"),
            Reason::Nonsense,
        ),
        (|answer| put(answer, "<s:Body>", ""), Reason::Nonsense),
        (
            |answer| {
                let fault = "<s:Fault><detail><UPnPError><errorCode>725</errorCode>\
                             <errorDescription>x</errorDescription></UPnPError></detail></s:Fault>";
                put(
                    answer,
                    "<u:AddPortMappingResponse",
                    &format!("{fault}<u:Other"),
                );
                put(answer, "</u:AddPortMappingResponse", "</u:Other");
            },
            Reason::OnlyForEver,
        ),
    ];
    each(Speaks::Upnp, cases).await;
}

#[tokio::test]
async fn who_is_not_the_gateway_has_no_say() {
    let router = Router::new(Speaks::Upnp).await;
    let mut config = config(&router);
    // The network's gateway is another one; this one would be let do what it says, were it not for that.
    let other = Router::new(Speaks::Upnp).await;
    config.gateway = Some(other.address);
    config.within = WITHIN;
    let none = Mapping::ask(Transport::Udp, PORT, &config)
        .await
        .unwrap_err();
    assert!(
        matches!(none.upnp, Reason::Silent | Reason::Elsewhere),
        "{none}"
    );
    assert_eq!(router.table().asked, 0);
}
