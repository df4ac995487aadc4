//! What two of ours say of themselves beyond Kamune.

use alloc::vec::Vec;

use identity::{IdentityPublic, Succession};
use primitives::{MlDsaVerifyingKey, VerifyingKey};
use wire::v1::Offer;
use wire::{decode, encode};

use super::End;
use crate::envelope::FRAME_MAX;

/// What somebody offers beyond Kamune; `None` if nothing that we know.
pub(super) fn theirs(bytes: &[u8]) -> Result<Option<Offer>, End> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let offer: Offer = decode(bytes, FRAME_MAX).map_err(|_| End::Malformed)?;
    Ok((offer.version >= OFFER).then_some(offer))
}

/// What we offer.
pub(super) fn ours(key: &IdentityPublic, succession: Option<&Succession>) -> Vec<u8> {
    let ml_dsa = key.ml_dsa().map(|key| key.as_bytes().to_vec());
    encode(&Offer {
        version: OFFER,
        ml_dsa: ml_dsa.unwrap_or_default(),
        succession: succession.map(Succession::to_bytes).unwrap_or_default(),
    })
}

/// A key with the half that was offered.
pub(super) fn whole(key: VerifyingKey, offer: &Offer) -> IdentityPublic {
    let identity = IdentityPublic::from(key);
    match offer.ml_dsa.first_chunk() {
        Some(half) => identity.with_ml_dsa(MlDsaVerifyingKey::from_bytes(half)),
        None => identity,
    }
}

/// The keys whose place `key` says to have taken; `None` if it says nothing of them.
pub(super) fn former(key: &IdentityPublic, offer: &Offer) -> Result<Option<Succession>, End> {
    if offer.succession.is_empty() {
        return Ok(None);
    }
    let succession = Succession::decode(&offer.succession).map_err(|_| End::Malformed)?;
    match succession.verifies(key) {
        true => Ok(Some(succession)),
        false => Err(End::Forged),
    }
}

/// The version of what two of ours speak.
const OFFER: u32 = 1;
