//! What a server is to the accounts that are at home there, or were.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::{Change, Home, IdentityKey};
use journal::{Limits, Memory, SystemClock};
use primitives::{Secret, VerifyingKey};
use wire::Code;
use wire::v1::operation::Operation as Op;
use wire::v1::{
    AccountDelete, AccountGet, Authenticate, Challenge, EventsGet, InvitationAnswersGet,
    InvitationLeave, InvitationTake, InvitationWithdraw, InvitationsGet, Subscribe, answer, event,
};

use crate::carriers::well_known;
use crate::client::{Client, code, request, rpc, rpc_as};
use crate::identities::{at_home, bring, elsewhere, newest_event, register, shown, standing};
use crate::person::{NOW, Person, change, device, identity_change, identity_key, paper, rotation};
use crate::world::{World, config};

const ACCOUNT: Op = Op::Account(AccountGet {});
const DELETE: Op = Op::AccountDelete(AccountDelete {});

fn home(address: &str, key: VerifyingKey) -> Change {
    Change::MoveHome(Home::new(address, key).unwrap())
}

fn invitation() -> Op {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Op::InvitationLeave(InvitationLeave {
        id: vec![7; 24],
        sealed: b"sealed".to_vec(),
        until_s: now.as_secs() + 3600,
        uses: 2,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_says_one_key_everywhere_and_has_it_still_after_a_restart() {
    let store = Arc::new(Memory::new(Limits::default(), Arc::new(SystemClock)));
    let mut keys = Vec::new();
    for _ in 0..2 {
        let world = World::over(Arc::clone(&store) as _, config()).await;
        let live = Client::connect(world.address()).await;
        keys.push(live.hello.key.clone());
        let challenge = request(1, &Op::Challenge(Challenge {}));
        let Ok(answer::Result::Challenged(challenged)) = rpc(world.address(), &challenge).await
        else {
            panic!("no nonce");
        };
        keys.push(challenged.key);
        let about = well_known(&world).await;
        let key = about["key"].as_str().unwrap();
        keys.push(URL_SAFE_NO_PAD.decode(key).unwrap());
        keys.push(world.responder.key().to_bytes().to_vec());
    }
    assert!(keys.iter().all(|key| *key == keys[0]));
    assert_ne!(
        World::start().await.responder.key().to_bytes().to_vec(),
        keys[0]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_registers_at_home_here_or_nowhere_and_not_from_another_home() {
    let world = World::start().await;
    let other = Home::new("here.example", elsewhere().verifying_key()).unwrap();
    let stranger = Person::at_home(1, Some(other));
    let refused = register(&world, &stranger).await;
    assert_eq!(code(&refused), Some(Code::Invalid));
    let here = Home::new("any.example:7", world.responder.key()).unwrap();
    for person in [Person::at_home(2, Some(here)), Person::at_home(3, None)] {
        assert!(register(&world, &person).await.is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_is_repeated_when_the_identity_chain_has_gone_on_from_it() {
    let world = World::start().await;
    let seed = Secret::new([5; 32]);
    let strong = IdentityKey::from_seeds(&seed, Some(&seed));
    for mut anna in [
        Person::at_home(1, Some(world.home())),
        Person::with(2, strong, Some(world.home())),
    ] {
        register(&world, &anna).await.unwrap();
        bring(&world, &anna, &anna.rotate(9)).await.unwrap();
        assert!(register(&world, &anna).await.is_ok(), "a repetition");
        // Another history, by the recovery key.
        let to = rotation(8, anna.identity.state().recovery);
        let other = anna.identity.propose(to, NOW).accept(&identity_key(8));
        let number = anna.number;
        anna.identity.append(other.recover(&paper(number))).unwrap();
        let refused = register(&world, &anna).await;
        assert_eq!(code(&refused), Some(Code::Conflict));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_home_comes_home_here_and_nowhere_else() {
    let world = World::start().await;
    let mut anna = Person::new(1);
    register(&world, &anna).await.unwrap();
    for early in [anna.rotate(5), anna.sign(Change::Close, 0)] {
        let refused = bring(&world, &anna, &early).await;
        assert_eq!(code(&refused), Some(Code::Invalid), "no home signs it");
    }
    let away = anna.sign(home("server.test", elsewhere().verifying_key()), 0);
    let refused = bring(&world, &anna, &away).await;
    assert_eq!(code(&refused), Some(Code::Invalid));
    let here = anna.sign(home("another.name:99", world.responder.key()), 0);
    let there = standing(bring(&world, &anna, &here).await);
    assert_eq!(there, here, "nobody countersigns a first home");
    anna.identity.append(there).unwrap();
    let there = standing(bring(&world, &anna, &anna.rotate(5)).await);
    anna.identity.append(there).unwrap();
    assert_eq!(shown(&world, anna.account()).await, Some(anna.identity));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recovery_key_moves_an_account_without_a_home_to_any_server() {
    let world = World::start().await;
    let mut anna = Person::new(1);
    register(&world, &anna).await.unwrap();
    let away = home("there.example", elsewhere().verifying_key());
    let away = anna.identity.propose(away, NOW).recover(&paper(1));
    let there = standing(bring(&world, &anna, &away).await);
    anna.identity.append(there).unwrap();
    let late = bring(&world, &anna, &anna.rotate(5)).await;
    assert_eq!(code(&late), Some(Code::Conflict));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_moved_away_stays_until_it_is_deleted_and_its_identity_changes_elsewhere() {
    let (world, mut anna) = at_home().await;
    let away = anna.sign(home("there.example", elsewhere().verifying_key()), 0);
    let there = standing(bring(&world, &anna, &away).await);
    anna.identity.append(there.clone()).unwrap();
    let rotated = anna.rotate(5);
    let signed_there = rotated.clone().countersign(&elsewhere());
    anna.identity.clone().append(signed_there.clone()).unwrap();
    let back = anna.identity.propose(Change::MoveHome(world.home()), NOW);
    let recovered = back.recover(&paper(1));
    for late in [rotated, signed_there, recovered] {
        let refused = bring(&world, &anna, &late).await;
        assert_eq!(code(&refused), Some(Code::Conflict));
    }
    assert_eq!(standing(bring(&world, &anna, &away).await), there);
    let add = change(&anna.add(&device(1, 1)));
    for still in [
        ACCOUNT,
        add,
        invitation(),
        Op::Invitations(InvitationsGet {}),
    ] {
        assert!(rpc_as(world.address(), &anna, &still).await.is_ok());
    }
    assert_eq!(
        shown(&world, anna.account()).await,
        Some(anna.identity.clone())
    );
    rpc_as(world.address(), &anna, &DELETE).await.unwrap();
    assert_eq!(shown(&world, anna.account()).await, None);
    let again = register(&world, &anna).await;
    assert_eq!(code(&again), Some(Code::Invalid), "its home is elsewhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_account_shows_itself_is_deleted_and_does_nothing_else() {
    let (world, mut anna) = at_home().await;
    let second = device(1, 1);
    let add = change(&anna.add(&second));
    for before in [add.clone(), invitation()] {
        rpc_as(world.address(), &anna, &before).await.unwrap();
    }
    let authenticate = Op::Authenticate(Authenticate {});
    let mut live = Client::connect(world.address()).await;
    live.call_as(&anna, &second, &authenticate).await.unwrap();
    let after = newest_event(&world, &anna).await;
    let subscribe = Op::Subscribe(Subscribe { after });
    live.call(&subscribe).await.unwrap();
    live.credit(10).await;

    let close = anna.sign(Change::Close, 0);
    let there = standing(bring(&world, &anna, &close).await);
    let closed = live.event().await;
    assert!(
        matches!(closed.what, Some(event::What::IdentityMoved(_))),
        "{closed:?}"
    );
    let rotate = identity_change(&anna.rotate(5));
    let before = change(&anna.propose_add(&device(1, 2)));
    anna.identity.append(there.clone()).unwrap();
    let next = change(&anna.propose_add(&device(1, 2)));
    let after = identity_change(&anna.rotate(5));
    let id = vec![7; 24];
    let refused = [
        rotate,
        after,
        before,
        next,
        invitation(),
        subscribe,
        Op::Events(EventsGet { after: 0 }),
        Op::Invitations(InvitationsGet {}),
        Op::InvitationAnswers(InvitationAnswersGet {
            id: id.clone(),
            after: 0,
        }),
        Op::InvitationWithdraw(InvitationWithdraw { id: id.clone() }),
    ];
    for operation in &refused {
        let said = live.call(operation).await;
        assert_eq!(code(&said), Some(Code::Conflict), "{operation:?}");
    }
    let mut guest = Client::connect(world.address()).await;
    let take = Op::InvitationTake(InvitationTake { id });
    let gone = guest.call_with_key(&take, [1; 16]).await;
    assert_eq!(
        code(&gone),
        Some(Code::NotFound),
        "its invitations went with it"
    );

    assert_eq!(standing(bring(&world, &anna, &close).await), there);
    for still in [add, ACCOUNT] {
        assert!(live.call(&still).await.is_ok(), "{still:?}");
    }
    let mut later = Client::connect(world.address()).await;
    later.call_as(&anna, &second, &authenticate).await.unwrap();
    assert_eq!(
        shown(&world, anna.account()).await,
        Some(anna.identity.clone())
    );
    let again = register(&world, &Person::at_home(1, Some(world.home()))).await;
    assert!(again.is_ok(), "a repetition of its registration");
    rpc_as(world.address(), &anna, &DELETE).await.unwrap();
    let again = register(&world, &anna).await;
    assert_eq!(code(&again), Some(Code::Invalid), "it is closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_recovery_parts_is_brought_anew() {
    let (world, mut anna) = at_home().await;
    let mut parted = anna.identity.clone();
    let theft = standing(bring(&world, &anna, &anna.rotate(5)).await);
    let recovery = parted.propose(rotation(6, parted.state().recovery), NOW);
    let recovery = recovery.recover(&paper(1)).accept(&identity_key(6));
    parted.append(recovery.clone()).unwrap();
    let refused = bring(&world, &anna, &recovery).await;
    assert_eq!(code(&refused), Some(Code::Conflict));
    let mut held = anna.identity.clone();
    held.append(theft).unwrap();
    assert_eq!(held.merge(parted.clone()), Ok(identity::Merge::Recovered));
    anna.identity = parted;
    let refused = register(&world, &anna).await;
    assert_eq!(code(&refused), Some(Code::Conflict));
    rpc_as(world.address(), &anna, &DELETE).await.unwrap();
    assert!(register(&world, &anna).await.is_ok());
    assert_eq!(shown(&world, anna.account()).await, Some(anna.identity));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_the_home_signed_before_is_taken_as_it_is() {
    let (world, anna) = at_home().await;
    let there = standing(bring(&world, &anna, &anna.rotate(5)).await);
    // The server forgets, as one does that was restored from a backup.
    rpc_as(world.address(), &anna, &DELETE).await.unwrap();
    register(&world, &anna).await.unwrap();
    assert_eq!(standing(bring(&world, &anna, &there).await), there);
}
