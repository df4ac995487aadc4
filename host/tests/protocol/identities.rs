//! The identity chain of an account that is at home on the server.

use std::sync::Arc;

use identity::{ChainError, Change, Home, IdentityChain, IdentityKey, Statement};
use primitives::{Secret, SigningKey};
use tokio::task::JoinSet;
use wire::Code;
use wire::v1::operation::Operation as Op;
use wire::v1::{
    AccountGet, Authenticate, EventsGet, IdentityChange, IdentityGet, Subscribe, answer, event,
};

use crate::client::{Client, Said, code, request, rpc, rpc_as};
use crate::person::{NOW, Person, change, device, identity_change, identity_key, paper, rotation};
use crate::world::World;

/// A server and someone who is at home there.
pub(crate) async fn at_home() -> (World, Person) {
    let world = World::start().await;
    let anna = Person::at_home(1, Some(world.home()));
    register(&world, &anna).await.unwrap();
    (world, anna)
}

pub(crate) async fn register(world: &World, person: &Person) -> Said {
    let pin = world.pin().await;
    rpc_as(world.address(), person, &person.register(&pin)).await
}

/// Brings a statement by the person's first device.
pub(crate) async fn bring(world: &World, person: &Person, statement: &Statement) -> Said {
    rpc_as(world.address(), person, &identity_change(statement)).await
}

/// The statement as the server says that it stands.
pub(crate) fn standing(said: Said) -> Statement {
    let Ok(answer::Result::IdentityChanged(changed)) = said else {
        panic!("{said:?}");
    };
    Statement::decode(&changed.statement).unwrap()
}

/// The chain that a stranger is shown.
pub(crate) async fn shown(world: &World, account: [u8; 32]) -> Option<IdentityChain> {
    let account = account.to_vec();
    let wanted = request(1, &Op::Identity(IdentityGet { account }));
    match rpc(world.address(), &wanted).await {
        Ok(answer::Result::Identity(identity)) => {
            Some(IdentityChain::replay(&identity.chain).unwrap())
        }
        refused => {
            assert_eq!(code(&refused), Some(Code::NotFound));
            None
        }
    }
}

/// The number of the newest event of a person's account.
pub(crate) async fn newest_event(world: &World, person: &Person) -> u64 {
    let all = Op::Events(EventsGet { after: 0 });
    let Ok(answer::Result::Events(events)) = rpc_as(world.address(), person, &all).await else {
        panic!("no events");
    };
    events.events.last().map_or(0, |event| event.number)
}

/// Some other server.
pub(crate) fn elsewhere() -> SigningKey {
    SigningKey::from_seed(&Secret::new([99; 32]))
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_is_shown_the_identity_chain_and_nothing_of_an_account_that_is_not_there() {
    let (world, anna) = at_home().await;
    assert_eq!(shown(&world, anna.account()).await, Some(anna.identity));
    assert_eq!(shown(&world, [9; 32]).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_is_countersigned_for_a_live_device_and_the_other_devices_hear_of_it() {
    let (world, mut anna) = at_home().await;
    let second = device(1, 1);
    let add = change(&anna.add(&second));
    rpc_as(world.address(), &anna, &add).await.unwrap();
    let mut phone = Client::connect(world.address()).await;
    let authenticate = Op::Authenticate(Authenticate {});
    phone.call_as(&anna, &second, &authenticate).await.unwrap();
    let after = newest_event(&world, &anna).await;
    let subscribe = Op::Subscribe(Subscribe { after });
    phone.call(&subscribe).await.unwrap();
    phone.credit(10).await;

    let asked = anna.rotate(5);
    assert_eq!(
        anna.identity.clone().append(asked.clone()),
        Err(ChainError::Signers),
        "without the home it is worth nothing"
    );
    let there = standing(bring(&world, &anna, &asked).await);
    assert!(there.equals_but_for_home(&asked) && there.is_countersigned());
    anna.identity.append(there.clone()).unwrap();
    assert_eq!(anna.identity.state().key, *identity_key(5).public());
    assert_eq!(shown(&world, anna.account()).await.unwrap(), anna.identity);
    let moved = phone.event().await;
    let Some(event::What::IdentityMoved(what)) = &moved.what else {
        panic!("{moved:?}");
    };
    assert_eq!(what.statements, 1);
    let Ok(answer::Result::Account(account)) = phone.call(&Op::Account(AccountGet {})).await else {
        panic!("no account");
    };
    assert_eq!(account.identity, anna.identity.to_bytes());
    // Again, as it was sent and as it stands: the same answer, and nothing more has happened.
    for again in [&asked, &there] {
        assert_eq!(standing(bring(&world, &anna, again).await), there);
    }
    let wanted = Op::Events(EventsGet { after });
    let Ok(answer::Result::Events(events)) = rpc_as(world.address(), &anna, &wanted).await else {
        panic!("no events");
    };
    assert_eq!(events.events, [moved]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_identity_key_without_a_live_device_gets_nothing() {
    let (world, mut anna) = at_home().await;
    let lost = device(1, 1);
    for statement in [anna.add(&lost), anna.remove(&lost)] {
        let operation = change(&statement);
        rpc_as(world.address(), &anna, &operation).await.unwrap();
    }
    let away = Home::new("thief.example", elsewhere().verifying_key()).unwrap();
    let stolen = [
        anna.rotate(5),
        anna.sign(Change::MoveHome(away), 0),
        anna.sign(Change::Close, 0),
    ];
    let mut thief = Client::connect(world.address()).await;
    for statement in stolen {
        let operation = identity_change(&statement);
        let unproven = thief.call(&operation).await;
        assert_eq!(code(&unproven), Some(Code::Unproven));
        for device in [device(9, 9), device(1, 1)] {
            let refused = thief.call_as(&anna, &device, &operation).await;
            assert_eq!(
                code(&refused),
                Some(Code::Refused),
                "its own, and a removed one"
            );
        }
        // Nor does another server's signature, if a live device brings it.
        let forged = statement.countersign(&elsewhere());
        let refused = bring(&world, &anna, &forged).await;
        assert_eq!(code(&refused), Some(Code::Invalid));
    }
    assert_eq!(shown(&world, anna.account()).await, Some(anna.identity));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recovery_key_rotates_without_the_identity_key_and_only_it_replaces_itself() {
    let (world, mut anna) = at_home().await;
    let to_other_paper = rotation(5, Some(paper(6).hash()));
    let by_identity = anna.sign(to_other_paper.clone(), 5);
    let refused = bring(&world, &anna, &by_identity).await;
    assert_eq!(code(&refused), Some(Code::Invalid));
    let proposed = anna.identity.propose(to_other_paper, NOW);
    let proposed = proposed.accept(&identity_key(5));
    let wrong = bring(&world, &anna, &proposed.clone().recover(&paper(7))).await;
    assert_eq!(code(&wrong), Some(Code::Invalid));
    let recovered = proposed.recover(&paper(1));
    let mut thief = Client::connect(world.address()).await;
    let unproven = thief.call(&identity_change(&recovered)).await;
    assert_eq!(code(&unproven), Some(Code::Unproven));
    let there = standing(bring(&world, &anna, &recovered).await);
    assert_eq!(there, recovered, "as it was brought");
    anna.identity.append(there).unwrap();
    assert_eq!(shown(&world, anna.account()).await, Some(anna.identity));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_at_a_place_is_repeated_and_nothing_else_is_taken_there() {
    let (world, mut anna) = at_home().await;
    let first = anna.rotate(5);
    let (fork, close) = (anna.rotate(6), anna.sign(Change::Close, 0));
    let recovered = anna.identity.propose(Change::Close, NOW).recover(&paper(1));
    let there = standing(bring(&world, &anna, &first).await);
    anna.identity.append(there.clone()).unwrap();
    for other in [&fork, &close, &recovered] {
        let refused = bring(&world, &anna, other).await;
        assert_eq!(code(&refused), Some(Code::Conflict));
    }
    anna.key = identity_key(5);
    let second = anna.rotate(6);
    // At the next place but one, and at the next one of another history.
    let mut further = Person::at_home(1, Some(world.home()));
    further.identity = anna.identity.clone();
    let to = rotation(7, further.identity.state().recovery);
    let next = further
        .identity
        .propose(to.clone(), NOW)
        .accept(&identity_key(7));
    further.identity.append(next.recover(&paper(1))).unwrap();
    let third = further
        .identity
        .propose(Change::Close, NOW)
        .recover(&paper(1));
    let mut parted = Person::at_home(1, Some(world.home()));
    let next = parted.identity.propose(to, NOW).accept(&identity_key(7));
    parted.identity.append(next.recover(&paper(1))).unwrap();
    let other = parted
        .identity
        .propose(Change::Close, NOW)
        .recover(&paper(1));
    for strange in [third, other] {
        let refused = bring(&world, &anna, &strange).await;
        assert_eq!(code(&refused), Some(Code::Conflict));
    }
    assert!(bring(&world, &anna, &second).await.is_ok());
    assert_eq!(standing(bring(&world, &anna, &first).await), there);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_statement_or_does_not_verify_is_invalid() {
    let (world, anna) = at_home().await;
    let mut broken = anna.rotate(5).to_bytes();
    *broken.last_mut().unwrap() ^= 1;
    for statement in [vec![1; 100], broken, vec![0; 16_384]] {
        let operation = Op::IdentityChange(IdentityChange { statement });
        let refused = rpc_as(world.address(), &anna, &operation).await;
        assert_eq!(code(&refused), Some(Code::Invalid));
    }
    let statement = vec![0; 16_385];
    let operation = Op::IdentityChange(IdentityChange { statement });
    let refused = rpc_as(world.address(), &anna, &operation).await;
    assert_eq!(code(&refused), Some(Code::Malformed));
    let nothing_new = bring(&world, &anna, &anna.rotate(1)).await;
    assert_eq!(code(&nothing_new), Some(Code::Invalid));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_statements_at_once_one_stands_and_the_other_is_a_conflict() {
    let (world, anna) = at_home().await;
    let (world, anna) = (Arc::new(world), Arc::new(anna));
    let mut tasks = JoinSet::new();
    for next in 5..13 {
        let (world, anna) = (Arc::clone(&world), Arc::clone(&anna));
        tasks.spawn(async move {
            let statement = anna.rotate(next);
            let said = bring(&world, &anna, &statement).await;
            assert!(
                said.is_ok() || code(&said) == Some(Code::Conflict),
                "{said:?}"
            );
            said.is_ok()
        });
    }
    let taken = tasks.join_all().await;
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 1);
    let chain = shown(&world, anna.account()).await.unwrap();
    assert_eq!(chain.generation(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_rotated_away_enrols_no_device() {
    let (world, mut anna) = at_home().await;
    let mut old = Person::at_home(1, Some(world.home()));
    let there = standing(bring(&world, &anna, &anna.rotate(5)).await);
    let before = change(&old.add(&device(1, 1)));
    let late = rpc_as(world.address(), &anna, &before).await;
    assert_eq!(code(&late), Some(Code::Conflict));
    // Of a generation that the server does not know yet.
    let mut ahead = Person::at_home(1, Some(world.home()));
    ahead.identity.append(there.clone()).unwrap();
    let to = rotation(6, ahead.identity.state().recovery);
    let next = ahead.identity.propose(to, NOW).accept(&identity_key(6));
    ahead.identity.append(next.recover(&paper(1))).unwrap();
    ahead.key = identity_key(6);
    let early = change(&ahead.add(&device(1, 1)));
    let early = rpc_as(world.address(), &anna, &early).await;
    assert_eq!(code(&early), Some(Code::Invalid));
    anna.identity.append(there).unwrap();
    anna.key = identity_key(5);
    let add = change(&anna.add(&device(1, 2)));
    assert!(rpc_as(world.address(), &anna, &add).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_grows_to_its_bound_and_no_further() {
    let world = World::start().await;
    let strong = |number: u8| {
        let seed = Secret::new([number; 32]);
        IdentityKey::from_seeds(&seed, Some(&seed))
    };
    let mut anna = Person::with(1, strong(1), Some(world.home()));
    register(&world, &anna).await.unwrap();
    for next in 2.. {
        let to = Change::Rotate {
            key: strong(next).public().clone(),
            recovery: anna.identity.state().recovery,
        };
        let asked = anna.identity.propose(to, NOW);
        let asked = asked.sign(&anna.key).accept(&strong(next));
        let said = bring(&world, &anna, &asked).await;
        if said.is_err() {
            assert_eq!(code(&said), Some(Code::Quota));
            let longer = anna.identity.to_bytes().len() + asked.to_bytes().len() + 64;
            assert!(longer > 114_688);
            break;
        }
        anna.identity.append(standing(said)).unwrap();
        anna.key = strong(next);
    }
    assert_eq!(shown(&world, anna.account()).await, Some(anna.identity));
}
