use std::sync::Arc;

use journal::{Limits, ManualClock, Memory};
use wire::v1::StoredAccount;

use super::*;

const NOW: Time = Time::from_ms(1_800_000_000_000);
const UNTIL: u64 = 1_800_086_400;
const OWNER: Name = [1; 32];
const ID: Id = [7; 24];

struct World {
    invitations: Invitations,
    accounts: Accounts,
    clock: Arc<ManualClock>,
}

/// A server with one account.
async fn world() -> Arc<World> {
    let clock = Arc::new(ManualClock::new(NOW));
    let store = Memory::new(Limits::default(), Arc::clone(&clock) as _);
    let keep = Keep::new(Arc::new(store));
    let account = StoredAccount {
        identity: vec![5],
        devices: vec![6],
        ..StoredAccount::default()
    };
    let place = subject(kind::ACCOUNT, &OWNER).unwrap();
    let make = |_| Ok(Step::Put(account.clone(), None, ()));
    keep.change(&place, make).await.unwrap();
    Arc::new(World {
        accounts: Accounts::open(keep.clone()).await.unwrap(),
        invitations: Invitations::new(keep),
        clock,
    })
}

impl World {
    fn now(&self) -> Time {
        journal::Clock::now(self.clock.as_ref())
    }

    async fn leave(&self, id: &Id, sealed: &[u8], until_s: u64, uses: u32) -> Result<(), Refusal> {
        let left = Left {
            id,
            sealed,
            until_s,
            uses,
        };
        let invitations = &self.invitations;
        invitations
            .leave(self.now(), &OWNER, &self.accounts, left)
            .await
    }

    async fn take(&self, claim: u8) -> Result<Vec<u8>, Refusal> {
        self.invitations.take(self.now(), &ID, &[claim; 16]).await
    }

    async fn answer(&self, claim: u8, sealed: &[u8]) -> Result<Name, Refusal> {
        self.answered(claim, sealed).await.map(|one| one.owner)
    }

    async fn answered(&self, claim: u8, sealed: &[u8]) -> Result<Answered, Refusal> {
        let invitations = &self.invitations;
        invitations
            .answer(self.now(), &ID, &[claim; 16], sealed)
            .await
    }

    async fn replies(&self) -> Vec<Reply> {
        let replies = self.invitations.replies(&OWNER, &self.accounts, &ID, 0);
        replies.await.unwrap()
    }
}

#[tokio::test]
async fn who_knows_an_id_neither_reads_nor_removes_the_answers_of_its_owner() {
    let world = world().await;
    let other: Name = [2; 32];
    let make = |_| {
        let account = StoredAccount {
            identity: vec![5],
            devices: vec![6],
            ..StoredAccount::default()
        };
        Ok(Step::Put(account, None, ()))
    };
    let place = subject(kind::ACCOUNT, &other).unwrap();
    world.invitations.keep.change(&place, make).await.unwrap();
    world.leave(&ID, b"sealed", UNTIL, 1).await.unwrap();
    world.take(1).await.unwrap();
    world.answer(1, b"reply").await.unwrap();

    let (invitations, accounts) = (&world.invitations, &world.accounts);
    let left = Left {
        id: &ID,
        sealed: b"mine",
        until_s: UNTIL,
        uses: 1,
    };
    let taken = invitations.leave(world.now(), &other, accounts, left).await;
    assert_eq!(code(taken), Some(Code::Conflict));
    let read = invitations.replies(&other, accounts, &ID, 0).await;
    assert_eq!(code(read), Some(Code::NotFound));
    let withdrawn = invitations.withdraw(&other, accounts, &ID).await;
    assert_eq!(code(withdrawn), Some(Code::NotFound));
    // As when it stands in the other's list after all: a cut before it was taken out again.
    let owned = StoredOwned {
        id: ID.to_vec(),
        until_s: UNTIL,
        uses: 1,
    };
    accounts.own(world.now(), &other, &owned).await.unwrap();
    let read = invitations.replies(&other, accounts, &ID, 0).await;
    assert_eq!(read, Ok(Vec::new()));
    invitations.withdraw(&other, accounts, &ID).await.unwrap();
    assert_eq!(world.replies().await.len(), 1);
}

fn code<T>(result: Result<T, Refusal>) -> Option<Code> {
    result.err().and_then(|refusal| refusal.code.ok())
}

#[tokio::test]
async fn one_use_is_one_claim_and_the_same_claim_again_is_answered_the_same() {
    let world = world().await;
    world.leave(&ID, b"sealed", UNTIL, 1).await.unwrap();
    assert_eq!(world.take(1).await.as_deref(), Ok(&b"sealed"[..]));
    assert_eq!(world.take(1).await.as_deref(), Ok(&b"sealed"[..]));
    assert_eq!(code(world.take(2).await), Some(Code::NotFound));
    let listed = world
        .invitations
        .list(&OWNER, &world.accounts)
        .await
        .unwrap();
    assert_eq!((listed[0].uses, listed[0].uses_left), (1, 0));
}

#[tokio::test]
async fn n_uses_give_exactly_n_claims_whatever_the_number_of_takers() {
    for uses in [1, 3, 100] {
        let world = world().await;
        world.leave(&ID, b"sealed", UNTIL, uses).await.unwrap();
        let tasks = (0..120_u8).map(|claim| {
            let world = Arc::clone(&world);
            // Each loses its first answer and asks again.
            tokio::spawn(async move {
                let first = world.take(claim).await.is_ok();
                assert_eq!(world.take(claim).await.is_ok(), first);
                first
            })
        });
        let mut winners = 0;
        for task in tasks.collect::<Vec<_>>() {
            winners += u32::from(task.await.unwrap());
        }
        assert_eq!(winners, uses);
    }
}

#[tokio::test]
async fn any_number_of_uses_ends_with_the_date() {
    let world = world().await;
    world.leave(&ID, b"sealed", UNTIL, 0).await.unwrap();
    for claim in 0..150 {
        assert!(world.take(claim).await.is_ok());
    }
    assert_eq!(code(world.answer(1, b"me").await), Some(Code::Unsupported));
    world.clock.step(Duration::from_millis(86_399_999));
    assert!(world.take(1).await.is_ok());
    world.clock.step(Duration::from_millis(1));
    assert_eq!(code(world.take(1).await), Some(Code::NotFound));
}

#[tokio::test]
async fn leaving_again_is_fine_and_something_else_there_is_a_conflict() {
    let world = world().await;
    world.leave(&ID, b"sealed", UNTIL, 2).await.unwrap();
    world.take(1).await.unwrap();
    assert_eq!(world.leave(&ID, b"sealed", UNTIL, 2).await, Ok(()));
    assert_eq!(
        code(world.leave(&ID, b"other", UNTIL, 2).await),
        Some(Code::Conflict)
    );
    assert_eq!(
        code(world.leave(&ID, b"sealed", UNTIL, 3).await),
        Some(Code::Conflict)
    );
    assert!(world.take(2).await.is_ok());
    assert_eq!(code(world.take(3).await), Some(Code::NotFound));
}

#[tokio::test]
async fn dates_and_uses_are_taken_at_their_bounds_and_not_beyond() {
    let world = world().await;
    let days90 = 1_800_000_000 + 90 * 86_400;
    let leave = async |id, until_s, uses| code(world.leave(&[id; 24], b"x", until_s, uses).await);
    assert_eq!(leave(1, days90, 100).await, None);
    assert_eq!(leave(2, days90 + 1, 1).await, Some(Code::Malformed));
    assert_eq!(leave(2, 1_800_000_000, 1).await, Some(Code::Malformed));
    assert_eq!(leave(2, UNTIL, 101).await, Some(Code::Malformed));
    for id in 2..=64 {
        assert_eq!(leave(id, UNTIL, 1).await, None);
    }
    assert_eq!(leave(65, UNTIL, 1).await, Some(Code::Quota));
    world.clock.step(Duration::from_secs(86_400));
    assert_eq!(leave(65, UNTIL + 86_400, 1).await, None, "others are over");
}

#[tokio::test]
async fn the_inviter_reads_an_answer_even_long_after() {
    let world = world().await;
    world.leave(&ID, b"sealed", UNTIL, 2).await.unwrap();
    assert_eq!(
        code(world.answer(1, b"me").await),
        Some(Code::NotFound),
        "not taken yet"
    );
    world.take(1).await.unwrap();
    assert_eq!(world.answer(1, b"me").await, Ok(OWNER));
    assert_eq!(world.answer(1, b"me").await, Ok(OWNER), "a repetition");
    assert_eq!(code(world.answer(1, b"other").await), Some(Code::Conflict));
    assert_eq!(world.replies().await.len(), 1);
    // After the store's own window for repetitions.
    world.clock.step(Duration::from_secs(2 * 3600));
    assert_eq!(world.answer(1, b"me").await, Ok(OWNER));
    assert_eq!(world.replies().await.len(), 1);
    assert_eq!(world.replies().await[0].left_s, 1_800_000_000);
    world.clock.step(Duration::from_secs(14 * 86_400));
    assert_eq!(world.replies().await[0].sealed, b"me");
    world.clock.step(Duration::from_secs(86_400));
    assert!(world.replies().await.is_empty());
}

#[tokio::test]
async fn an_answer_cut_before_it_was_stored_is_stored_by_the_repetition() {
    let world = world().await;
    world.leave(&ID, b"sealed", UNTIL, 1).await.unwrap();
    world.take(1).await.unwrap();
    let cut = |record: Option<StoredInvitation>| {
        let mut record = record.unwrap();
        record.claims[0].answer = primitives::sha256(&[b"me"]).to_vec();
        Ok(Step::Put(record, None, ()))
    };
    let keep = &world.invitations.keep;
    keep.change(&key(&ID).unwrap(), cut).await.unwrap();
    assert!(world.replies().await.is_empty());
    assert_eq!(world.answer(1, b"me").await, Ok(OWNER));
    assert_eq!(world.replies().await.len(), 1);
}

#[tokio::test]
async fn withdrawing_is_for_the_inviter_and_takes_the_answers_too() {
    let world = world().await;
    world.leave(&ID, b"sealed", UNTIL, 2).await.unwrap();
    world.take(1).await.unwrap();
    world.answer(1, b"me").await.unwrap();
    let withdraw = async |name: &Name| world.invitations.withdraw(name, &world.accounts, &ID).await;
    assert_eq!(code(withdraw(&[2; 32]).await), Some(Code::NotFound));
    assert_eq!(withdraw(&OWNER).await, Ok(()));
    assert_eq!(code(world.take(2).await), Some(Code::NotFound));
    assert_eq!(code(withdraw(&OWNER).await), Some(Code::NotFound));
}

#[tokio::test]
async fn an_answer_is_news_until_it_is_half_an_hour_old() {
    let world = world().await;
    world.leave(&ID, b"sealed", UNTIL, 1).await.unwrap();
    world.take(1).await.unwrap();
    // Whatever was told before, the store knows the event again as long as this says so.
    assert!(world.answered(1, b"me").await.unwrap().is_news);
    assert!(world.answered(1, b"me").await.unwrap().is_news);
    world.clock.step(Duration::from_millis(1_799_999));
    assert!(world.answered(1, b"me").await.unwrap().is_news);
    world.clock.step(Duration::from_millis(1));
    assert!(!world.answered(1, b"me").await.unwrap().is_news);
}
