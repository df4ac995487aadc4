use alloc::vec::Vec;
use core::net::SocketAddrV4;

use primitives::Secret;

use super::address::is_one;
use super::{Address, ECHO, HEADER, PeerKey, REGISTER};

/// What a client asks a broker.
///
/// # Spec
///
/// `spec/22-switch.md` 5.1.
#[expect(clippy::exhaustive_enums, reason = "the protocol has no others")]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Request<A = SocketAddrV4> {
    /// From where it is seen.
    Echo,
    /// To meet somebody.
    Register(Register<A>),
}

/// To meet somebody under a token.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Register<A = SocketAddrV4> {
    /// Under which; `None`: under one that the broker draws.
    pub token: Option<Secret<16>>,
    /// To whom answers are sealed.
    pub key: PeerKey,
    /// Where somebody says to be, which is what whoever waits is told.
    pub claimed: A,
}

impl<A> Register<A> {
    /// A wish of ours. A token of zeros counts as none.
    #[must_use]
    pub fn new(token: Option<Secret<16>>, key: PeerKey, claimed: A) -> Self {
        Self {
            token: token.filter(|token| *token.expose() != [0; 16]),
            key,
            claimed,
        }
    }
}

impl<A: Address> Request<A> {
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
                let (claimed, _) = A::read(rest)?;
                let can_be = *key != [0; 32] && is_one(claimed);
                let token = Some(Secret::new(*token));
                can_be.then(|| Self::Register(Register::new(token, PeerKey(*key), claimed)))
            }
            _ => None,
        }
    }

    /// The datagram: 6 or 60 bytes; by IPv6, 6 or 72.
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
                register.claimed.write(&mut bytes);
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use core::net::SocketAddrV6;

    use super::*;

    fn register() -> Request {
        let claimed: SocketAddrV4 = "192.0.2.1:54321".parse().unwrap();
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
            assert_eq!(
                Request::<SocketAddrV4>::decode(&bytes[..length]),
                None,
                "{length}"
            );
        }
    }

    #[test]
    fn an_echo_is_six_bytes_and_whatever_follows() {
        assert_eq!(Request::<SocketAddrV4>::Echo.encode(), b"KBRK\x01\x01");
        assert_eq!(
            Request::<SocketAddrV4>::decode(b"KBRK\x01\x01and more"),
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
            assert_eq!(Request::<SocketAddrV4>::decode(other), None);
        }
    }

    #[test]
    fn what_nobody_can_answer_is_none() {
        let good = register().encode();
        for zeros in [22..54, 54..58, 58..60] {
            let mut bytes = good.clone();
            bytes[zeros].fill(0);
            assert_eq!(Request::<SocketAddrV4>::decode(&bytes), None);
        }
    }

    #[test]
    fn by_ipv6_an_address_has_sixteen_bytes() {
        let claimed: SocketAddrV6 = "[2001:db8::1]:54321".parse().unwrap();
        let register = Request::Register(Register::new(None, PeerKey([0x99; 32]), claimed));
        let bytes = [
            &hex::decode("4b42524b0102").unwrap()[..],
            &[0; 16],
            &[0x99; 32],
            &hex::decode("20010db8000000000000000000000001d431").unwrap(),
        ]
        .concat();
        assert_eq!(register.encode(), bytes);
        assert_eq!(bytes.len(), 72);
        assert_eq!(Request::decode(&bytes), Some(register));
        for length in 0..bytes.len() {
            assert_eq!(
                Request::<SocketAddrV6>::decode(&bytes[..length]),
                None,
                "{length}"
            );
        }
    }
}
