use std::sync::Arc;

use journal::{Limits, ManualClock, Memory, Store};

use super::*;
use crate::invitations::Left;
use crate::keep::stepped::Stepped;
use crate::pins::{Pin, Terms};

const NOW: Time = Time::from_ms(1_800_000_000_000);

struct World {
    accounts: Accounts,
    pins: Pins,
    invitations: Invitations,
    events: Events,
}

async fn world() -> World {
    let clock = Arc::new(ManualClock::new(NOW));
    world_on(Arc::new(Memory::new(Limits::default(), clock))).await
}

async fn world_on(store: Arc<dyn Store>) -> World {
    let keep = Keep::new(store);
    World {
        accounts: Accounts::open(keep.clone()).await.unwrap(),
        pins: Pins::new(keep.clone()),
        invitations: Invitations::new(keep.clone()),
        events: Events::new(keep),
    }
}

impl World {
    async fn pin(&self) -> Pin {
        self.pins.create(NOW, Terms::default()).await.unwrap()
    }

    async fn register(&self, pin: &str, new: Registration) -> Result<(), Refusal> {
        self.register_as(Admission::Pin, pin, new).await
    }

    async fn register_as(
        &self,
        admission: Admission,
        pin: &str,
        new: Registration,
    ) -> Result<(), Refusal> {
        let ticket = Ticket {
            admission,
            pin,
            source: Source::new(1),
        };
        self.accounts.register(NOW, &self.pins, ticket, new).await
    }
}

/// A device chain as far as this module looks: a head, a count, statements.
fn chain(name: u8, statements: &[&str]) -> Vec<u8> {
    let mut chain = vec![6, 1];
    chain.extend([name; 32]);
    chain.extend(u16::try_from(statements.len()).unwrap().to_le_bytes());
    statements
        .iter()
        .for_each(|statement| chain.extend(statement.bytes()));
    chain
}

fn new(name: u8) -> Registration {
    Registration {
        name: [name; 32],
        identity: vec![5, 1, name],
        devices: chain(name, &["one"]),
        keys: vec![[name; 32]],
    }
}

fn code(result: Result<(), Refusal>) -> Option<Code> {
    result.err().and_then(|refusal| refusal.code.ok())
}

#[tokio::test]
async fn a_pin_makes_one_account_and_the_same_request_again_is_fine() {
    let world = world().await;
    let pin = world.pin().await.reveal();
    assert_eq!(world.register(&pin, new(1)).await, Ok(()));
    assert_eq!(world.register(&pin, new(1)).await, Ok(()), "a repetition");
    assert_eq!(code(world.register(&pin, new(2)).await), Some(Code::Pin));
    assert_eq!(world.accounts.count(), 1);
    assert!(world.pins.list().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_registration_that_is_overtaken_by_its_repetition_is_the_same_one() {
    for call in 1.. {
        let clock = Arc::new(ManualClock::new(NOW));
        let store: Arc<dyn Store> = Arc::new(Memory::new(Limits::default(), clock));
        let steps = Arc::new(Stepped::new(Arc::clone(&store)));
        let slow = world_on(Arc::clone(&steps) as _).await;
        let fast = world_on(store).await;
        let pin = fast.pin().await.reveal();
        steps.stop_after(call);
        let typed = pin.clone();
        let mut task = tokio::spawn(async move { slow.register(&typed, new(1)).await });
        tokio::select! {
            done = &mut task => {
                assert_eq!(done.unwrap(), Ok(()));
                assert!(call > 3, "it looks, claims, and writes");
                return;
            }
            () = steps.reached() => {}
        }
        assert_eq!(fast.register(&pin, new(1)).await, Ok(()), "{call}");
        steps.go();
        assert_eq!(task.await.unwrap(), Ok(()), "{call}");
        assert!(fast.pins.list().await.unwrap().is_empty(), "{call}");
    }
}

#[tokio::test]
async fn a_taken_name_costs_no_pin() {
    let world = world().await;
    let pin = world.pin().await.reveal();
    assert_eq!(world.register(&pin, new(1)).await, Ok(()));
    let pin = world.pin().await.reveal();
    let mut other = new(1);
    other.identity.push(9);
    assert_eq!(
        code(world.register(&pin, other).await),
        Some(Code::Conflict)
    );
    assert_eq!(world.register(&pin, new(2)).await, Ok(()));
}

#[tokio::test]
async fn an_account_whose_registration_was_cut_after_the_pin_finishes_it() {
    let world = world().await;
    let pin = world.pin().await.reveal();
    let claimed = world.pins.claim(NOW, Source::new(1), &pin, &[1; 32]);
    claimed.await.unwrap();
    assert_eq!(code(world.register(&pin, new(2)).await), Some(Code::Pin));
    assert_eq!(world.register(&pin, new(1)).await, Ok(()));
}

#[tokio::test]
async fn registration_can_be_open_or_closed() {
    let world = world().await;
    let register = async |admission, name| code(world.register_as(admission, "", new(name)).await);
    assert_eq!(
        register(Admission::Closed, 1).await,
        Some(Code::Unsupported)
    );
    assert_eq!(register(Admission::Pin, 1).await, Some(Code::Pin));
    assert_eq!(register(Admission::Open, 1).await, None);
}

#[tokio::test]
async fn a_registration_is_a_repetition_while_the_chain_goes_on_from_it() {
    let world = world().await;
    let pin = world.pin().await.reveal();
    world.register(&pin, new(1)).await.unwrap();
    let before = world.accounts.get(&[1; 32]).await.unwrap().unwrap();
    let longer = Devices {
        chain: chain(1, &["one", "two"]),
        keys: vec![[1; 32], [2; 32]],
    };
    let changed = world.accounts.change_devices(&[1; 32], &before, &longer);
    assert_eq!(changed.await, Ok(true));
    let late = world.accounts.change_devices(&[1; 32], &before, &longer);
    assert_eq!(late.await, Ok(false), "it is another chain by now");
    assert_eq!(world.register("", new(1)).await, Ok(()));
    let mut other = new(1);
    other.devices = chain(1, &["two"]);
    assert_eq!(code(world.register("", other).await), Some(Code::Conflict));
    let mut headless = new(1);
    headless.devices.truncate(35);
    assert_eq!(
        code(world.register("", headless).await),
        Some(Code::Conflict)
    );
}

#[tokio::test]
async fn a_chain_is_taken_up_to_its_bound_and_not_one_byte_more() {
    let world = world().await;
    let pin = world.pin().await.reveal();
    world.register(&pin, new(1)).await.unwrap();
    let grow = async |length| {
        let before = world.accounts.get(&[1; 32]).await.unwrap().unwrap();
        let to = Devices {
            chain: vec![7; length],
            keys: Vec::new(),
        };
        let changed = world.accounts.change_devices(&[1; 32], &before, &to);
        code(changed.await.map(drop))
    };
    assert_eq!(grow(114_688).await, None);
    assert_eq!(grow(114_689).await, Some(Code::Quota));
}

#[tokio::test]
async fn deleting_takes_everything_and_can_be_repeated() {
    let world = world().await;
    let pin = world.pin().await.reveal();
    world.register(&pin, new(1)).await.unwrap();
    let left = Left {
        id: &[9; 24],
        sealed: b"sealed",
        until_s: 1_800_000_100,
        uses: 1,
    };
    let invitations = &world.invitations;
    invitations
        .leave(NOW, &[1; 32], &world.accounts, left)
        .await
        .unwrap();
    invitations.take(NOW, &[9; 24], &[1; 16]).await.unwrap();
    invitations
        .answer(NOW, &[9; 24], &[1; 16], b"hello")
        .await
        .unwrap();
    let told = world.events.answered(&[1; 32], &[9; 24], &[1; 16]);
    told.await.unwrap();
    for _ in 0..2 {
        let deleted = world
            .accounts
            .delete(&[1; 32], invitations, &world.events)
            .await;
        assert_eq!(deleted, Ok(()));
    }
    assert_eq!(world.accounts.count(), 0);
    assert_eq!(world.accounts.get(&[1; 32]).await, Ok(None));
    let taken = invitations.take(NOW, &[9; 24], &[1; 16]).await;
    assert_eq!(code(taken.map(drop)), Some(Code::NotFound));
    assert!(world.events.read(&[1; 32], 0, 10).await.unwrap().is_empty());
    let store = world.accounts.keep.store();
    for kind in [kind::ACCOUNT, kind::INVITATION, kind::PIN] {
        assert!(
            store.cells(kind, None, 10).await.unwrap().is_empty(),
            "{kind}"
        );
    }
    for kind in [kind::EVENTS, kind::REPLIES] {
        assert!(
            store.subjects(kind, None, 10).await.unwrap().is_empty(),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn events_beyond_256_push_out_the_oldest() {
    let world = world().await;
    for statements in 0..300 {
        world.events.moved(&[1; 32], statements).await.unwrap();
    }
    let events = world.events.read(&[1; 32], 0, 1000).await.unwrap();
    assert!(events.len() <= 256 && events.len() >= 192);
    assert!(
        events
            .windows(2)
            .all(|pair| pair[0].number < pair[1].number)
    );
    let last = events.last().unwrap();
    assert!(
        world
            .events
            .read(&[1; 32], last.number, 10)
            .await
            .unwrap()
            .is_empty()
    );
}
