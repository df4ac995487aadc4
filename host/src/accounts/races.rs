//! An account is deleted, or an invitation withdrawn, while something else is under way: each is stopped
//! behind every one of its calls to the store, the other runs, and it goes on.

use std::sync::Arc;

use journal::{Limits, ManualClock, Memory, Store};

use super::*;
use crate::invitations::{Answered, Left};
use crate::keep::stepped::Stepped;

const NOW: Time = Time::from_ms(1_800_000_000_000);
const NAME: Name = [1; 32];
const ID: [u8; 24] = [9; 24];
const CLAIM: [u8; 16] = [3; 16];

/// One server on a store.
struct Side {
    steps: Arc<Stepped>,
    accounts: Accounts,
    invitations: Invitations,
    events: Events,
}

impl Side {
    async fn on(store: &Arc<dyn Store>) -> Self {
        let steps = Arc::new(Stepped::new(Arc::clone(store)));
        let keep = Keep::new(Arc::clone(&steps) as _);
        Self {
            steps,
            accounts: Accounts::open(keep.clone()).await.unwrap(),
            invitations: Invitations::new(keep.clone()),
            events: Events::new(keep),
        }
    }

    async fn register(&self) {
        let step = |_: Option<StoredAccount>| {
            let record = StoredAccount {
                identity: vec![5],
                devices: vec![6],
                ..StoredAccount::default()
            };
            Ok(Step::Put(record, None, ()))
        };
        self.accounts
            .keep
            .change(&key(&NAME).unwrap(), step)
            .await
            .unwrap();
    }

    async fn leave(&self) -> Result<(), Refusal> {
        let left = Left {
            id: &ID,
            sealed: b"sealed",
            until_s: 1_800_086_400,
            uses: 1,
        };
        let invitations = &self.invitations;
        invitations.leave(NOW, &NAME, &self.accounts, left).await
    }

    async fn take(&self) {
        self.invitations.take(NOW, &ID, &CLAIM).await.unwrap();
    }

    /// As a request does it.
    async fn answer(&self) -> Result<(), Refusal> {
        let invitations = &self.invitations;
        let answered: Answered = invitations.answer(NOW, &ID, &CLAIM, b"me").await?;
        let told = self.events.answered(&answered.owner, &ID, &CLAIM).await?;
        if !invitations.holds(&ID, &answered).await? {
            self.events.remove(&answered.owner, told).await?;
            return Err(crate::invitations::ABSENT);
        }
        Ok(())
    }

    async fn delete(&self) -> Result<(), Refusal> {
        let (invitations, events) = (&self.invitations, &self.events);
        self.accounts.delete(&NAME, invitations, events).await
    }

    async fn withdraw(&self) -> Result<(), Refusal> {
        let invitations = &self.invitations;
        invitations.withdraw(&NAME, &self.accounts, &ID).await
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Act {
    Leave,
    Answer,
    Delete,
    Withdraw,
}

impl Act {
    async fn run(self, side: &Side) -> Result<(), Refusal> {
        match self {
            Self::Leave => side.leave().await,
            Self::Answer => side.answer().await,
            Self::Delete => side.delete().await,
            Self::Withdraw => side.withdraw().await,
        }
    }
}

/// What is left when `one`, stopped behind its call number `call`, was overtaken by `other`; `None` if it
/// made fewer calls.
async fn overtaken(one: Act, other: Act, call: usize) -> Option<Vec<u8>> {
    let clock = Arc::new(ManualClock::new(NOW));
    let store: Arc<dyn Store> = Arc::new(Memory::new(Limits::default(), clock));
    let (first, second) = (Side::on(&store).await, Side::on(&store).await);
    let first = Arc::new(first);
    first.register().await;
    if one == Act::Answer || other == Act::Answer {
        first.leave().await.unwrap();
        first.take().await;
    }
    first.steps.stop_after(call);
    let side = Arc::clone(&first);
    let mut task = tokio::spawn(async move { one.run(&side).await });
    tokio::select! {
        done = &mut task => {
            done.unwrap().unwrap();
            return None;
        }
        () = first.steps.reached() => {}
    }
    let overtook = other.run(&second).await;
    first.steps.go();
    let done = task.await.unwrap();
    let deleted = match (one, other) {
        (Act::Delete | Act::Withdraw, _) => done,
        _ => overtook,
    };
    assert_eq!(deleted, Ok(()), "{one:?}, {call}, {other:?}");
    let mut kinds = Vec::new();
    for kind in 0..=u8::MAX {
        let cells = store.cells(kind, None, 9).await.unwrap().len();
        let logs = store.subjects(kind, None, 9).await.unwrap().len();
        kinds.extend((0..cells).map(|_| kind));
        kinds.extend((0..logs).map(|_| kind));
    }
    Some(kinds)
}

/// Overtakes `one` everywhere; returns at how many places.
async fn overtake(one: Act, other: Act, left: &[u8]) -> usize {
    for call in 1.. {
        let Some(kinds) = overtaken(one, other, call).await else {
            return call.saturating_sub(1);
        };
        assert_eq!(kinds, left, "{one:?} was overtaken by {other:?} at {call}");
    }
    panic!("it never ends")
}

#[tokio::test]
async fn an_invitation_that_is_left_meanwhile_does_not_outlive_its_account() {
    assert!(overtake(Act::Leave, Act::Delete, &[]).await >= 6);
    assert!(overtake(Act::Delete, Act::Leave, &[]).await >= 4);
}

#[tokio::test]
async fn an_invitation_that_is_left_again_meanwhile_does_not_either() {
    // Noted in the account before, and not there: a cut, and its time has passed since.
    let clock = Arc::new(ManualClock::new(NOW));
    for call in 1..=6 {
        let store: Arc<dyn Store> =
            Arc::new(Memory::new(Limits::default(), Arc::clone(&clock) as _));
        let (first, second) = (Side::on(&store).await, Arc::new(Side::on(&store).await));
        first.register().await;
        first.leave().await.unwrap();
        first.invitations.remove(&NAME, &ID).await.unwrap();
        second.steps.stop_after(call);
        let side = Arc::clone(&second);
        let task = tokio::spawn(async move { side.delete().await });
        second.steps.reached().await;
        drop(first.leave().await);
        second.steps.go();
        assert_eq!(task.await.unwrap(), Ok(()));
        let cells = store.cells(kind::INVITATION, None, 9).await.unwrap();
        assert!(cells.is_empty(), "{call}");
    }
}

#[tokio::test]
async fn an_answer_that_comes_meanwhile_does_not_outlive_the_account() {
    assert!(overtake(Act::Answer, Act::Delete, &[]).await >= 6);
    assert!(overtake(Act::Delete, Act::Answer, &[]).await >= 5);
}

#[tokio::test]
async fn an_answer_that_comes_meanwhile_does_not_outlive_its_invitation() {
    let both = [(Act::Answer, Act::Withdraw), (Act::Withdraw, Act::Answer)];
    for (one, other) in both {
        for call in 1.. {
            let Some(kinds) = overtaken(one, other, call).await else {
                break;
            };
            assert!(!kinds.contains(&kind::REPLIES), "{call}: {kinds:?}");
            assert!(!kinds.contains(&kind::INVITATION), "{call}: {kinds:?}");
        }
    }
}

#[tokio::test]
async fn what_a_cut_leaves_without_an_account_goes_by_itself() {
    let clock = Arc::new(ManualClock::new(NOW));
    let store: Arc<dyn Store> = Arc::new(Memory::new(Limits::default(), Arc::clone(&clock) as _));
    let side = Arc::new(Side::on(&store).await);
    side.register().await;
    // Put, but not yet noted in its account.
    side.steps.stop_after(2);
    let leaving = Arc::clone(&side);
    let task = tokio::spawn(async move { leaving.leave().await });
    side.steps.reached().await;
    task.abort();
    let left = async || store.cells(kind::INVITATION, None, 9).await.unwrap().len();
    assert_eq!(left().await, 1);
    clock.step(Duration::from_millis(599_999));
    assert_eq!(left().await, 1);
    clock.step(Duration::from_millis(1));
    assert_eq!(left().await, 0);
    // Left again it stays.
    let other = Side::on(&store).await;
    other.leave().await.unwrap();
    clock.step(Duration::from_secs(3600));
    assert_eq!(left().await, 1);
}
