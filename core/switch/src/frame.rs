//! What is said in the tunnel between a client and a relay.

use alloc::vec::Vec;

use channel::Tunnel;
use primitives::Zeroizing;
use wire::relay::{Auth, Frame, Message, Ping, Pong, Register, Registered};
use wire::{decode, encode};

use crate::Token;

pub(crate) use wire::relay::frame::Kind;

/// Most bytes of a frame of a relay, as it travels: what a message of 65,535 bytes becomes.
pub(crate) const FRAME_MAX: usize = 65_600;
/// Bytes that the tunnel adds.
pub(crate) const SEAL: usize = 16;
/// Most bytes of what a client of ours has carried: its envelope of 32,704 with the session's 40.
pub(crate) const SENT_MAX: usize = 32_744;

/// The bytes that are to be sealed. They may hold a password or a token.
pub(crate) fn say(kind: Kind) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(encode(&Frame { kind: Some(kind) }))
}

/// What anyone's `bytes` say; `None` if it is a kind that we do not know.
pub(crate) fn hear(tunnel: &mut Tunnel, bytes: &[u8]) -> Result<Option<Kind>, Garbled> {
    let plain = Zeroizing::new(tunnel.open(bytes).map_err(|_| Garbled)?);
    let frame: Frame = decode(&plain, FRAME_MAX).map_err(|_| Garbled)?;
    Ok(frame.kind)
}

/// It does not open, or is no frame.
#[derive(Debug)]
pub(crate) struct Garbled;

pub(crate) fn message(data: Vec<u8>) -> Kind {
    Kind::Msg(Message { data })
}

pub(crate) const fn auth(psk: Vec<u8>) -> Kind {
    Kind::Auth(Auth { psk })
}

pub(crate) const fn ping() -> Kind {
    Kind::Ping(Ping {})
}

pub(crate) const fn pong() -> Kind {
    Kind::Pong(Pong {})
}

pub(crate) fn register(mode: u32, token: Option<&Token>) -> Kind {
    let token = token.map(|token| token.as_bytes().to_vec());
    Kind::Register(Register {
        token: token.unwrap_or_default(),
        mode,
    })
}

pub(crate) const fn registered(token: Vec<u8>, ttl_seconds: u32, session_ttl_seconds: u32) -> Kind {
    Kind::Registered(Registered {
        token,
        ttl_seconds,
        session_ttl_seconds,
    })
}

/// `Register.mode`.
pub(crate) const CREATE: u32 = 1;
pub(crate) const JOIN: u32 = 2;

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn frames_are_written_as_kamune_writes_them() {
        let token = Token::from_bytes(&[7; 16]).unwrap();
        let sevens = "07".repeat(16);
        for (kind, bytes) in [
            // field 1 { mode 1 }
            (register(CREATE, None), "0a021001".into()),
            // field 1 { token, mode 2 }
            (
                register(JOIN, Some(&token)),
                alloc::format!("0a140a10{sevens}1002"),
            ),
            // field 2 { token, 600, 3600 }
            (
                registered(vec![7; 16], 600, 3600),
                alloc::format!("12180a10{sevens}10d80418901c"),
            ),
            // field 2 { token, -, - }
            (
                registered(vec![7; 16], 0, 0),
                alloc::format!("12120a10{sevens}"),
            ),
            // field 3 { data }
            (message(b"hi".to_vec()), "1a040a026869".into()),
            (ping(), "2200".into()),
            (pong(), "2a00".into()),
            // field 6 { psk }
            (auth(b"word".to_vec()), "32060a04776f7264".into()),
            (auth(Vec::new()), "3200".into()),
        ] {
            let said: alloc::string::String = hex::encode(&*say(kind));
            assert_eq!(said, bytes);
        }
    }

    #[test]
    fn the_longest_message_is_the_longest_frame_that_is_read() {
        let longest = say(message(vec![1; 65_535])).len() + SEAL;
        assert!(longest <= FRAME_MAX, "{longest}");
        let ours = say(message(vec![1; SENT_MAX])).len() + SEAL;
        assert_eq!(ours, 32_768);
    }
}
