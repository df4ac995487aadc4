use alloc::format;
use alloc::vec::Vec;
use core::net::{Ipv4Addr, SocketAddrV4};

use primitives::Secret;

use super::{ECHO, HEADER, PeerKey, REGISTER};

/// What a client asks a broker.
///
/// # Spec
///
/// `spec/22-switch.md` 5.1.
#[expect(clippy::exhaustive_enums, reason = "the protocol has no others")]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Request {
    /// From where it is seen.
    Echo,
    /// To meet somebody.
    Register(Register),
}

/// To meet somebody under a token.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Register {
    /// Under which; `None`: under one that the broker draws.
    pub token: Option<Secret<16>>,
    /// To whom answers are sealed.
    pub key: PeerKey,
    /// Where somebody says to be, which is what whoever waits is told.
    pub claimed: SocketAddrV4,
}

impl Register {
    /// A wish of ours. A token of zeros counts as none.
    #[must_use]
    pub fn new(token: Option<Secret<16>>, key: PeerKey, claimed: SocketAddrV4) -> Self {
        Self {
            token: token.filter(|token| *token.expose() != [0; 16]),
            key,
            claimed,
        }
    }
}

impl Request {
    /// The request in a datagram of anyone's: `None` if there is none, or one that nobody can answer
    /// (a key of zeros, an address or a port of zero). What follows it is ignored.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (&code, rest) = bytes.strip_prefix(&HEADER)?.split_first()?;
        match code {
            ECHO => Some(Self::Echo),
            REGISTER => {
                let (token, rest) = rest.split_first_chunk::<16>()?;
                let (key, rest) = rest.split_first_chunk::<32>()?;
                let (claimed, _) = read_address(rest)?;
                let can_be =
                    *key != [0; 32] && !claimed.ip().is_unspecified() && claimed.port() != 0;
                let token = Some(Secret::new(*token));
                can_be.then(|| Self::Register(Register::new(token, PeerKey(*key), claimed)))
            }
            _ => None,
        }
    }

    /// The datagram: 6 or 60 bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = HEADER.to_vec();
        match self {
            Self::Echo => bytes.push(ECHO),
            Self::Register(register) => {
                bytes.push(REGISTER);
                let token = register.token.as_ref().map_or(&[0; 16], Secret::expose);
                bytes.extend_from_slice(token);
                bytes.extend_from_slice(&register.key.0);
                write_address(&mut bytes, register.claimed);
            }
        }
        bytes
    }
}

/// The answer to [`Request::Echo`]: where it came from, as text, and a zero.
#[must_use]
pub fn echo(from: SocketAddrV4) -> Vec<u8> {
    format!("{from}\0").into_bytes()
}

/// The inverse of [`echo`], for anyone's bytes.
#[must_use]
pub fn read_echo(bytes: &[u8]) -> Option<SocketAddrV4> {
    let text = bytes.strip_suffix(&[0])?;
    if text.len() > "255.255.255.255:65535".len() {
        return None;
    }
    str::from_utf8(text).ok()?.parse().ok()
}

/// An address, and what follows it.
pub(super) fn read_address(bytes: &[u8]) -> Option<(SocketAddrV4, &[u8])> {
    let (ip, rest) = bytes.split_first_chunk::<4>()?;
    let (port, rest) = rest.split_first_chunk()?;
    let address = SocketAddrV4::new(Ipv4Addr::from(*ip), u16::from_be_bytes(*port));
    Some((address, rest))
}

pub(super) fn write_address(bytes: &mut Vec<u8>, address: SocketAddrV4) {
    bytes.extend_from_slice(&address.ip().octets());
    bytes.extend_from_slice(&address.port().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn register() -> Request {
        let claimed = "192.0.2.1:54321".parse().unwrap();
        Request::Register(Register::new(None, PeerKey([0x99; 32]), claimed))
    }

    #[test]
    fn a_registration_is_that_of_the_spec() {
        let bytes = [
            &hex::decode("4b42524b0102").unwrap()[..],
            &[0; 16],
            &[0x99; 32],
            &hex::decode("c0000201d431").unwrap(),
        ]
        .concat();
        assert_eq!(register().encode(), bytes);
        assert_eq!(Request::decode(&bytes), Some(register()));
        assert_eq!(
            Request::decode(&[&bytes[..], b"more"].concat()),
            Some(register())
        );
        for length in 0..bytes.len() {
            assert_eq!(Request::decode(&bytes[..length]), None, "{length}");
        }
    }

    #[test]
    fn an_echo_is_six_bytes_and_whatever_follows() {
        assert_eq!(Request::Echo.encode(), b"KBRK\x01\x01");
        assert_eq!(
            Request::decode(b"KBRK\x01\x01and more"),
            Some(Request::Echo)
        );
        for other in [
            &b""[..],
            b"KBRK\x01",
            b"KBRK\x02\x01",
            b"kBRK\x01\x01",
            b"KBRK\x01\x03",
            b"KBRK\x01\x00",
        ] {
            assert_eq!(Request::decode(other), None);
        }
    }

    #[test]
    fn what_nobody_can_answer_is_none() {
        let good = register().encode();
        for zeros in [22..54, 54..58, 58..60] {
            let mut bytes = good.clone();
            bytes[zeros].fill(0);
            assert_eq!(Request::decode(&bytes), None);
        }
    }

    #[test]
    fn the_answer_to_an_echo_is_text_and_a_zero() {
        let address = "192.0.2.255:65535".parse().unwrap();
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
            assert_eq!(read_echo(other), None);
        }
    }
}
