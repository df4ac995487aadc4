use kernel::Label;

use super::{ChainError, Change, State, Statement};
use crate::ids::{Head, RecoveryHash};
use crate::key;

/// What holds after `statement`, if it may follow `state`. The account and the number were compared
/// before.
///
/// # Spec
///
/// `spec/15-identity.md` 3.2, rules 1 to 5.
pub(super) fn apply(state: &State, statement: &Statement) -> Result<State, ChainError> {
    if statement.prev != state.head {
        return Err(ChainError::NotNext);
    }
    if state.closed {
        return Err(ChainError::Closed);
    }
    check_signers(state, statement)?;
    check_change(state, statement)?;
    check_signatures(state, statement)?;

    let mut next = state.clone();
    next.head = Head::of_statement(&statement.body);
    match statement.change() {
        Change::Rotate { key, recovery } => {
            next.key = key.clone();
            next.recovery = *recovery;
        }
        Change::MoveHome(home) => next.home = Some(home.clone()),
        Change::Close => next.closed = true,
    }
    Ok(next)
}

/// Rule 2: who has signed, before whether the signatures are good.
fn check_signers(state: &State, statement: &Statement) -> Result<(), ChainError> {
    let first_home = state.home.is_none() && matches!(statement.change(), Change::MoveHome(_));
    let signers = (
        statement.identity.is_some(),
        statement.home.is_some(),
        &statement.recovery,
    );
    match signers {
        (false, false, Some((key, _))) => {
            if state.recovery != Some(RecoveryHash::of_key(key)) {
                return Err(ChainError::OtherRecoveryKey);
            }
        }
        (true, true, None) if state.home.is_some() => {}
        (true, false, None) if first_home => {}
        _ => return Err(ChainError::Signers),
    }
    let rotates = matches!(statement.change(), Change::Rotate { .. });
    if statement.acceptance.is_some() != rotates {
        return Err(ChainError::Signers);
    }
    Ok(())
}

/// Rules 4 and 5.
fn check_change(state: &State, statement: &Statement) -> Result<(), ChainError> {
    match statement.change() {
        Change::Rotate { key, recovery } => {
            let changed = state.recovery.is_some() && *recovery != state.recovery;
            if changed && statement.recovery.is_none() {
                return Err(ChainError::RecoveryChanged);
            }
            if *key == state.key {
                return Err(ChainError::NothingNew);
            }
        }
        Change::MoveHome(home) if Some(home) == state.home.as_ref() => {
            return Err(ChainError::NothingNew);
        }
        Change::MoveHome(_) | Change::Close => {}
    }
    Ok(())
}

/// Rule 3.
fn check_signatures(state: &State, statement: &Statement) -> Result<(), ChainError> {
    let body = &statement.body;
    if let Some(signature) = &statement.identity {
        state.key.verify(Label::SignStatement, body, signature)?;
    }
    if let Some((home, signature)) = state.home.as_ref().zip(statement.home.as_ref()) {
        key::verify(home.key(), Label::CountersignStatement, body, signature)?;
    }
    if let Some((recovery, signature)) = &statement.recovery {
        key::verify(recovery, Label::RecoverStatement, body, signature)?;
    }
    if let (Change::Rotate { key, .. }, Some(signature)) =
        (statement.change(), &statement.acceptance)
    {
        key.verify(Label::AcceptRotate, body, signature)?;
    }
    Ok(())
}
