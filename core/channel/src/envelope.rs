use alloc::vec::Vec;

use kernel::Time;
use primitives::{Generator, SigningKey, VerifyingKey};
use prost::Message as _;
use wire::kamune::{Metadata, SignedTransport, Timestamp};
use wire::{Bounded, decode, encode};

use crate::{Padding, Route};

/// A signed message. What came is kept as it came, for the signature is over those bytes.
///
/// # Spec
///
/// `spec/20-channel.md` 4.
#[derive(Debug)]
pub(crate) struct Envelope {
    inner: SignedTransport,
    metadata: Metadata,
    /// `None`: one that we do not know.
    pub(crate) route: Option<Route>,
}

impl Envelope {
    /// Signs `data` with what is said of it.
    pub(crate) fn sign(key: &SigningKey, metadata: Metadata, data: Vec<u8>) -> Self {
        let bytes = encode(&metadata);
        let signature = key.sign(&input(&bytes, &data)).to_vec();
        Self {
            route: Route::of(metadata.route),
            metadata,
            inner: SignedTransport {
                data,
                signature,
                metadata: bytes,
                padding: Vec::new(),
            },
        }
    }

    /// Reads what is in a frame below its encryption. Nothing is verified.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let inner: SignedTransport =
            decode(bytes, FRAME_MAX).map_err(|_| EnvelopeError::Malformed)?;
        let metadata: Metadata =
            decode(&inner.metadata, FRAME_MAX).map_err(|_| EnvelopeError::Malformed)?;
        Ok(Self {
            route: Route::of(metadata.route),
            metadata,
            inner,
        })
    }

    /// Whether `key` signed it.
    pub(crate) fn verify(&self, key: &VerifyingKey) -> Result<(), EnvelopeError> {
        let Some(signature) = self.inner.signature.first_chunk() else {
            return Err(EnvelopeError::Malformed);
        };
        let input = input(&self.inner.metadata, &self.inner.data);
        key.verify(&input, signature)
            .map_err(|_| EnvelopeError::Forged)
    }

    /// The body, within its bounds.
    pub(crate) fn body<T: Bounded>(&self) -> Result<T, EnvelopeError> {
        decode(&self.inner.data, FRAME_MAX).map_err(|_| EnvelopeError::Malformed)
    }

    /// The bytes of the body.
    pub(crate) fn data(&self) -> &[u8] {
        &self.inner.data
    }

    pub(crate) const fn sequence(&self) -> u64 {
        self.metadata.sequence
    }

    /// When it was signed, in milliseconds since 1970, as the sender says.
    pub(crate) fn signed_ms(&self) -> u64 {
        let Some(at) = &self.metadata.timestamp else {
            return 0;
        };
        let ms = u64::from(at.nanos / 1_000_000);
        at.seconds.saturating_mul(1000).saturating_add(ms)
    }

    /// Its bytes, padded. Also the bytes it would have without, if those are more than may be.
    pub(crate) fn pad(
        mut self,
        padding: Padding,
        generator: &mut Generator,
    ) -> Result<Vec<u8>, EnvelopeError> {
        let bare = self.inner.encoded_len();
        if bare > padding.most() {
            return Err(EnvelopeError::TooLong {
                bytes: bare,
                most: padding.most(),
            });
        }
        let length = padding.draw(bare, generator);
        self.inner.padding = alloc::vec![0; length];
        generator.fill(&mut self.inner.padding);
        Ok(encode(&self.inner))
    }
}

#[cfg(test)]
impl Envelope {
    pub(crate) fn signature(&self) -> &[u8] {
        &self.inner.signature
    }

    pub(crate) fn padding(&self) -> &[u8] {
        &self.inner.padding
    }

    /// Its bytes with this padding.
    pub(crate) fn with(mut self, padding: Vec<u8>) -> Vec<u8> {
        self.inner.padding = padding;
        encode(&self.inner)
    }
}

/// Why there is no envelope.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum EnvelopeError {
    #[error("not an envelope")]
    Malformed,
    #[error("the signature does not verify")]
    Forged,
    #[error("{bytes} bytes, at most {most} can be sent this way")]
    TooLong { bytes: usize, most: usize },
}

/// `Timestamp` of a moment, whose origin is 1970.
pub(crate) fn timestamp(now: Time) -> Timestamp {
    let ms = now.as_ms();
    let nanos = ms.checked_rem(1000).unwrap_or_default();
    Timestamp {
        seconds: ms.checked_div(1000).unwrap_or_default(),
        nanos: u32::try_from(nanos)
            .unwrap_or_default()
            .saturating_mul(1_000_000),
    }
}

/// What is signed.
fn input(metadata: &[u8], data: &[u8]) -> Vec<u8> {
    let room = LABEL
        .len()
        .saturating_add(metadata.len())
        .saturating_add(data.len());
    let mut input = Vec::with_capacity(room.saturating_add(10));
    input.extend_from_slice(LABEL);
    prost::encoding::encode_varint(
        u64::try_from(metadata.len()).unwrap_or(u64::MAX),
        &mut input,
    );
    input.extend_from_slice(metadata);
    input.extend_from_slice(data);
    input
}

/// The longest frame: what 16 bits can say.
pub(crate) const FRAME_MAX: usize = 65_535;
const LABEL: &[u8] = b"kamune/transport-sign/v1";
