//! Operations that change more than one thing.

use wire::v1::InvitationAnswer;
use wire::{Code, Refusal};

use super::{Caller, Responder, SOON, Said, chains, operations};
use crate::accounts::Name;
use crate::invitations::{ABSENT, Claim, Id};

impl Responder {
    /// Leaves an answer, and tells the inviter once.
    ///
    /// # Spec
    ///
    /// `spec/40-server.md` section 5.
    pub(super) async fn answer_invitation(
        &self,
        caller: &Caller<'_>,
        (id, claim): (Id, Claim),
        reply: &InvitationAnswer,
    ) -> Result<Said, Refusal> {
        let invitations = &self.invitations;
        let answered = invitations
            .answer(caller.now, &id, &claim, &reply.sealed)
            .await?;
        let owner = &answered.owner;
        let event = match answered.is_news {
            true => Some(self.events.answered(owner, &id, &claim).await?),
            false => None,
        };
        // Whoever removes an invitation does so before its answers and events: if it is there now,
        // they will find these.
        if invitations.holds(&id, &answered).await? {
            return operations::done();
        }
        if let Some(number) = event {
            self.events.remove(owner, number).await?;
        }
        Err(ABSENT)
    }

    /// Takes a statement into the device chain of account `name`, and says so to its devices.
    ///
    /// # Spec
    ///
    /// `spec/40-server.md` section 4.3.
    pub(super) async fn change_devices(
        &self,
        name: &Name,
        statement: Vec<u8>,
    ) -> Result<Said, Refusal> {
        for _ in 0..ROUNDS {
            let account = self.accounts.get(name).await?;
            let account = account.ok_or(super::proof::REFUSED)?;
            let Some(next) = chains::next(&account, &statement)? else {
                return operations::done();
            };
            let before = account.clone();
            let verified = self.verifying.run(move || chains::append(&account, next));
            let (devices, length) = verified.await??;
            let changed = self.accounts.change_devices(name, &before, &devices);
            if changed.await? {
                self.events.moved(name, length).await?;
                self.clear_if_gone(name).await?;
                return operations::done();
            }
        }
        Err(Refusal::after(Code::Busy, "too many at once", SOON))
    }

    /// An account that was deleted while it was told something has no events.
    pub(super) async fn clear_if_gone(&self, name: &Name) -> Result<(), Refusal> {
        match self.accounts.get(name).await? {
            Some(_) => Ok(()),
            None => self.events.clear(name).await,
        }
    }
}

/// Against other changes of the same chain.
pub(super) const ROUNDS: usize = 8;
