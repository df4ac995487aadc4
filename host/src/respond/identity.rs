//! The identity chain of an account: shown to whoever asks, taken further for its devices.
//!
//! Spec: `spec/40-server.md` section 4.4.

use identity::{Change, IdentityChain, Statement};
use wire::v1::operation::Operation as Op;
use wire::v1::{Identity, IdentityChanged, answer};
use wire::{Code, Refusal};

use super::changes::ROUNDS;
use super::operations::say;
use super::{Responder, SOON, Said, Session, chains, proof};
use crate::accounts::{CLOSED, Longer, Name};
use crate::keep::BUG;
use crate::server_key::ServerKey;

impl Responder {
    /// Shows the identity chain of `account`, 32 bytes of anyone's.
    pub(super) async fn identity(&self, account: &[u8]) -> Result<Said, Refusal> {
        let name: Name = account.try_into().map_err(|_| BUG)?;
        let absent = Refusal::new(Code::NotFound, "there is no such account");
        let chain = self.accounts.get(&name).await?.ok_or(absent)?.identity;
        say(answer::Result::Identity(Identity { chain }))
    }

    /// Takes the chain of the device's account one statement further, and answers the statement as
    /// it stands there. Sent again it is done again, whatever was cut in between; only its event may be
    /// lost then.
    pub(super) async fn identity_change(
        &self,
        session: &Session,
        statement: &[u8],
    ) -> Result<Said, Refusal> {
        let invalid = Refusal::new(Code::Invalid, "not an identity statement");
        let statement = Statement::decode(statement).map_err(|_| invalid)?;
        for _ in 0..ROUNDS {
            let account = self.accounts.get(&session.account).await?;
            let before = account.ok_or(proof::REFUSED)?.identity;
            let mut chain = self.replay(before.clone()).await?;
            let there = match next(&mut chain, &statement, &self.server_key)? {
                Next::Already(there) => there,
                Next::Appended(there) => {
                    let longer = Longer {
                        before,
                        after: chain.to_bytes(),
                        is_closed: chain.state().closed,
                    };
                    if !self.replace(session, &longer).await? {
                        continue;
                    }
                    let (name, length) = (&session.account, chain.generation());
                    self.events.identity_moved(name, length).await?;
                    self.clear_if_gone(name).await?;
                    there
                }
            };
            if chain.state().closed {
                self.withdraw_all(&session.account).await?;
            }
            let statement = there.to_bytes();
            return say(answer::Result::IdentityChanged(IdentityChanged {
                statement,
            }));
        }
        Err(Refusal::after(Code::Busy, "too many at once", SOON))
    }

    /// The chain in `bytes` of our store. Up to 256 statements are verified, which is too much for
    /// a thread that serves others, and for many at once.
    async fn replay(&self, bytes: Vec<u8>) -> Result<IdentityChain, Refusal> {
        let chain = self
            .verifying
            .run(move || IdentityChain::replay(&bytes))
            .await?;
        // It was checked when it came in.
        chain.map_err(|_| BUG)
    }

    async fn replace(&self, session: &Session, longer: &Longer) -> Result<bool, Refusal> {
        let (name, device) = (&session.account, &session.device);
        self.accounts.change_identity(name, device, longer).await
    }

    /// Removes the invitations of an account that is closed. Cut in between, they are the account's
    /// still and are removed when the closing is repeated, or with the account.
    async fn withdraw_all(&self, name: &Name) -> Result<(), Refusal> {
        let account = self.accounts.get(name).await?.unwrap_or_default();
        for one in &account.invitations {
            if let Ok(id) = one.id.as_slice().try_into() {
                self.invitations.remove(name, id).await?;
            }
        }
        self.accounts.disown_all(name).await
    }
}

/// Whether an account that is closed still answers this. Changes of its chains are answered if they
/// are repetitions, which is seen later.
pub(super) const fn is_answered_when_closed(operation: &Op) -> bool {
    matches!(
        operation,
        Op::Authenticate(_)
            | Op::Account(_)
            | Op::AccountDelete(_)
            | Op::DeviceChange(_)
            | Op::IdentityChange(_)
    )
}

/// What became of a statement; as it stands in the chain.
enum Next {
    Already(Statement),
    Appended(Statement),
}

/// Takes `statement`, which a live device has brought, as `chain` goes: see the steps in the spec.
fn next(
    chain: &mut IdentityChain,
    statement: &Statement,
    key: &ServerKey,
) -> Result<Next, Refusal> {
    let place = usize::try_from(statement.seq()).map_err(|_| BUG)?;
    let place = place.checked_sub(1);
    if let Some(there) = place.and_then(|place| chain.statements().get(place)) {
        return match there.equals_but_for_home(statement) {
            true => Ok(Next::Already(there.clone())),
            false => Err(CONFLICT),
        };
    }
    let (state, here) = (chain.state(), key.public());
    if state.closed {
        return Err(CLOSED);
    }
    if state.home.as_ref().is_some_and(|home| *home.key() != here) {
        return Err(MOVED);
    }
    let is_ours = state.home.is_some();
    let is_alone =
        statement.is_signed() && !statement.is_countersigned() && !statement.is_recovered();
    if let (false, true, Change::MoveHome(home)) = (is_ours, is_alone, statement.change())
        && *home.key() != here
    {
        return Err(ELSEWHERE);
    }
    let statement = match is_ours && is_alone {
        true => key.countersign(statement.clone()),
        false => statement.clone(),
    };
    chain.append(statement.clone()).map_err(chains::refused)?;
    Ok(Next::Appended(statement))
}

const CONFLICT: Refusal = Refusal::new(Code::Conflict, "the identity chain has moved on");
const MOVED: Refusal = Refusal::new(Code::Conflict, "the account is at home elsewhere");
const ELSEWHERE: Refusal = Refusal::new(Code::Invalid, "the home it names is another server");
