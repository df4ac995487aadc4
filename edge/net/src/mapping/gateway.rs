use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};

use tokio::net::UdpSocket;

/// Where this system sends what is not for its own networks.
#[cfg(target_os = "linux")]
pub(super) fn of_this_system() -> Option<Ipv4Addr> {
    use std::io::Read;

    let mut table = String::new();
    let file = std::fs::File::open("/proc/net/route").ok()?;
    file.take(TABLE).read_to_string(&mut table).ok()?;
    in_table(&table)
}

/// Other systems say so by ways that need a library of their own.
#[cfg(not(target_os = "linux"))]
pub(super) fn of_this_system() -> Option<Ipv4Addr> {
    None
}

/// Our address, as somebody at `there` sees it if nothing is between. Nothing is sent.
pub(super) async fn ours_toward(there: Ipv4Addr) -> io::Result<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
    socket.connect(SocketAddrV4::new(there, DISCARD)).await?;
    match socket.local_addr()?.ip() {
        IpAddr::V4(ours) => Ok(ours),
        IpAddr::V6(_) => Err(io::ErrorKind::AddrNotAvailable.into()),
    }
}

/// The default gateway in Linux's table of routes: that of the least metric.
#[cfg(any(target_os = "linux", test))]
fn in_table(table: &str) -> Option<Ipv4Addr> {
    let routes = table.lines().skip(1).filter_map(|line| {
        // Interface, destination, gateway, flags, references, use, metric, mask, ...
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let &[_, destination, gateway, flags, _, _, metric, mask, ..] = fields.as_slice() else {
            return None;
        };
        let flags = u16::from_str_radix(flags, 16).ok()?;
        let gateway = u32::from_str_radix(gateway, 16).ok()?;
        let is_default =
            [destination, mask] == ["00000000"; 2] && flags & UP_BY_GATEWAY == UP_BY_GATEWAY;
        // The kernel prints them as it holds them.
        let gateway = Ipv4Addr::from(gateway.to_ne_bytes());
        let metric: u32 = metric.parse().ok()?;
        (is_default && !gateway.is_unspecified()).then_some((metric, gateway))
    });
    let (_, gateway) = routes.min_by_key(|(metric, _)| *metric)?;
    Some(gateway)
}

/// Any port does.
const DISCARD: u16 = 9;
/// Flags of a route that is up, and leads to a gateway.
#[cfg(any(target_os = "linux", test))]
const UP_BY_GATEWAY: u16 = 3;
/// Bytes of the table that are looked at.
#[cfg(target_os = "linux")]
const TABLE: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_is_that_of_the_default_route_with_the_least_metric() {
        let hex = |octets| format!("{:08X}", u32::from_ne_bytes(octets));
        let head =
            "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
        let route = |to: &str, octets, flags: &str, metric: &str, mask: &str| {
            let gateway = hex(octets);
            format!("eth0\t{to}\t{gateway}\t{flags}\t0\t0\t{metric}\t{mask}\t0\t0\t0\n")
        };
        let any = "00000000";
        let table = [
            head.to_owned(),
            route(any, [192, 0, 2, 9], "0003", "600", any),
            route(any, [192, 0, 2, 1], "0003", "100", any),
            // Not up; not by a gateway; to a network; not by anybody.
            route(any, [192, 0, 2, 2], "0002", "1", any),
            route(any, [192, 0, 2, 3], "0001", "1", any),
            route(
                &hex([10, 0, 0, 0]),
                [192, 0, 2, 4],
                "0003",
                "1",
                &hex([255, 0, 0, 0]),
            ),
            route(any, [0; 4], "0003", "1", any),
            "nonsense\n\nonly three fields\n".to_owned(),
        ];
        assert_eq!(in_table(&table.concat()), Some([192, 0, 2, 1].into()));
        assert_eq!(in_table(head), None);
        assert_eq!(in_table(""), None);
    }
}
