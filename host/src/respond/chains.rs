//! The chains of chapter 15, as a home server sees them.

use identity::{ChainError, DeviceChain, DeviceStatement, IdentityChain};
use primitives::VerifyingKey;
use wire::v1::StoredAccount;
use wire::{Code, Refusal};

use super::Change;
use crate::accounts::{CLOSED, Registration};
use crate::keep::BUG;

/// Checks the chains that an account is made with.
///
/// `here` is the server's key: an account is at home here, or nowhere yet.
pub(super) fn registration(
    identity: Vec<u8>,
    devices: Vec<u8>,
    here: &VerifyingKey,
) -> Result<Registration, Refusal> {
    let chain = IdentityChain::replay(&identity).map_err(refused)?;
    let device_chain = DeviceChain::replay(&devices, &chain).map_err(refused)?;
    if chain.state().closed {
        return Err(refused(ChainError::Closed));
    }
    let home = chain.state().home.as_ref();
    if home.is_some_and(|home| home.key() != here) {
        return Err(Refusal::new(Code::Invalid, "its home is another server"));
    }
    Ok(Registration {
        name: *chain.user_id().as_bytes(),
        identity,
        keys: keys(&device_chain),
        devices,
    })
}

/// What `statement` makes of an account's device chain, and how long that is then.
pub(super) fn append(account: &StoredAccount, statement: &[u8]) -> Result<(Change, u32), Refusal> {
    // They were checked when they came in.
    let identity = IdentityChain::replay(&account.identity).map_err(|_| BUG)?;
    let mut devices = DeviceChain::replay(&account.devices, &identity).map_err(|_| BUG)?;
    let invalid = Refusal::new(Code::Invalid, "not a device statement");
    let statement = DeviceStatement::decode(statement).map_err(|_| invalid)?;
    let place = usize::try_from(statement.seq())
        .ok()
        .and_then(|seq| seq.checked_sub(1));
    let there = place.and_then(|place| devices.statements().get(place));
    let length = |devices: &DeviceChain| u32::try_from(devices.statements().len()).unwrap_or(0);
    match there {
        Some(there) if *there == statement => return Ok((Change::Already, length(&devices))),
        Some(_) => {
            return Err(Refusal::new(
                Code::Conflict,
                "the device chain has moved on",
            ));
        }
        None if identity.state().closed => return Err(CLOSED),
        // Signed under an identity key that was the account's then.
        None if statement.generation() < identity.generation() => {
            return Err(Refusal::new(
                Code::Conflict,
                "the identity chain has moved on",
            ));
        }
        None => devices.append(statement, &identity).map_err(refused)?,
    }
    let change = Change::To {
        devices: devices.to_bytes(),
        keys: keys(&devices),
    };
    Ok((change, length(&devices)))
}

fn keys(devices: &DeviceChain) -> Vec<[u8; 32]> {
    devices
        .live()
        .map(|device| device.public.signing().to_bytes())
        .collect()
}

pub(super) fn refused(error: ChainError) -> Refusal {
    match error {
        ChainError::NotNext => Refusal::new(Code::Conflict, "it does not follow the chain"),
        ChainError::TooLong | ChainError::TooManyDevices => Refusal::new(
            Code::Quota,
            "the chain or the number of devices is at its bound",
        ),
        _ => Refusal::new(Code::Invalid, "a chain or statement is not valid"),
    }
}
