use kernel::Label;

use super::{DeviceChain, DeviceChange, DeviceStatement};
use crate::chain::{ChainError, State};
use crate::ids::RecoveryHash;
use crate::key;

/// Whether `statement` may follow, `state` being what the identity chain said then. Its place was
/// compared before.
///
/// # Spec
///
/// `spec/15-identity.md` 4, rules 2 to 5.
pub(super) fn check(
    chain: &DeviceChain,
    state: &State,
    statement: &DeviceStatement,
) -> Result<(), ChainError> {
    if state.closed {
        return Err(ChainError::Closed);
    }
    check_signers(chain, state, statement)?;
    check_change(chain, statement)?;
    check_signatures(state, statement)
}

/// Rules 2 and 3: who has signed, before whether the signatures are good.
fn check_signers(
    chain: &DeviceChain,
    state: &State,
    statement: &DeviceStatement,
) -> Result<(), ChainError> {
    let first = chain.statements().is_empty();
    match (&statement.identity, &statement.device, &statement.recovery) {
        (Some(_), None, None) if first => {}
        (Some(_), Some((key, _)), None) if !first => {
            if key == statement.change().device_key() {
                return Err(ChainError::Signers);
            }
            chain.live_device(key).ok_or(ChainError::DeviceUnknown)?;
        }
        (Some(_), None, Some((key, _))) => {
            if state.recovery != Some(RecoveryHash::of_key(key)) {
                return Err(ChainError::OtherRecoveryKey);
            }
        }
        _ => return Err(ChainError::Signers),
    }
    let adds = matches!(statement.change(), DeviceChange::Add { .. });
    if statement.acceptance.is_some() != adds {
        return Err(ChainError::Signers);
    }
    Ok(())
}

/// Rule 5 and the limit of devices.
fn check_change(chain: &DeviceChain, statement: &DeviceStatement) -> Result<(), ChainError> {
    let key = statement.change().device_key();
    match statement.change() {
        DeviceChange::Add { .. } => {
            if chain.live().count() >= DeviceChain::MAX_LIVE {
                return Err(ChainError::TooManyDevices);
            }
            let mut known = chain.devices().iter();
            if known.any(|device| device.public.signing() == key) {
                return Err(ChainError::DeviceKnown);
            }
        }
        DeviceChange::Remove(_) => {
            chain.live_device(key).ok_or(ChainError::DeviceUnknown)?;
        }
    }
    Ok(())
}

/// Rule 4.
fn check_signatures(state: &State, statement: &DeviceStatement) -> Result<(), ChainError> {
    let body = &statement.body;
    if let Some(signature) = &statement.identity {
        state.key.verify(Label::SignDevice, body, signature)?;
    }
    if let Some((device, signature)) = &statement.device {
        key::verify(device, Label::CountersignDevice, body, signature)?;
    }
    if let Some((recovery, signature)) = &statement.recovery {
        key::verify(recovery, Label::RecoverDevice, body, signature)?;
    }
    if let Some(signature) = &statement.acceptance {
        let device = statement.change().device_key();
        key::verify(device, Label::AcceptDevice, body, signature)?;
    }
    Ok(())
}
