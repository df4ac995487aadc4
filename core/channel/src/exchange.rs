use alloc::vec::Vec;
use core::fmt;

use kernel::{Kind, Label};
use primitives::{Generator, HpkeKey, HpkePublicKey, HpkeRecipient, HpkeSender, Secret};

use crate::Role;

/// The caller's side of an exchange: its key is sent, and the answer awaited.
///
/// # Spec
///
/// `spec/20-channel.md` 3.
#[derive(Debug)]
pub struct Offered(HpkeKey);

impl Offered {
    /// Draws a key pair. Also returned: the first frame, 1,216 bytes.
    #[must_use]
    pub fn new(generator: &mut Generator) -> (Self, Vec<u8>) {
        let key = HpkeKey::from_seed(&generator.secret());
        let frame = key.public().to_vec();
        (Self(key), frame)
    }

    /// Takes the second frame, of anyone. Also returned: the third frame, 1,120 bytes.
    ///
    /// # Errors
    ///
    /// See [`ExchangeError`]; there is no tunnel then.
    pub fn answered(
        self,
        frame: &[u8],
        generator: &mut Generator,
    ) -> Result<(Tunnel, Vec<u8>), ExchangeError> {
        let (length, rest) = frame.split_first_chunk().ok_or(ExchangeError::Malformed)?;
        if usize::from(u16::from_be_bytes(*length)) != HpkePublicKey::ENCAPSULATED_LEN {
            return Err(ExchangeError::Malformed);
        }
        let (encapsulated, public) = rest.split_first_chunk().ok_or(ExchangeError::Malformed)?;
        let recipient = HpkeRecipient::new(&self.0, encapsulated);
        let (sender, encapsulated) = seal_to(public, generator)?;
        Ok((Tunnel { sender, recipient }, encapsulated))
    }
}

/// The called side: its answer is sent, and the third frame awaited.
pub struct Answered {
    key: HpkeKey,
    sender: HpkeSender,
}

impl Answered {
    /// Takes the first frame, of anyone. Also returned: the second frame, 2,338 bytes.
    ///
    /// # Errors
    ///
    /// See [`ExchangeError`].
    pub fn new(frame: &[u8], generator: &mut Generator) -> Result<(Self, Vec<u8>), ExchangeError> {
        let (sender, encapsulated) = seal_to(frame, generator)?;
        let key = HpkeKey::from_seed(&generator.secret());
        let length = u16::try_from(encapsulated.len()).map_err(|_| ExchangeError::Broken)?;
        let answer = [&length.to_be_bytes()[..], &encapsulated, &key.public()[..]].concat();
        Ok((Self { key, sender }, answer))
    }

    /// Takes the third frame, of anyone.
    ///
    /// # Errors
    ///
    /// See [`ExchangeError`]; there is no tunnel then.
    pub fn finished(self, frame: &[u8]) -> Result<Tunnel, ExchangeError> {
        let encapsulated = frame.try_into().map_err(|_| ExchangeError::Malformed)?;
        Ok(Tunnel {
            sender: self.sender,
            recipient: HpkeRecipient::new(&self.key, encapsulated),
        })
    }
}

impl fmt::Debug for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answered")
    }
}

/// What an exchange gives: encryption to somebody of whom nothing is known yet.
#[derive(Debug)]
pub struct Tunnel {
    sender: HpkeSender,
    recipient: HpkeRecipient,
}

impl Tunnel {
    /// Seals the next frame, 16 bytes longer than `message`. Whoever cannot send it must not seal it:
    /// the other side would wait for it.
    ///
    /// # Errors
    ///
    /// [`ExchangeError::Broken`]: 2^64 frames.
    pub fn seal(&mut self, message: &[u8]) -> Result<Vec<u8>, ExchangeError> {
        self.sender.seal(message).ok_or(ExchangeError::Broken)
    }

    /// Opens the next frame, of anyone.
    ///
    /// # Errors
    ///
    /// [`ExchangeError::Malformed`]; the next one still opens.
    pub fn open(&mut self, frame: &[u8]) -> Result<Vec<u8>, ExchangeError> {
        self.recipient
            .open(frame)
            .map_err(|_| ExchangeError::Malformed)
    }
}

impl Tunnel {
    /// 32 secret bytes of each context, that of the caller first, for whoever is `role` here.
    pub(crate) fn exports(&self, role: Role) -> [Secret<32>; 2] {
        let label = Label::ChannelExport.bytes();
        let (ours, theirs) = (self.sender.export(label), self.recipient.export(label));
        match role {
            Role::Caller => [ours, theirs],
            Role::Called => [theirs, ours],
        }
    }
}

/// Why there is no tunnel, or a frame does not open in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The frame has another length, holds no key, or was altered.
    #[error("the frame does not belong to an exchange")]
    Malformed,
    /// What cannot be.
    #[error("an invariant of the exchange is broken")]
    Broken,
}

impl ExchangeError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Malformed => Kind::PeerMisbehaved,
            Self::Broken => Kind::Bug,
        }
    }
}

/// A context to the owner of `public`, and what carries it there.
fn seal_to(
    public: &[u8],
    generator: &mut Generator,
) -> Result<(HpkeSender, Vec<u8>), ExchangeError> {
    let public = public.try_into().map_err(|_| ExchangeError::Malformed)?;
    let public = HpkePublicKey::from_bytes(public).map_err(|_| ExchangeError::Malformed)?;
    let (sender, encapsulated) = HpkeSender::new(&public, &generator.secret());
    Ok((sender, encapsulated.to_vec()))
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn generator(seed: u8) -> Generator {
        Generator::new(Secret::new([seed; 32]))
    }

    #[test]
    fn two_sides_get_one_tunnel() {
        let (mut ours, mut theirs) = (generator(1), generator(2));
        let (offered, first) = Offered::new(&mut ours);
        let (answered, second) = Answered::new(&first, &mut theirs).unwrap();
        let (mut caller, third) = offered.answered(&second, &mut ours).unwrap();
        let mut called = answered.finished(&third).unwrap();
        assert_eq!((first.len(), second.len(), third.len()), (1216, 2338, 1120));
        for text in [&b"one"[..], b"", b"three"] {
            let frame = caller.seal(text).unwrap();
            assert_eq!(called.open(&frame).unwrap(), text);
            let frame = called.seal(text).unwrap();
            assert_eq!(caller.open(&frame).unwrap(), text);
        }
    }

    #[test]
    fn frames_of_other_lengths_are_refused() {
        let mut ours = generator(1);
        let (_, first) = Offered::new(&mut ours);
        for length in [0, 1, 1215, 1217] {
            let frame = vec![1; length];
            assert!(Answered::new(&frame, &mut ours).is_err(), "{length}");
        }
        for length in [0, 1, 2, 1121, 1122, 2337, 2339] {
            let (_, second) = Answered::new(&first, &mut ours).unwrap();
            let mut frame = second;
            frame.resize(length, 0);
            let (offered, _) = Offered::new(&mut ours);
            assert!(offered.answered(&frame, &mut ours).is_err(), "{length}");
        }
        for length in [0, 1119, 1121] {
            let (answered, _) = Answered::new(&first, &mut ours).unwrap();
            assert!(answered.finished(&vec![1; length]).is_err(), "{length}");
        }
    }
}
