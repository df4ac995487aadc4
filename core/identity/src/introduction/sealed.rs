use alloc::vec::Vec;

use kernel::{Kind, Label};
use primitives::{
    NONCE_LEN, Secret, TAG_LEN, Zeroizing, hkdf_sha512, open_in_place, seal_in_place, sha256,
    x25519,
};

use super::{ANSWER, AgreementSecret, Introduction, OFFER, Offer, Read};
use crate::agreement::{is_low_order, public_of};
use crate::card::{Card, CardError};
use crate::codec::DecodeError;
use crate::key::IdentityKey;

/// What two people share who are introduced: a link key, and the id under which the invitation lies.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    key: &'a Secret<32>,
    id: &'a [u8; 24],
}

/// Which offer an answer belongs to: a hash of the sealed offer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OfferHash([u8; 32]);

/// Randomness for one answer; never for two.
#[derive(Clone, Debug)]
pub struct AnswerSeed {
    scalar: Secret<32>,
    nonce: [u8; NONCE_LEN],
}

impl<'a> Link<'a> {
    /// Whoever knows `key` can open the invitation at `id`. Both uniform, of the inviter's choice.
    #[must_use]
    pub const fn new(key: &'a Secret<32>, id: &'a [u8; 24]) -> Self {
        Self { key, id }
    }
}

impl OfferHash {
    /// The hash of a sealed offer.
    #[must_use]
    pub fn of(sealed: &[u8]) -> Self {
        Self(sha256(&[sealed]))
    }

    /// The hash that these bytes are, from wherever the caller keeps it.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl AnswerSeed {
    /// Both uniform.
    #[must_use]
    pub const fn new(scalar: Secret<32>, nonce: [u8; NONCE_LEN]) -> Self {
        Self { scalar, nonce }
    }
}

impl Offer {
    /// Signs the offer with `key`, that of its card, and seals it: 1,024 to 16,384 bytes that only `link`
    /// opens. The chain is left out if it does not fit. `nonce` must be uniform, and never come again.
    ///
    /// # Errors
    ///
    /// [`SealError`].
    ///
    /// # Spec
    ///
    /// `spec/12-introductions.md` 2.
    pub fn seal(
        &self,
        link: Link<'_>,
        key: &IdentityKey,
        nonce: [u8; NONCE_LEN],
    ) -> Result<Vec<u8>, SealError> {
        let signed = |introduction: &Introduction| {
            let body = introduction.body(Some(&self.agreement));
            sign(
                &introduction.card,
                key,
                body,
                (Label::SignOffer, &[link.id]),
            )
        };
        let mut bytes = signed(&self.introduction)?;
        if bytes.len() > Introduction::MAX {
            let mut shorter = self.introduction.clone();
            shorter.chain = Vec::new();
            bytes = signed(&shorter)?;
        }
        let mut sealed = Vec::new();
        let (key, data) = offer_key(link);
        seal(&mut sealed, &bytes, (&key, &nonce, &data))?;
        Ok(sealed)
    }

    /// Opens what lay on a server, bytes of anyone's choice.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    pub fn open(link: Link<'_>, sealed: &[u8]) -> Result<Self, OpenError> {
        if !LENGTHS.contains(&sealed.len()) {
            return Err(OpenError::Length);
        }
        let (key, data) = offer_key(link);
        let plain = open(sealed, (&key, &data))?;
        let read = Read::decode(&plain, OFFER)?;
        let Some(agreement) = read.agreement else {
            return Err(OpenError::Content(DecodeError::Meaning.into()));
        };
        let introduction = read.verified(Label::SignOffer, &[link.id])?;
        Ok(Self {
            introduction,
            agreement,
        })
    }

    /// Signs the introduction of whoever accepts with `key`, that of its card, and seals it for the
    /// inviter alone. `sealed` is the sealed offer, as it came.
    ///
    /// # Errors
    ///
    /// [`SealError`].
    ///
    /// # Spec
    ///
    /// `spec/12-introductions.md` 2.
    pub fn answer(
        &self,
        (link, sealed): (Link<'_>, &[u8]),
        own: &Introduction,
        key: &IdentityKey,
        seed: &AnswerSeed,
    ) -> Result<Vec<u8>, SealError> {
        let (ours, hash) = (public_of(&seed.scalar), OfferHash::of(sealed));
        let context = (Label::SignAnswer, &[link.id.as_slice(), &hash.0, &ours][..]);
        let bytes = sign(&own.card, key, own.body(None), context)?;
        let shared = x25519(&seed.scalar, &self.agreement);
        let key = answer_key(link, &shared, (&ours, &self.agreement));
        let data = answer_data(link, &hash);
        let mut answer = ours.to_vec();
        seal(&mut answer, &bytes, (&key, &seed.nonce, &data))?;
        Ok(answer)
    }
}

impl Introduction {
    /// Opens an answer, bytes of anyone's choice, to the offer of this `link`, `hash` and `secret`.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    pub fn open_answer(
        link: Link<'_>,
        hash: &OfferHash,
        secret: &AgreementSecret,
        answer: &[u8],
    ) -> Result<Self, OpenError> {
        if !LENGTHS.contains(&answer.len()) {
            return Err(OpenError::Length);
        }
        let (theirs, sealed) = answer.split_first_chunk::<32>().ok_or(OpenError::Length)?;
        if is_low_order(theirs) {
            return Err(OpenError::Sealed);
        }
        let shared = x25519(&secret.0, theirs);
        let key = answer_key(link, &shared, (theirs, &secret.public()));
        let plain = open(sealed, (&key, &answer_data(link, hash)))?;
        let context = [link.id.as_slice(), &hash.0, theirs];
        Ok(Read::decode(&plain, ANSWER)?.verified(Label::SignAnswer, &context)?)
    }
}

/// `body` and the signature over it and its context.
fn sign(
    card: &Card,
    key: &IdentityKey,
    mut body: Vec<u8>,
    (label, context): (Label, &[&[u8]]),
) -> Result<Vec<u8>, SealError> {
    if card.key() != key.public() {
        return Err(SealError::OtherKey);
    }
    let signed = [&[body.as_slice()], context].concat().concat();
    body.extend(key.sign(label, &signed).to_bytes());
    Ok(body)
}

fn offer_key(link: Link<'_>) -> (Secret<32>, Vec<u8>) {
    let label = Label::IntroductionOffer.bytes();
    let key = hkdf_sha512(link.key.expose(), &[], &[label]);
    (key, [label, link.id].concat())
}

fn answer_key(
    link: Link<'_>,
    shared: &Secret<32>,
    (ours, theirs): (&[u8; 32], &[u8; 32]),
) -> Secret<32> {
    let ikm = Zeroizing::new([*link.key.expose(), *shared.expose()].concat());
    let label = Label::IntroductionAnswer.bytes();
    hkdf_sha512(&ikm, &[], &[label, ours, theirs])
}

fn answer_data(link: Link<'_>, hash: &OfferHash) -> Vec<u8> {
    [Label::IntroductionAnswer.bytes(), link.id, &hash.0].concat()
}

/// Puts nonce, ciphertext and tag behind what is in `out`, so that all of it has one of the [`LENGTHS`].
fn seal(
    out: &mut Vec<u8>,
    introduction: &[u8],
    (key, nonce, data): (&Secret<32>, &[u8; NONCE_LEN], &[u8]),
) -> Result<(), SealError> {
    if introduction.len() > Introduction::MAX {
        return Err(SealError::TooLong);
    }
    let parts = [out.len(), NONCE_LEN, 2, introduction.len(), TAG_LEN];
    let least = parts.iter().sum();
    let total = LENGTHS.into_iter().find(|length| *length >= least);
    let total = total.ok_or(SealError::TooLong)?;
    let length = u16::try_from(introduction.len()).map_err(|_| SealError::TooLong)?;
    let body = total.saturating_sub(out.len());
    let body = body.saturating_sub(NONCE_LEN).saturating_sub(TAG_LEN);
    let mut plain = Zeroizing::new(Vec::with_capacity(body));
    plain.extend_from_slice(&length.to_le_bytes());
    plain.extend_from_slice(introduction);
    plain.resize(body, 0);
    let tag = seal_in_place(key, nonce, &mut plain, data);
    out.reserve_exact(total.saturating_sub(out.len()));
    out.extend_from_slice(nonce);
    out.extend_from_slice(&plain);
    out.extend_from_slice(&tag);
    Ok(())
}

/// The introduction in `sealed`: nonce, ciphertext, tag.
fn open(sealed: &[u8], (key, data): (&Secret<32>, &[u8])) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let parts = || {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let (body, tag) = rest.split_last_chunk::<TAG_LEN>()?;
        Some((nonce, body, tag))
    };
    let (nonce, body, tag) = parts().ok_or(OpenError::Length)?;
    let mut plain = Zeroizing::new(body.to_vec());
    open_in_place(key, nonce, &mut plain, tag, data).map_err(|_| OpenError::Sealed)?;
    let parts = || {
        let (length, rest) = plain.split_first_chunk::<2>()?;
        rest.split_at_checked(u16::from_le_bytes(*length).into())
    };
    let (introduction, padding) = parts().ok_or(OpenError::Padding)?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(OpenError::Padding);
    }
    Ok(Zeroizing::new(introduction.to_vec()))
}

/// Why an introduction is not sealed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// More than 16,310 bytes.
    #[error("contact card and what is beside it are too long for an invitation")]
    TooLong,
    /// The card is not of the key that was to sign.
    #[error("contact card is of another identity key")]
    OtherKey,
}

impl SealError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::TooLong => Kind::Exhausted,
            Self::OtherKey => Kind::Bug,
        }
    }
}

/// Why what lay on a server is no introduction.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It has none of the lengths that there are.
    #[error("introduction has a wrong length")]
    Length,
    /// It was sealed with another link, for another offer, or altered.
    #[error("introduction does not verify")]
    Sealed,
    /// What follows it is not zeros, or it ends behind the end.
    #[error("introduction is not padded with zeros")]
    Padding,
    /// Whoever sealed it knows the link, and has a broken program.
    #[error(transparent)]
    Content(#[from] CardError),
}

impl OpenError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::PeerMisbehaved
    }
}

/// Lengths of what lies on a server.
const LENGTHS: [usize; 5] = [1_024, 2_048, 4_096, 8_192, 16_384];
