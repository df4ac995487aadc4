use alloc::vec::Vec;

use kernel::{Kind, Label, Time};

use crate::codec::{DecodeError, Object, Reader, Writer};
use crate::key::{IdentityKey, IdentityPublic, Signature};

/// That an identity key took the place of earlier ones, signed by all of them: for those who know
/// somebody by an earlier key.
///
/// Whoever has stolen an earlier key can write one too. So it says where a key comes from, and not
/// that nothing is wrong: whoever relies on it tells the person.
///
/// # Spec
///
/// `spec/15-identity.md` 3.5.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Succession(Vec<Step>);

/// A key that another took the place of.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Former {
    /// The whole of it.
    pub key: IdentityPublic,
    /// Until when it was used, as its holder says.
    pub until: Time,
}

/// One key took the place of another.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Step {
    former: Former,
    /// Of the former key.
    signature: Signature,
    /// Of the later key.
    acceptance: Signature,
}

impl Succession {
    /// Most former keys.
    pub const MAX: usize = 3;
    /// Most bytes: with ML-DSA-65 halves everywhere.
    pub const MAX_LEN: usize = 26_226;

    /// That `later` takes the place of `former`, which had taken the place of none.
    ///
    /// # Errors
    ///
    /// [`SuccessionError`]: both are the same.
    pub fn found(
        former: &IdentityKey,
        later: &IdentityKey,
        now: Time,
    ) -> Result<Self, SuccessionError> {
        Self(Vec::new()).then(former, later, now)
    }

    /// The same, and that `later` takes the place of `former`, which is the key that this is of. The
    /// oldest key is left out if there are too many.
    ///
    /// # Errors
    ///
    /// [`SuccessionError`]: `later` had its place before.
    pub fn then(
        mut self,
        former: &IdentityKey,
        later: &IdentityKey,
        now: Time,
    ) -> Result<Self, SuccessionError> {
        let body = body(former.public(), later.public(), now);
        let step = Step {
            former: Former {
                key: former.public().clone(),
                until: now,
            },
            signature: former.sign(Label::SignSuccession, &body),
            acceptance: later.sign(Label::AcceptSuccession, &body),
        };
        self.0.insert(0, step);
        self.0.truncate(Self::MAX);
        match self.is_new(later.public()) {
            true => Ok(self),
            false => Err(SuccessionError),
        }
    }

    /// Reads what anyone says. Nothing is verified.
    ///
    /// # Errors
    ///
    /// See [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::object(bytes, Object::Succession)?;
        let count = usize::from(reader.byte()?);
        if !(1..=Self::MAX).contains(&count) {
            return Err(DecodeError::Meaning);
        }
        let mut steps = Vec::new();
        for _ in 0..count {
            steps.push(Step::read(&mut reader)?);
        }
        reader.end()?;
        Ok(Self(steps))
    }

    /// `succession` of the spec: at most [`MAX_LEN`](Self::MAX_LEN) bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::object(Object::Succession);
        writer.byte(u8::try_from(self.0.len()).unwrap_or(u8::MAX));
        for step in &self.0 {
            step.write(&mut writer);
        }
        writer.finish()
    }

    /// Whether it is of `key`: each key in it has signed, no key is in it twice, and the last one is
    /// `key`. Costs two signatures of each key.
    #[must_use]
    pub fn verifies(&self, key: &IdentityPublic) -> bool {
        let mut later = key;
        let is_signed = self.0.iter().all(|step| {
            let is_good = step.verifies(later);
            later = &step.former.key;
            is_good
        });
        is_signed && self.is_new(key)
    }

    /// The keys before, the latest first; at least one.
    pub fn former(&self) -> impl Iterator<Item = &Former> {
        self.0.iter().map(|step| &step.former)
    }

    /// The key before by which somebody was `known`: the same Ed25519 key, and the same ML-DSA-65 half
    /// if one is known. `None`: it does not lead from there. Says nothing before
    /// [`verifies`](Self::verifies).
    #[must_use]
    pub fn leads_from(&self, known: &IdentityPublic) -> Option<&Former> {
        self.former().find(|former| {
            former.key.ed25519() == known.ed25519()
                && (known.ml_dsa().is_none() || former.key.ml_dsa() == known.ml_dsa())
        })
    }

    /// Whether no Ed25519 key comes twice, `key` being the last.
    fn is_new(&self, key: &IdentityPublic) -> bool {
        let mut keys: Vec<_> = self.former().map(|former| former.key.ed25519()).collect();
        keys.push(key.ed25519());
        let has_twin = |(place, key)| keys.iter().take(place).any(|other| *other == key);
        !keys.iter().copied().enumerate().any(has_twin)
    }
}

impl Step {
    fn verifies(&self, later: &IdentityPublic) -> bool {
        let former = &self.former.key;
        let body = body(former, later, self.former.until);
        let signed = former.verify(Label::SignSuccession, &body, &self.signature);
        let accepted = later.verify(Label::AcceptSuccession, &body, &self.acceptance);
        signed.and(accepted).is_ok()
    }

    fn write(&self, writer: &mut Writer) {
        self.former.key.write(writer);
        writer.time(self.former.until);
        self.signature.write(writer);
        self.acceptance.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            former: Former {
                key: IdentityPublic::read(reader)?,
                until: reader.time()?,
            },
            signature: Signature::read(reader)?,
            acceptance: Signature::read(reader)?,
        })
    }
}

/// What both sign, each under a label of its own.
fn body(former: &IdentityPublic, later: &IdentityPublic, time: Time) -> Vec<u8> {
    let mut writer = Writer::new();
    former.write(&mut writer);
    later.write(&mut writer);
    writer.time(time);
    writer.finish()
}

/// A key cannot take its own place, or one that it had before.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the key is one of those whose place it would take")]
#[non_exhaustive]
pub struct SuccessionError;

impl SuccessionError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::BadInput
    }
}

#[cfg(test)]
mod tests;
