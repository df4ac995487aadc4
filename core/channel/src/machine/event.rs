use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use identity::{IdentityPublic, Succession};
use kernel::Time;
use primitives::{Secret, VerifyingKey};

use super::End;
use crate::{Mode, Resumption, SessionId, Version};

/// Something that happened outside.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Input<'a> {
    /// A frame came, of 0 to 65,535 bytes of anyone's.
    Frame(&'a [u8]),
    /// The connection below is gone.
    Lost,
    /// What [`Output::Save`] said last could not be kept. What was to follow is not to happen.
    NotKept,
    /// Nothing but time.
    Tick,
}

/// Something the driver must do, in this order.
#[expect(
    clippy::exhaustive_enums,
    reason = "a driver that skips one is broken; let it not compile"
)]
#[derive(Debug)]
#[must_use]
pub enum Output {
    /// Keep this in place of the record of the same session, durably, before anything that follows.
    Save(Resumption),
    /// Send a frame, of at most 65,535 bytes.
    Send(Vec<u8>),
    /// Tell whoever holds the channel.
    Tell(Event),
    /// Send what is to be sent, then end the connection below.
    Close,
    /// Nothing to do before this moment; `None`: before the next input.
    Wait(Option<Time>),
}

/// What whoever holds a channel should know.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Somebody says to be this, and has the key. Waits for [`accept`](crate::Channel::accept) or
    /// [`reject`](crate::Channel::reject).
    Introduced(Box<Peer>),
    /// Somebody wants to go on with a session. Waits for [`resume`](crate::Channel::resume).
    Resuming(SessionId),
    /// From here on messages come and go.
    Established {
        /// The name of the session.
        session: SessionId,
        /// Whether it is an earlier one.
        resumed: bool,
        /// What both sides speak in it.
        mode: Mode,
    },
    /// Everything that we sent up to this number is kept by the other side. In [`Mode::Ours`] only. In a
    /// session that goes on it comes first, and what was sent above it is to be sent again, in order.
    Delivered(u64),
    /// A message came.
    Message(Message),
    /// Bytes of another protocol came: 1 to 61,435, of the other side's choice. In [`Mode::Ours`] only.
    Aside(Vec<u8>),
    /// What both sides may meet by at a relay once this connection is gone.
    RelayTokens([Secret<32>; 3]),
    /// It is over; nothing comes after this.
    Ended(End),
}

/// Who is at the other side.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Peer {
    /// Their key, which has signed.
    pub key: VerifyingKey,
    /// The whole of it, if their program and ours speak [`Mode::Ours`]. An ML-DSA-65 half has not signed
    /// yet; there is no session if it does not.
    pub identity: IdentityPublic,
    /// The keys whose place theirs took, if they say so and our program and theirs speak
    /// [`Mode::Ours`]; all of them have signed it. Whoever was known by one of them
    /// ([`Succession::leads_from`]) is to be told of the new one, for a stolen key can sign it too.
    pub former: Option<Succession>,
    /// What both sides will speak.
    pub mode: Mode,
    /// What they call themselves: up to 1,024 bytes of any text.
    pub name: String,
    /// Of their program.
    pub version: Version,
}

/// What goes with a message from one session to another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "both, or neither is told")]
pub struct Stamp {
    /// When it was written.
    pub written: Time,
    /// By which the other side knows it again; drawn at random for each message.
    pub id: [u8; 16],
}

/// A message of the other side.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "what a frame says of one")]
pub struct Message {
    /// Its place among what they sent: in [`Mode::Ours`] its number, from 1; else from 3.
    pub sequence: u64,
    /// When they say to have sent it, in milliseconds since 1970.
    pub sent_ms: u64,
    /// What they sent; text, if they keep to the rules.
    pub body: Vec<u8>,
    /// By which it is known again if it comes in another session, too: as they say.
    pub id: Option<[u8; 16]>,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Stats {
    /// Frames that came.
    pub received: u64,
    /// Frames that were sent.
    pub sent: u64,
    /// Messages of a session with a route that has no place there.
    pub misplaced: u64,
}
