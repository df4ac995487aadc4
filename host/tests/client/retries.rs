//! Answers that are lost, connections that are cut, servers that ask for patience.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use net::RequestError;
use net::server::{CallError, Options, Rpc, fresh_key};
use rendezvous::bucket::Id;
use wire::Code;
use wire::v1::operation::Operation as Op;
use wire::v1::{
    AccountDelete, BucketFetch, BucketLeave, InvitationLeave, InvitationTake, InvitationsGet,
    answer,
};

use crate::middle::Middle;
use crate::person::Person;
use crate::world::{ACCOUNT, CHALLENGE, World, config, direct, prover};

/// A challenge is shorter, what is proven longer.
const PROVEN: usize = 300;

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_register_is_asked_again_and_one_account_is_made_of_one_pin() {
    let world = World::start().await;
    let middle = Middle::losing(3, PROVEN, world.address()).await;
    let anna = Person::new(1);
    world.register(&anna, direct(middle.address)).await;
    assert_eq!((middle.lost(), world.responder.accounts().count()), (3, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_a_take_costs_one_use_and_brings_the_same() {
    let world = World::start().await;
    let anna = Person::new(1);
    world.register(&anna, direct(world.address())).await;
    let mut inviter = Rpc::new(direct(world.address())).unwrap();
    inviter.prove(prover(&anna), leave(2), None).await.unwrap();

    let middle = Middle::losing(2, 0, world.address()).await;
    let mut taker = Rpc::new(direct(middle.address)).unwrap();
    let key = fresh_key().unwrap();
    let taken = taker.call(take(), Some(key)).await.unwrap();
    let answer::Result::Sealed(sealed) = taken else {
        panic!("{taken:?}");
    };
    assert_eq!((sealed.sealed.as_slice(), middle.lost()), (&b"s"[..], 2));

    let list = Op::Invitations(InvitationsGet {});
    let listed = inviter.prove(prover(&anna), list, None).await.unwrap();
    let answer::Result::Invitations(listed) = listed else {
        panic!("{listed:?}");
    };
    assert_eq!(listed.invitations[0].uses_left, 1);
    let other = fresh_key().unwrap();
    assert_ne!(key, other);
    assert!(taker.call(take(), Some(other)).await.is_ok(), "one is left");
    let third = taker.call(take(), fresh_key().ok()).await.unwrap_err();
    assert_eq!(third.code(), Some(Code::NotFound));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_leave_leaves_one_entry() {
    let world = World::start().await;
    let middle = Middle::losing(2, 0, world.address()).await;
    let mut rpc = Rpc::new(direct(middle.address)).unwrap();
    let entry = vec![9; 256];
    let leave = Op::BucketLeave(BucketLeave {
        entry: entry.clone(),
    });
    let left = rpc.call(leave, None).await.unwrap();
    let answer::Result::BucketLeft(left) = left else {
        panic!("{left:?}");
    };
    let hash = Id::from_bytes(&left.bucket).unwrap().hash();
    let fetch = Op::BucketFetch(BucketFetch {
        hash: hash.as_bytes().to_vec(),
    });
    let answer::Result::Bucket(bucket) = rpc.call(fetch, None).await.unwrap() else {
        panic!("no bucket");
    };
    let own = bucket.slots.chunks(256).filter(|slot| *slot == entry);
    assert_eq!((own.count(), middle.lost()), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_a_deletion_is_a_deletion() {
    let world = World::start().await;
    let anna = Person::new(1);
    world.register(&anna, direct(world.address())).await;
    let middle = Middle::losing(1, PROVEN, world.address()).await;
    let mut rpc = Rpc::new(direct(middle.address)).unwrap();
    let delete = Op::AccountDelete(AccountDelete {});
    let said = rpc.prove(prover(&anna), delete.clone(), None).await;
    assert!(matches!(said, Ok(answer::Result::Done(_))), "{said:?}");
    assert_eq!((middle.lost(), world.responder.accounts().count()), (1, 0));
    // Where no answer was lost, a refusal is one.
    let said = rpc.prove(prover(&anna), delete, None).await;
    assert_eq!(said.unwrap_err().code(), Some(Code::Refused));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thing_is_asked_as_often_as_it_may_and_no_more() {
    let world = World::start().await;
    for (losses, is_answered) in [(2, true), (3, false)] {
        let middle = Middle::losing(losses, 0, world.address()).await;
        let mut options = direct(middle.address);
        options.tries = 3;
        let said = Rpc::new(options).unwrap().call(CHALLENGE, None).await;
        assert_eq!(said.is_ok(), is_answered);
        if let Err(error) = said {
            assert_eq!(error, CallError::Unreachable(RequestError::Broken));
            assert!(!error.is_certain());
        }
        assert_eq!(middle.lost(), losses);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_was_cut_between_two_requests_costs_no_try() {
    let world = World::start().await;
    let anna = Person::new(1);
    world.register(&anna, direct(world.address())).await;
    let middle = Middle::new(world.address()).await;
    let mut options = direct(middle.address);
    options.tries = 1;
    let mut rpc = Rpc::new(options).unwrap();
    for _ in 0..3 {
        assert!(rpc.call(CHALLENGE, None).await.is_ok());
        assert!(rpc.prove(prover(&anna), ACCOUNT, None).await.is_ok());
        middle.cut();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_for_patience_gets_as_much_as_there_is() {
    let mut config = config();
    config.settings.requests.per_second = 1;
    config.settings.requests.burst = 1;
    let world = World::named("127.0.0.1", config).await;
    let with = |patience| {
        let mut options = direct(world.address());
        options.patience = patience;
        Rpc::new(options).unwrap()
    };
    let mut patient = with(Options::new(crate::world::host(world.address())).patience);
    for _ in 0..2 {
        assert!(patient.call(CHALLENGE, None).await.is_ok());
    }
    let mut hasty = with(Duration::ZERO);
    let error = loop {
        if let Err(error) = hasty.call(CHALLENGE, None).await {
            break error;
        }
    };
    assert_eq!(error.code(), Some(Code::Rate));
    assert!(error.again().is_some_and(|again| !again.is_zero()));
}

fn leave(uses: u32) -> Op {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Op::InvitationLeave(InvitationLeave {
        id: vec![7; 24],
        sealed: b"s".to_vec(),
        until_s: now.as_secs() + 3600,
        uses,
    })
}

fn take() -> Op {
    Op::InvitationTake(InvitationTake { id: vec![7; 24] })
}
