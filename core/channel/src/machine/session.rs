//! An established session.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use kernel::Time;
use primitives::VerifyingKey;
use wire::encode;
use wire::kamune::{Body, SessionData, SessionField};

use super::parts::{Parts, Said};
use super::pulse::Pulse;
use super::{Config, End, Event, Message, SendError};
use crate::Route;
use crate::envelope::{Envelope, EnvelopeError};
use crate::keys::Keys;
use crate::token::Pool;

/// Both sides have the keys, and each counts what it sends.
pub(super) struct Session {
    peer: VerifyingKey,
    keys: Keys,
    sent: u64,
    received: u64,
    hold: Option<Hold>,
    pulse: Pulse,
    /// Whether relay tokens were derived.
    has_tokens: bool,
}

/// Until when our messages wait, and which.
struct Hold {
    until: Time,
    held: VecDeque<Vec<u8>>,
    bytes: usize,
}

impl Session {
    pub(super) fn new(now: Time, config: &Config, peer: VerifyingKey, keys: Keys) -> Self {
        Self {
            peer,
            keys,
            sent: OPENING,
            received: OPENING,
            hold: Some(Hold {
                until: now.after(config.hold),
                held: VecDeque::new(),
                bytes: 0,
            }),
            pulse: Pulse::new(now, config),
            has_tokens: false,
        }
    }

    /// Sends `text`, now or once the other side is ready.
    pub(super) fn say(
        &mut self,
        now: Time,
        parts: &mut Parts,
        text: &[u8],
    ) -> Result<(), SendError> {
        let most = parts.config.padding.most_text();
        if text.len() > most {
            return Err(SendError::TooLong {
                bytes: text.len(),
                most,
            });
        }
        if let Some(hold) = &mut self.hold {
            let bytes = hold
                .bytes
                .saturating_add(text.len())
                .saturating_add(OVERHEAD);
            if bytes > parts.config.held {
                return Err(SendError::Full);
            }
            hold.bytes = bytes;
            hold.held.push_back(text.to_vec());
            return Ok(());
        }
        self.send_body(now, parts, Route::ExchangeMessages, text)
            .map_err(|error| match error {
                EnvelopeError::TooLong { bytes, most } => SendError::TooLong { bytes, most },
                EnvelopeError::Malformed | EnvelopeError::Forged => SendError::NotOpen,
            })
    }

    /// Says that it is over, without waiting for anything.
    pub(super) fn leave(&mut self, now: Time, parts: &mut Parts) -> Result<(), End> {
        self.release(now, parts)?;
        Ok(self.send_data(now, parts, Route::CloseTransport, Vec::new())?)
    }

    /// When something is due.
    pub(super) fn due(&self) -> Time {
        let pulse = self.pulse.due();
        self.hold
            .as_ref()
            .map_or(pulse, |hold| pulse.min(hold.until))
    }

    pub(super) fn tick(&mut self, now: Time, parts: &mut Parts) -> Result<(), End> {
        if self.hold.as_ref().is_some_and(|hold| hold.until <= now) {
            self.release(now, parts)?;
        }
        if self.hold.is_none() && self.pulse.beat(now)? {
            self.pulse.asked(now);
            let token = parts.generator.bytes::<8>();
            self.send_body(now, parts, Route::Ping, &token)?;
        }
        Ok(())
    }

    /// Takes a frame of anyone's.
    pub(super) fn take(&mut self, now: Time, parts: &mut Parts, frame: &[u8]) -> Result<(), End> {
        let plain = self.keys.open(parts.role, frame).ok_or(End::Forged)?;
        let envelope = Envelope::decode(&plain)?;
        envelope.verify(&self.peer)?;
        let next = self.received.checked_add(1).ok_or(End::OutOfOrder)?;
        if envelope.sequence() != next {
            return Err(End::OutOfOrder);
        }
        self.received = next;
        self.pulse.heard(now);
        match envelope.route {
            Some(Route::ExchangeMessages) => {
                parts.tell(Event::Message(Message {
                    sequence: next,
                    sent_ms: envelope.signed_ms(),
                    body: body(&envelope)?,
                    id: None,
                }));
                Ok(())
            }
            Some(Route::Ping) => {
                let token = body(&envelope)?;
                Ok(self.send_body(now, parts, Route::Pong, &token)?)
            }
            // Heard is heard.
            Some(Route::Pong) => Ok(()),
            Some(Route::SessionData) => self.swap(now, parts, &envelope),
            Some(Route::CloseTransport) => Err(End::Closed),
            _ => {
                parts.stats.misplaced = parts.stats.misplaced.saturating_add(1);
                Ok(())
            }
        }
    }

    /// Answers a program that begins with a key for relay tokens.
    fn swap(&mut self, now: Time, parts: &mut Parts, envelope: &Envelope) -> Result<(), End> {
        let data: SessionData = envelope.body()?;
        let theirs = data.fields.iter().find(|field| field.key == ECDH);
        let theirs = theirs.and_then(|field| field.value[..].try_into().ok());
        if let (Some(theirs), false) = (theirs, self.has_tokens) {
            self.has_tokens = true;
            let pool = Pool::draw(&mut parts.generator);
            let ours = encode(&SessionData {
                fields: alloc::vec![SessionField {
                    key: ECDH.into(),
                    value: pool.public().to_vec(),
                }],
            });
            self.send_data(now, parts, Route::SessionData, ours)?;
            parts.tell(Event::RelayTokens(pool.tokens(theirs)));
        }
        self.release(now, parts)
    }

    /// Sends what was held, and holds nothing any more.
    fn release(&mut self, now: Time, parts: &mut Parts) -> Result<(), End> {
        for text in self.hold.take().into_iter().flat_map(|hold| hold.held) {
            self.send_body(now, parts, Route::ExchangeMessages, &text)?;
        }
        Ok(())
    }

    fn send_body(
        &mut self,
        now: Time,
        parts: &mut Parts,
        route: Route,
        value: &[u8],
    ) -> Result<(), EnvelopeError> {
        let value = value.to_vec();
        self.send_data(now, parts, route, encode(&Body { value }))
    }

    /// Sends a body. One that is too long costs no number.
    fn send_data(
        &mut self,
        now: Time,
        parts: &mut Parts,
        route: Route,
        data: Vec<u8>,
    ) -> Result<(), EnvelopeError> {
        let sequence = self.sent.saturating_add(1);
        let envelope = parts.envelope(now, route, Said::Placed(sequence), data)?;
        self.sent = sequence;
        let frame = self.keys.seal(parts.role, &envelope, &mut parts.generator);
        parts.send(frame);
        Ok(())
    }
}

/// The bytes that somebody sent.
fn body(envelope: &Envelope) -> Result<Vec<u8>, End> {
    let body: Body = envelope.body()?;
    Ok(body.value)
}

/// Messages of the challenge, in each direction.
const OPENING: u64 = 2;
/// What a held message costs beside its bytes.
const OVERHEAD: usize = 64;
const ECDH: &str = "ecdh_pubkey";
