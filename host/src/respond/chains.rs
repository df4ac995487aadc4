//! The chains of chapter 15, as a home server sees them.

use identity::{
    ChainError, ChainPlace, DeviceChain, DeviceOutline, DeviceStatement, IdentityChain,
};
use primitives::VerifyingKey;
use wire::v1::StoredAccount;
use wire::{Code, Refusal};

use crate::accounts::{CLOSED, Devices, Registration};
use crate::keep::BUG;

/// Checks the chains that an account is made with. Verifies both: takes milliseconds.
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

/// The statement in `bytes`, if it is the next one of an account's device chain as far as its number
/// and link say; `None` if it is there already. Looks at no signature, so it costs little.
pub(super) fn next(
    account: &StoredAccount,
    bytes: &[u8],
) -> Result<Option<DeviceStatement>, Refusal> {
    let invalid = Refusal::new(Code::Invalid, "not a device statement");
    let statement = DeviceStatement::decode(bytes).map_err(|_| invalid)?;
    let outline = DeviceOutline::read(&account.devices).map_err(|_| BUG)?;
    match outline.place(&statement) {
        ChainPlace::There => Ok(None),
        ChainPlace::Next => Ok(Some(statement)),
        ChainPlace::Elsewhere => {
            let text = "it does not follow the chain, or the chain has moved on";
            Err(Refusal::new(Code::Conflict, text))
        }
    }
}

/// What [`next`] found, verified and appended to an account's device chain, and how long that is
/// then. Verifies both chains: takes milliseconds.
pub(super) fn append(
    account: &StoredAccount,
    statement: DeviceStatement,
) -> Result<(Devices, u32), Refusal> {
    // They were checked when they came in.
    let identity = IdentityChain::replay(&account.identity).map_err(|_| BUG)?;
    let mut devices = DeviceChain::replay(&account.devices, &identity).map_err(|_| BUG)?;
    if identity.state().closed {
        return Err(CLOSED);
    }
    // Signed under an identity key that was the account's then.
    if statement.generation() < identity.generation() {
        let text = "the identity chain has moved on";
        return Err(Refusal::new(Code::Conflict, text));
    }
    devices.append(statement, &identity).map_err(refused)?;
    let length = u32::try_from(devices.statements().len()).unwrap_or(0);
    let devices = Devices {
        chain: devices.to_bytes(),
        keys: keys(&devices),
    };
    Ok((devices, length))
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
