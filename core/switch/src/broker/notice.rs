use alloc::vec::Vec;
use core::net::SocketAddrV4;

use primitives::{
    Generator, NONCE_LEN, Secret, TAG_LEN, open_in_place, seal_in_place, sha256, x25519,
};

use super::{Address, HEADER, NOTIFY, PeerKey};

/// What a broker tells a client, sealed to the key under which it registered. Anyone who knows that key
/// can say the same.
///
/// # Spec
///
/// `spec/22-switch.md` 5.2.
#[expect(clippy::exhaustive_enums, reason = "the protocol has no others")]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Notice<A = SocketAddrV4> {
    /// Somebody else registered under the token.
    Matched {
        /// Which one.
        token: Secret<16>,
        /// Their key.
        key: PeerKey,
        /// Where they are, as seen or as they say.
        address: A,
    },
    /// The token that was drawn.
    Assigned {
        /// Which one.
        token: Secret<16>,
        /// For how many seconds it is held.
        lasts_s: u32,
    },
}

impl<A: Address> Notice<A> {
    /// The datagram: 133 or 99 bytes; by IPv6, 145 or 99. `None` if `to` is a key of low order, to which nothing can be
    /// sealed.
    pub(crate) fn seal(&self, to: &PeerKey, generator: &mut Generator) -> Option<Vec<u8>> {
        let secret = generator.secret();
        let shared = agree(&secret, to)?;
        Some(self.seal_with(&shared, &PeerKey::of(&secret), &generator.bytes()))
    }

    fn seal_with(&self, shared: &Secret<32>, broker: &PeerKey, nonce: &[u8; NONCE_LEN]) -> Vec<u8> {
        let mut packet = HEADER.to_vec();
        packet.push(NOTIFY);
        packet.extend_from_slice(&broker.0);
        let mut body = self.encode();
        let tag = seal_in_place(shared, nonce, &mut body, &packet);
        packet.extend_from_slice(nonce);
        packet.extend_from_slice(&body);
        packet.extend_from_slice(&tag);
        packet
    }

    /// The notice in a datagram of anyone's for the owner of `secret`, if it is one.
    pub(crate) fn open(packet: &[u8], secret: &Secret<32>) -> Option<Self> {
        let rest = packet.strip_prefix(&HEADER)?.strip_prefix(&[NOTIFY])?;
        let (broker, rest) = rest.split_first_chunk::<32>()?;
        let (data, _) = packet.split_at_checked(DATA_LEN)?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>()?;
        let (body, tag) = rest.split_last_chunk::<TAG_LEN>()?;
        if body.len() > BODY_MAX {
            return None;
        }
        let shared = agree(secret, &PeerKey(*broker))?;
        let mut body = body.to_vec();
        open_in_place(&shared, nonce, &mut body, tag, data).ok()?;
        Self::decode(&body)
    }

    fn encode(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(BODY_MAX);
        match self {
            Self::Matched {
                token,
                key,
                address,
            } => {
                body.push(MATCHED);
                body.extend_from_slice(token.expose());
                body.extend_from_slice(&key.0);
                address.write(&mut body);
            }
            Self::Assigned { token, lasts_s } => {
                body.push(ASSIGNED);
                body.extend_from_slice(token.expose());
                body.extend_from_slice(&lasts_s.to_be_bytes());
            }
        }
        body
    }

    fn decode(body: &[u8]) -> Option<Self> {
        let (&kind, rest) = body.split_first()?;
        let (token, rest) = rest.split_first_chunk()?;
        let token = Secret::new(*token);
        match kind {
            MATCHED => {
                let (key, rest) = rest.split_first_chunk()?;
                let (address, _) = A::read(rest)?;
                let key = PeerKey(*key);
                Some(Self::Matched {
                    token,
                    key,
                    address,
                })
            }
            ASSIGNED => {
                let (seconds, _) = rest.split_first_chunk()?;
                let lasts_s = u32::from_be_bytes(*seconds);
                Some(Self::Assigned { token, lasts_s })
            }
            _ => None,
        }
    }
}

/// The key of a notice; `None` if the other half is of low order.
fn agree(secret: &Secret<32>, theirs: &PeerKey) -> Option<Secret<32>> {
    let shared = x25519(secret, &theirs.0);
    let is_some = shared != Secret::new([0; 32]);
    is_some.then(|| Secret::new(sha256(&[shared.expose()])))
}

const MATCHED: u8 = 1;
const ASSIGNED: u8 = 2;
/// Bytes of a packet that are authenticated and not sealed.
const DATA_LEN: usize = 38;
/// Bytes of the longest notice; a reader takes a few that we do not know behind it.
const BODY_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use core::net::SocketAddrV6;

    use super::*;

    fn notices() -> [Notice; 2] {
        let token = Secret::new([1; 16]);
        [
            Notice::Assigned {
                token: token.clone(),
                lasts_s: 60,
            },
            Notice::Matched {
                token,
                key: PeerKey([7; 32]),
                address: "192.0.2.1:54321".parse().unwrap(),
            },
        ]
    }

    #[test]
    fn an_assignment_is_that_of_the_spec() {
        let shared = Secret::new(sha256(&[&[0x66; 32]]));
        let [notice, _] = notices();
        let packet = notice.seal_with(&shared, &PeerKey([0x99; 32]), &[0x24; 24]);
        let sealed = "618b5b040c964ad08c0645ee9a113dee4f44022d30a850a5b7e9294ea96b819c15cde9cf09";
        let expected = [
            &hex::decode("4b42524b0103").unwrap()[..],
            &[0x99; 32],
            &[0x24; 24],
            &hex::decode(sealed).unwrap(),
        ];
        assert_eq!(hex::encode(packet), hex::encode(expected.concat()));
    }

    #[test]
    fn what_is_sealed_opens_for_whom_it_is_and_unaltered_only() {
        let mut generator = Generator::new(Secret::new([1; 32]));
        let secret = generator.secret();
        for (notice, length) in notices().into_iter().zip([99, 133]) {
            let packet = notice.seal(&PeerKey::of(&secret), &mut generator).unwrap();
            assert_eq!(packet.len(), length);
            assert_eq!(Notice::open(&packet, &secret), Some(notice));
            assert_eq!(
                Notice::<SocketAddrV4>::open(&packet, &generator.secret()),
                None
            );
            for place in 0..length {
                let mut altered = packet.clone();
                altered[place] ^= 1;
                assert_eq!(
                    Notice::<SocketAddrV4>::open(&altered, &secret),
                    None,
                    "{place}"
                );
                assert_eq!(
                    Notice::<SocketAddrV4>::open(&packet[..place], &secret),
                    None,
                    "{place}"
                );
            }
        }
    }

    #[test]
    fn by_ipv6_an_address_has_sixteen_bytes() {
        let mut generator = Generator::new(Secret::new([1; 32]));
        let secret = generator.secret();
        let address: SocketAddrV6 = "[2001:db8::1]:54321".parse().unwrap();
        let notice = Notice::Matched {
            token: Secret::new([1; 16]),
            key: PeerKey([7; 32]),
            address,
        };
        let packet = notice.seal(&PeerKey::of(&secret), &mut generator).unwrap();
        assert_eq!(packet.len(), 145);
        assert_eq!(Notice::open(&packet, &secret), Some(notice));
    }

    #[test]
    fn what_follows_is_ignored_up_to_a_length() {
        let mut generator = Generator::new(Secret::new([1; 32]));
        let (secret, broker) = (generator.secret(), generator.secret());
        let shared = agree(&secret, &PeerKey::of(&broker)).unwrap();
        let [notice, _] = notices();
        for (length, opens) in [(256, true), (257, false)] {
            let mut body = notice.encode();
            body.resize(length, 0);
            let data = [&HEADER[..], &[NOTIFY], &PeerKey::of(&broker).0].concat();
            let tag = seal_in_place(&shared, &[1; 24], &mut body, &data);
            let packet = [&data[..], &[1; 24], &body, &tag].concat();
            let opened = opens.then(|| notice.clone());
            assert_eq!(Notice::open(&packet, &secret), opened, "{length}");
        }
    }

    #[test]
    fn nothing_is_sealed_to_a_key_of_low_order() {
        let mut generator = Generator::new(Secret::new([1; 32]));
        let [notice, _] = notices();
        for low in [0, 1] {
            let mut key = [0; 32];
            key[0] = low;
            assert_eq!(notice.seal(&PeerKey(key), &mut generator), None);
        }
    }
}
