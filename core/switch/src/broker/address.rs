use alloc::format;
use alloc::vec::Vec;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// What a broker speaks of: IPv4 addresses, or, at one of ours that is reached by it, IPv6 addresses. The two do not know
/// each other: who came by one is not told of who came by the other.
///
/// # Spec
///
/// `spec/22-switch.md` 5.5.
pub trait Address: Coded + Copy + Ord + fmt::Debug + fmt::Display + Into<SocketAddr> {}

impl Address for SocketAddrV4 {}
impl Address for SocketAddrV6 {}

/// How an address is written.
#[expect(unnameable_types, reason = "so nobody else can implement it")]
pub trait Coded: Sized {
    /// Bytes of its longest text.
    const TEXT: usize;

    /// An address of anyone's, and what follows it.
    fn read(bytes: &[u8]) -> Option<(Self, &[u8])>;

    /// Appends it.
    fn write(self, bytes: &mut Vec<u8>);

    /// Reads text of anyone's.
    fn parse(text: &str) -> Option<Self>;

    /// Without what only this machine knows of it.
    fn plain(self) -> Self;
}

impl Coded for SocketAddrV4 {
    const TEXT: usize = "255.255.255.255:65535".len();

    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (ip, rest) = bytes.split_first_chunk::<4>()?;
        let (port, rest) = rest.split_first_chunk()?;
        Some((
            Self::new(Ipv4Addr::from(*ip), u16::from_be_bytes(*port)),
            rest,
        ))
    }

    fn write(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.ip().octets());
        bytes.extend_from_slice(&self.port().to_be_bytes());
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn plain(self) -> Self {
        self
    }
}

impl Coded for SocketAddrV6 {
    const TEXT: usize = "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535".len();

    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (ip, rest) = bytes.split_first_chunk::<16>()?;
        let (port, rest) = rest.split_first_chunk()?;
        let (ip, port) = (Ipv6Addr::from(*ip), u16::from_be_bytes(*port));
        Some((Self::new(ip, port, 0, 0), rest))
    }

    fn write(self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.ip().octets());
        bytes.extend_from_slice(&self.port().to_be_bytes());
    }

    fn parse(text: &str) -> Option<Self> {
        let address: Option<Self> = text.parse().ok();
        address.filter(|address| *address == address.plain())
    }

    fn plain(self) -> Self {
        Self::new(*self.ip(), self.port(), 0, 0)
    }
}

/// Whether a stranger's address can be one at all.
pub(super) fn is_one(address: impl Into<SocketAddr>) -> bool {
    let address = address.into();
    address.port() != 0 && !address.ip().is_unspecified()
}

/// Whether somebody outside this machine can be there.
pub(super) fn is_somewhere(address: impl Into<SocketAddr>) -> bool {
    let address = address.into();
    let is_nowhere = match address {
        SocketAddr::V4(address) => address.ip().is_broadcast(),
        // Another kind of address in the form of this one; and one that means another place on each link.
        SocketAddr::V6(address) => {
            address.ip().to_ipv4_mapped().is_some() || address.ip().is_unicast_link_local()
        }
    };
    is_one(address) && !is_nowhere && !address.ip().is_multicast()
}

/// The answer to an echo: where it came from, as text, and a zero.
#[must_use]
pub fn echo<A: Address>(from: A) -> Vec<u8> {
    format!("{}\0", from.plain()).into_bytes()
}

/// The inverse of [`echo`], for anyone's bytes.
#[must_use]
pub fn read_echo<A: Address>(bytes: &[u8]) -> Option<A> {
    let text = bytes.strip_suffix(&[0])?;
    if text.len() > A::TEXT {
        return None;
    }
    A::parse(str::from_utf8(text).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_an_echo_is_text_and_a_zero() {
        let address: SocketAddrV4 = "192.0.2.255:65535".parse().unwrap();
        assert_eq!(echo(address), b"192.0.2.255:65535\0");
        assert_eq!(read_echo(&echo(address)), Some(address));
        for other in [
            &b""[..],
            b"\0",
            b"192.0.2.1:80",
            b"192.0.2.1\0",
            b"192.0.2.1:80\0\0",
            b"192.0.2.1:65536\0",
            b"[::1]:80\0",
            b"\xff:80\0",
        ] {
            assert_eq!(read_echo::<SocketAddrV4>(other), None);
        }
    }

    #[test]
    fn and_so_it_is_by_ipv6() {
        let address = SocketAddrV6::new("2001:db8::1".parse().unwrap(), 4788, 0, 0);
        assert_eq!(echo(address), b"[2001:db8::1]:4788\0");
        assert_eq!(read_echo(&echo(address)), Some(address));
        let here = SocketAddrV6::new(*address.ip(), 4788, 7, 3);
        assert_eq!(echo(here), echo(address));
        for other in [
            &b"192.0.2.1:80\0"[..],
            b"[fe80::1%3]:80\0",
            b"2001:db8::1\0",
        ] {
            assert_eq!(read_echo::<SocketAddrV6>(other), None);
        }
    }

    #[test]
    fn nobody_is_where_nobody_can_be() {
        for text in [
            "0.0.0.0:1",
            "192.0.2.1:0",
            "224.0.0.1:1",
            "255.255.255.255:1",
            "[::]:1",
            "[ff02::1]:1",
            "[2001:db8::1]:0",
            "[fe80::1]:1",
            "[::ffff:192.0.2.1]:1",
        ] {
            assert!(!is_somewhere(text.parse::<SocketAddr>().unwrap()), "{text}");
        }
        for text in [
            "192.0.2.1:1",
            "10.0.0.1:65535",
            "[2001:db8::1]:1",
            "[fd00::1]:1",
        ] {
            assert!(is_somewhere(text.parse::<SocketAddr>().unwrap()), "{text}");
        }
    }
}
