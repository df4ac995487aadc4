use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use wire::Code;
use wire::v1::operation::Operation as Op;
use wire::v1::{
    Authenticate, InvitationAnswer, InvitationAnswersGet, InvitationLeave, InvitationTake,
    InvitationWithdraw, InvitationsGet, Subscribe, answer, event,
};

use crate::client::{Client, code, request, rpc, rpc_as};
use crate::person::Person;
use crate::world::World;

const ID: [u8; 24] = [7; 24];

fn leave(uses: u32) -> Op {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Op::InvitationLeave(InvitationLeave {
        id: ID.to_vec(),
        sealed: b"sealed".to_vec(),
        until_s: now.as_secs() + 3600,
        uses,
    })
}

fn take() -> Op {
    Op::InvitationTake(InvitationTake { id: ID.to_vec() })
}

/// A server on which someone has left an invitation, and their live connection.
async fn invited(uses: u32) -> (Arc<World>, Client<TcpStream>) {
    let world = Arc::new(World::start().await);
    let (anna, pin) = (Person::new(1), world.pin().await);
    rpc_as(world.address(), &anna, &anna.register(&pin))
        .await
        .unwrap();
    let mut live = Client::connect(world.address()).await;
    let authenticate = Op::Authenticate(Authenticate {});
    live.call_as(&anna, &anna.first, &authenticate)
        .await
        .unwrap();
    let left = leave(uses);
    live.call(&left).await.unwrap();
    live.call(&left).await.unwrap();
    (world, live)
}

#[tokio::test(flavor = "multi_thread")]
async fn three_uses_are_three_of_forty_takers_who_all_lose_their_first_answer() {
    let (world, mut inviter) = invited(3).await;
    let mut tasks = JoinSet::new();
    for number in 0..40_u8 {
        let world = Arc::clone(&world);
        tasks.spawn(async move {
            let mut live = Client::connect(world.address()).await;
            let mut first = request(0, &take());
            first.key = vec![number; 16];
            live.ask(first.clone()).await;
            // Cut before the answer, at whatever moment that is.
            drop(live.cut());
            let said = rpc(world.address(), &first).await;
            assert!(
                said.is_ok() || code(&said) == Some(Code::NotFound),
                "{said:?}"
            );
            let again = rpc(world.address(), &first).await;
            assert_eq!(said.is_ok(), again.is_ok());
            said.is_ok()
        });
    }
    let winners = tasks.join_all().await;
    assert_eq!(winners.iter().filter(|won| **won).count(), 3);
    let listed = inviter.call(&Op::Invitations(InvitationsGet {})).await;
    let Ok(answer::Result::Invitations(listed)) = listed else {
        panic!("{listed:?}");
    };
    let one = &listed.invitations[0];
    assert_eq!((one.uses, one.uses_left), (3, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inviter_is_told_of_an_answer_and_reads_it() {
    let (world, mut inviter) = invited(1).await;
    inviter
        .call(&Op::Subscribe(Subscribe { after: 0 }))
        .await
        .unwrap();
    inviter.credit(10).await;
    let mut guest = Client::connect(world.address()).await;
    let keyless = guest.call(&take()).await;
    assert_eq!(code(&keyless), Some(Code::Malformed));
    let Ok(answer::Result::Sealed(sealed)) = guest.call_with_key(&take(), [1; 16]).await else {
        panic!("not taken");
    };
    assert_eq!(sealed.sealed, b"sealed");
    let reply = Op::InvitationAnswer(InvitationAnswer {
        id: ID.to_vec(),
        sealed: b"a card".to_vec(),
    });
    let thief = guest.call_with_key(&reply, [2; 16]).await;
    assert_eq!(code(&thief), Some(Code::NotFound));
    guest.call_with_key(&reply, [1; 16]).await.unwrap();
    let event = inviter.event().await;
    let Some(event::What::InvitationAnswered(answered)) = event.what else {
        panic!("{event:?}");
    };
    let id = answered.id.clone();
    let wanted = Op::InvitationAnswers(InvitationAnswersGet { id, after: 0 });
    let Ok(answer::Result::Replies(replies)) = inviter.call(&wanted).await else {
        panic!("no replies");
    };
    assert_eq!(replies.replies.len(), 1);
    assert_eq!(replies.replies[0].sealed, b"a card");
    let id = answered.id;
    inviter
        .call(&Op::InvitationWithdraw(InvitationWithdraw { id }))
        .await
        .unwrap();
    let late = guest.call_with_key(&take(), [1; 16]).await;
    assert_eq!(code(&late), Some(Code::NotFound));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_taken_up_to_16_kib_and_not_one_byte_more() {
    let (_world, mut inviter) = invited(1).await;
    for (length, expected) in [
        (16_384, None),
        (16_385, Some(Code::Malformed)),
        (0, Some(Code::Malformed)),
    ] {
        let Op::InvitationLeave(mut left) = leave(1) else {
            panic!("not what it was");
        };
        left.id = vec![8; 24];
        left.sealed = vec![1; length];
        assert_eq!(
            code(&inviter.call(&Op::InvitationLeave(left)).await),
            expected,
            "{length}"
        );
    }
}
