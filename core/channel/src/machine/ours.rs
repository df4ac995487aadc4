//! A session of two of ours.

use alloc::vec::Vec;

use kernel::Time;
use prost::Message as _;
use wire::v1::{ChannelMessage, Frame};
use wire::{decode, encode};

use super::opening::Resumed;
use super::parts::Parts;
use super::pulse::Pulse;
use super::{End, Event, Message, SendError, Stamp};
use crate::envelope::FRAME_MAX;
use crate::ratchet::{Receiver, Sender};
use crate::schedule::Schedule;
use crate::{Mode, SessionId};

/// Both directions, and which messages are where.
pub(super) struct Ours {
    session: SessionId,
    sender: Sender,
    receiver: Receiver,
    pulse: Pulse,
    /// Of a session that goes on: whether the other side has said what it keeps.
    is_ready: bool,
    /// The number of the last message that we sent.
    sent: u64,
    /// Up to which number the other side keeps them.
    delivered: u64,
    /// The number of the last message that we told of.
    told: u64,
    /// Up to which number theirs are kept here.
    kept: u64,
    /// When an acknowledgement is due, if one is.
    acknowledge: Option<Time>,
}

impl Ours {
    /// Begins a session, and says the first words: keys to step to, and what is kept.
    pub(super) fn begin(
        now: Time,
        parts: &mut Parts,
        schedule: &Schedule,
        session: SessionId,
        resumed: Option<Resumed>,
    ) -> Result<Self, End> {
        let kept = resumed.map_or(0, |resumed| resumed.kept);
        let mut ours = Self {
            session,
            sender: Sender::new(schedule.chain(parts.role), now),
            receiver: Receiver::new(schedule.chain(parts.role.other())),
            pulse: Pulse::new(now, &parts.config),
            is_ready: resumed.is_none(),
            sent: 0,
            delivered: 0,
            told: kept,
            kept,
            acknowledge: None,
        };
        if resumed.is_none() {
            ours.established(parts, false);
        }
        let kept = ours.kept;
        ours.speak(
            now,
            parts,
            Frame {
                kept,
                ..Frame::default()
            },
        )?;
        Ok(ours)
    }

    fn established(&self, parts: &mut Parts, resumed: bool) {
        parts.tell(Event::Established {
            session: self.session,
            resumed,
            mode: Mode::Ours,
        });
    }

    /// Sends a message, under the next number.
    pub(super) fn say(
        &mut self,
        now: Time,
        parts: &mut Parts,
        stamp: Option<Stamp>,
        text: &[u8],
    ) -> Result<(), SendError> {
        self.fits(parts, text)?;
        let number = self.sent.saturating_add(1);
        let message = Some(ChannelMessage {
            number,
            written_ms: stamp.map_or(now, |stamp| stamp.written).as_ms(),
            body: text.to_vec(),
            id: stamp.map_or_else(Vec::new, |stamp| stamp.id.to_vec()),
        });
        let frame = Frame {
            message,
            ..Frame::default()
        };
        self.speak(now, parts, frame)
            .map_err(|_| SendError::NotOpen)?;
        self.sent = number;
        Ok(())
    }

    /// Sends bytes that have no number.
    pub(super) fn say_aside(
        &mut self,
        now: Time,
        parts: &mut Parts,
        bytes: &[u8],
    ) -> Result<(), SendError> {
        if bytes.is_empty() {
            return Err(SendError::Empty);
        }
        self.fits(parts, bytes)?;
        let frame = Frame {
            aside: bytes.to_vec(),
            ..Frame::default()
        };
        self.speak(now, parts, frame)
            .map_err(|_| SendError::NotOpen)
    }

    /// Whether `bytes` can be sent now, in one frame.
    const fn fits(&self, parts: &Parts, bytes: &[u8]) -> Result<(), SendError> {
        if !self.is_ready {
            return Err(SendError::NotOpen);
        }
        let (bytes, most) = (bytes.len(), parts.config.padding.most_message());
        if bytes > most {
            return Err(SendError::TooLong { bytes, most });
        }
        Ok(())
    }

    /// Their messages up to `number` are kept here.
    pub(super) fn keep(&mut self, now: Time, parts: &Parts, number: u64) {
        let number = number.min(self.told);
        if number > self.kept {
            self.kept = number;
            let due = now.after(parts.config.acknowledge);
            self.acknowledge.get_or_insert(due);
        }
    }

    pub(super) fn leave(&mut self, now: Time, parts: &mut Parts) -> Result<(), End> {
        let bye = Frame {
            bye: true,
            ..Frame::default()
        };
        self.speak(now, parts, bye)
    }

    /// When something is due.
    pub(super) fn due(&self) -> Time {
        let pulse = self.pulse.due();
        self.acknowledge.map_or(pulse, |due| pulse.min(due))
    }

    pub(super) fn tick(&mut self, now: Time, parts: &mut Parts) -> Result<(), End> {
        if self.acknowledge.is_some_and(|due| due <= now) {
            self.speak(now, parts, Frame::default())?;
        }
        if self.pulse.beat(now)? {
            self.pulse.asked(now);
            let ping = Frame {
                ping: true,
                ..Frame::default()
            };
            self.speak(now, parts, ping)?;
        }
        Ok(())
    }

    /// Takes a frame of anyone's.
    pub(super) fn take(&mut self, now: Time, parts: &mut Parts, frame: &[u8]) -> Result<(), End> {
        let plain = self.receiver.open(frame).ok_or(End::Forged)?;
        let frame: Frame = decode(&plain, FRAME_MAX).map_err(|_| End::Malformed)?;
        self.receiver.stepped(&frame).ok_or(End::Malformed)?;
        self.sender.offered(&frame).ok_or(End::Malformed)?;
        self.pulse.heard(now);
        self.delivered(parts, frame.kept)?;
        if let Some(message) = frame.message {
            self.message(now, parts, message)?;
        }
        if !frame.aside.is_empty() {
            parts.tell(Event::Aside(frame.aside));
        }
        match (frame.bye, frame.ping) {
            (true, _) => Err(End::Closed),
            (false, true) => self.speak(now, parts, Frame::default()),
            (false, false) => Ok(()),
        }
    }

    /// The other side keeps what we sent up to `number`; 0: it says nothing of it.
    fn delivered(&mut self, parts: &mut Parts, number: u64) -> Result<(), End> {
        if !self.is_ready {
            self.is_ready = true;
            // What it does not keep is sent again, under the numbers that follow.
            (self.sent, self.delivered) = (number, number);
            self.established(parts, true);
            parts.tell(Event::Delivered(number));
            return Ok(());
        }
        if number > self.sent {
            return Err(End::Malformed);
        }
        if number > self.delivered {
            self.delivered = number;
            parts.tell(Event::Delivered(number));
        }
        Ok(())
    }

    fn message(
        &mut self,
        now: Time,
        parts: &mut Parts,
        message: ChannelMessage,
    ) -> Result<(), End> {
        let next = self.told.checked_add(1).ok_or(End::OutOfOrder)?;
        if message.number == 0 || message.number > next {
            return Err(End::OutOfOrder);
        }
        if message.number < next {
            // Kept already, or about to be: said once more.
            let due = now.after(parts.config.acknowledge);
            self.acknowledge.get_or_insert(due);
            return Ok(());
        }
        self.told = next;
        parts.tell(Event::Message(Message {
            sequence: next,
            sent_ms: message.written_ms,
            body: message.body,
            id: message.id.try_into().ok(),
        }));
        Ok(())
    }

    /// Sends a frame, and with it whatever else there is to say.
    fn speak(&mut self, now: Time, parts: &mut Parts, mut frame: Frame) -> Result<(), End> {
        if self.acknowledge.take().is_some() {
            frame.kept = self.kept;
        }
        self.receiver.offer(&mut frame, &mut parts.generator);
        let steps = self.sender.steps(now, &mut frame, &mut parts.generator);
        let steps = steps.ok_or(End::Malformed)?;
        let bare = frame.encoded_len();
        let length = parts.config.padding.draw(bare, &mut parts.generator);
        frame.padding = alloc::vec![0; length];
        let sealed = self.sender.seal(&encode(&frame), &steps);
        parts.send(sealed);
        Ok(())
    }
}
