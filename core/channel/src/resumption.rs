use alloc::vec::Vec;
use core::time::Duration;

use identity::IdentityPublic;
use kernel::{Kind, Time};
use primitives::{ConstantTimeEq, Prk512, Secret, VerifyingKey};

use crate::{Mode, SessionId};

/// What goes on with a session after the connection broke: its name, the other person, and tokens
/// that are good once. Kept on the device, encrypted; whoever has it can be neither of the two, but
/// can end their session.
///
/// # Spec
///
/// `spec/20-channel.md` 9.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Resumption {
    pub(crate) session: SessionId,
    pub(crate) mode: Mode,
    pub(crate) peer: IdentityPublic,
    pub(crate) tokens: Vec<Token>,
    pub(crate) established: Time,
    /// The number of the last message of theirs that is kept; not in the record.
    pub(crate) kept: u64,
}

impl Resumption {
    /// Tokens of a session.
    pub const TOKENS: u32 = 20;
    /// How long a session can be resumed.
    pub const WINDOW: Duration = Duration::from_hours(24);

    /// The session.
    #[must_use]
    pub const fn session(&self) -> SessionId {
        self.session
    }

    /// What both sides speak in it.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Who is at the other side: the half of their key that every program knows.
    #[must_use]
    pub const fn peer(&self) -> &VerifyingKey {
        self.peer.ed25519()
    }

    /// Who is at the other side: the whole key that has signed.
    #[must_use]
    pub const fn identity(&self) -> &IdentityPublic {
        &self.peer
    }

    /// When the session was established, last.
    #[must_use]
    pub const fn established(&self) -> Time {
        self.established
    }

    /// The same, of somebody who keeps the other side's messages up to number `kept`. In
    /// [`Mode::Ours`] the other side sends again what follows.
    #[must_use]
    pub fn keeping(self, kept: u64) -> Self {
        Self { kept, ..self }
    }

    /// Whether it is of use at `now`.
    #[must_use]
    pub fn is_fresh(&self, now: Time) -> bool {
        !self.tokens.is_empty() && now.since(self.established) <= Self::WINDOW
    }

    /// Takes the next token away, to be sent.
    pub(crate) fn take_first(&mut self) -> Option<Token> {
        (!self.tokens.is_empty()).then(|| self.tokens.remove(0))
    }

    /// Takes `token` away, if it is one. Those that followed it, which the other side uses next, come
    /// first from then on.
    pub(crate) fn take(&mut self, token: &[u8; 32]) -> bool {
        let mut place = None;
        for (number, known) in self.tokens.iter().enumerate() {
            if bool::from(known.0.expose().ct_eq(token)) {
                place = Some(number);
            }
        }
        let Some(place) = place else {
            return false;
        };
        self.tokens.rotate_left(place);
        self.tokens.remove(0);
        true
    }

    /// New tokens, and behind them those of `before` that the other side may still have instead.
    pub(crate) fn behind(mut tokens: Vec<Token>, before: &[Token]) -> Vec<Token> {
        let most = usize::try_from(Self::TOKENS).unwrap_or_default();
        tokens.extend(before.iter().take(most).cloned());
        tokens
    }

    /// The tokens of a session.
    pub(crate) fn tokens_of(root: &Secret<32>) -> Vec<Token> {
        let root = Prk512::extract(root.expose(), &[]);
        let token = |number: u32| Token::new(root.expand(&[TOKEN, &number.to_be_bytes()]));
        (0..Self::TOKENS).map(token).collect()
    }

    /// The record that is kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = alloc::vec![VERSION, self.mode.number()];
        bytes.extend_from_slice(self.session.as_str().as_bytes());
        bytes.extend_from_slice(&self.established.as_ms().to_le_bytes());
        bytes.extend_from_slice(&self.peer.to_bytes());
        for token in &self.tokens {
            bytes.extend_from_slice(token.0.expose());
        }
        bytes
    }

    /// Reads a record of ours.
    ///
    /// # Errors
    ///
    /// [`RecordError`]: it is damaged, or of a later version.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let ([version, mode], rest) = bytes.split_first_chunk().ok_or(RecordError)?;
        let (session, rest) = rest
            .split_first_chunk::<{ SessionId::LEN }>()
            .ok_or(RecordError)?;
        let (established, rest) = rest.split_first_chunk().ok_or(RecordError)?;
        let length = match rest.first() {
            Some(0) => IdentityPublic::LEN,
            _ => IdentityPublic::LEN_WITH_ML_DSA,
        };
        let (peer, rest) = rest.split_at_checked(length).ok_or(RecordError)?;
        let (tokens, rest) = rest.as_chunks::<32>();
        let most = usize::try_from(Self::TOKENS).unwrap_or_default();
        let most = most.saturating_mul(2);
        if *version != VERSION || !rest.is_empty() || tokens.len() > most {
            return Err(RecordError);
        }
        let session = core::str::from_utf8(session).map_err(|_| RecordError)?;
        Ok(Self {
            session: SessionId::parse(session).ok_or(RecordError)?,
            mode: Mode::of(*mode).ok_or(RecordError)?,
            peer: IdentityPublic::decode(peer).map_err(|_| RecordError)?,
            established: Time::from_ms(u64::from_le_bytes(*established)),
            tokens: tokens
                .iter()
                .map(|token| Token::new(Secret::new(*token)))
                .collect(),
            kept: 0,
        })
    }
}

/// Lets its holder ask for a session once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Token(Secret<32>);

impl Token {
    pub(crate) const fn new(secret: Secret<32>) -> Self {
        Self(secret)
    }

    pub(crate) const fn secret(&self) -> &Secret<32> {
        &self.0
    }
}

/// The record cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the record of a session is damaged")]
#[non_exhaustive]
pub struct RecordError;

impl RecordError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::BadInput
    }
}

const VERSION: u8 = 1;
const TOKEN: &[u8] = b"kamune/resumption/token/v1/";

#[cfg(test)]
mod tests {
    use alloc::vec;

    use primitives::SigningKey;

    use super::*;

    fn resumption(tokens: u8) -> Resumption {
        Resumption {
            session: SessionId::parse("ABCDEFGHIJKLMNOPQRSTUVWX").unwrap(),
            mode: Mode::Kamune,
            peer: SigningKey::from_seed(&Secret::new([1; 32]))
                .verifying_key()
                .into(),
            tokens: (0..tokens)
                .map(|n| Token::new(Secret::new([n; 32])))
                .collect(),
            established: Time::from_ms(1000),
            kept: 0,
        }
    }

    #[test]
    fn a_record_reads_back_and_a_cut_or_longer_one_does_not() {
        for tokens in [0, 1, 20, 40] {
            let kept = resumption(tokens);
            assert_eq!(Resumption::decode(&kept.to_bytes()), Ok(kept));
        }
        let bytes = resumption(3).to_bytes();
        for length in (0..bytes.len()).filter(|length| (length + 32) % 32 != bytes.len() % 32) {
            assert_eq!(Resumption::decode(&bytes[..length]), Err(RecordError));
        }
        let many = resumption(41).to_bytes();
        assert_eq!(Resumption::decode(&many), Err(RecordError));
        let later = [vec![VERSION + 1], bytes[1..].to_vec()].concat();
        assert_eq!(Resumption::decode(&later), Err(RecordError));
    }

    #[test]
    fn a_token_is_taken_once() {
        let mut kept = resumption(2);
        assert!(kept.take(&[1; 32]));
        assert!(!kept.take(&[1; 32]));
        assert_eq!(kept.take_first(), Some(Token::new(Secret::new([0; 32]))));
        assert_eq!(kept.take_first(), None);
        assert!(!kept.is_fresh(Time::from_ms(1000)));
    }

    #[test]
    fn the_tokens_that_follow_come_first_and_stay_behind_new_ones() {
        let token = |n| Token::new(Secret::new([n; 32]));
        let mut kept = resumption(5);
        assert!(kept.take(&[3; 32]));
        assert_eq!(kept.tokens, [4, 0, 1, 2].map(token));
        assert!(!kept.take(&[3; 32]));
        let new: Vec<_> = (100..120).map(token).collect();
        let all = Resumption::behind(new.clone(), &kept.tokens);
        assert_eq!(all, [&new[..], &[4, 0, 1, 2].map(token)].concat());
        // twenty of each at most
        let more = Resumption::behind(new, &all);
        assert_eq!(more.len(), 40);
        assert_eq!(more[20..], all[..20]);
    }

    #[test]
    fn a_day_is_the_limit() {
        let kept = resumption(1);
        let last = Time::from_ms(1000).after(Resumption::WINDOW);
        assert!(kept.is_fresh(last));
        assert!(!kept.is_fresh(Time::from_ms(last.as_ms() + 1)));
    }
}
