//! Operations that change more than one thing.

use wire::Refusal;
use wire::v1::InvitationAnswer;

use super::{Caller, Responder, Said, operations};
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
}
