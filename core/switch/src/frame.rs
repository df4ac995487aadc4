//! What is said in the tunnel between a client and a relay.

use alloc::vec::Vec;

use channel::Tunnel;
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

/// The bytes that are to be sealed.
pub(crate) fn say(kind: Kind) -> Vec<u8> {
    encode(&Frame { kind: Some(kind) })
}

/// What anyone's `bytes` say; `None` if it is a kind that we do not know.
pub(crate) fn hear(tunnel: &mut Tunnel, bytes: &[u8]) -> Result<Option<Kind>, Garbled> {
    let plain = tunnel.open(bytes).map_err(|_| Garbled)?;
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
