use std::time::{Duration, SystemTime, UNIX_EPOCH};

use net::server::{CallError, End, Live, Rpc, fresh_key};
use tokio::task::JoinSet;
use tokio::time::timeout;
use wire::Code;
use wire::v1::operation::Operation as Op;
use wire::v1::{InvitationAnswer, InvitationLeave, InvitationTake, answer, event};

use crate::middle::Middle;
use crate::person::{Person, change, device};
use crate::world::{ACCOUNT, CHALLENGE, PATIENCE, World, by_name, config, direct, prover};

/// A server, and somebody with an account there.
async fn inhabited() -> (World, Person) {
    let world = World::start().await;
    let anna = Person::new(1);
    world.register(&anna, direct(world.address())).await;
    (world, anna)
}

async fn connect(world: &World, person: &Person) -> Live {
    let options = direct(world.address());
    Live::connect(&options, prover(person)).await.unwrap()
}

/// How a connection ends.
async fn end(live: &mut Live) -> End {
    let end = async {
        loop {
            if let Err(end) = live.next_event().await {
                return end;
            }
        }
    };
    timeout(PATIENCE, end).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_asked_at_once_and_each_gets_its_own_answer() {
    let (world, anna) = inhabited().await;
    let live = connect(&world, &anna).await;
    assert_eq!(live.hello().name, "127.0.0.1");
    let mut tasks = JoinSet::new();
    for number in 0..150 {
        let caller = live.caller().clone();
        tasks.spawn(async move {
            match number % 2 {
                0 => matches!(
                    caller.call(ACCOUNT, None).await,
                    Ok(answer::Result::Account(_))
                ),
                _ => matches!(
                    caller.call(CHALLENGE, None).await,
                    Ok(answer::Result::Challenged(_))
                ),
            }
        });
    }
    let all = tasks.join_all().await;
    assert!(all.iter().all(|is_own| *is_own));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_connection_over_tls_is_bound_to_its_channel() {
    let world = World::with_tls().await;
    let anna = Person::new(1);
    let options = by_name("server.test", world.address()).await;
    world.register(&anna, options.clone()).await;
    let live = Live::connect(&options, prover(&anna)).await.unwrap();
    assert_eq!(live.hello().binding, 1);
    assert!(live.caller().call(ACCOUNT, None).await.is_ok());
    let again = live.caller().prove(prover(&anna), ACCOUNT, None).await;
    assert!(again.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_of_nobody_gets_no_connection() {
    let (world, _) = inhabited().await;
    let options = direct(world.address());
    let stranger = Person::new(2);
    let refused = Live::connect(&options, prover(&stranger)).await.err();
    assert_eq!(refused.and_then(|error| error.code()), Some(Code::Refused));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_accounts_gives_no_connection() {
    let server = host::http::Server::start(config(), None).await.unwrap();
    let options = direct(*server.addresses().first().unwrap());
    let refused = Live::connect(&options, prover(&Person::new(1))).await.err();
    assert_eq!(refused, Some(CallError::NotOffered { code: 404 }));
}

/// Takes and answers an invitation of 100 uses, as often as `times`.
async fn answer_often(world: &World, person: &Person, times: u32) {
    let mut inviter = Rpc::new(direct(world.address())).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let id = vec![7; 24];
    let leave = Op::InvitationLeave(InvitationLeave {
        id: id.clone(),
        sealed: b"s".to_vec(),
        until_s: now.as_secs() + 3600,
        uses: 100,
    });
    inviter.prove(prover(person), leave, None).await.unwrap();
    let mut taker = Rpc::new(direct(world.address())).unwrap();
    for _ in 0..times {
        let key = fresh_key().ok();
        let take = Op::InvitationTake(InvitationTake { id: id.clone() });
        taker.call(take, key).await.unwrap();
        let answer = Op::InvitationAnswer(InvitationAnswer {
            id: id.clone(),
            sealed: b"a".to_vec(),
        });
        taker.call(answer, key).await.unwrap();
    }
}

/// The numbers of the next events.
async fn numbers(live: &mut Live, count: usize) -> Vec<u64> {
    let mut numbers = Vec::new();
    while numbers.len() < count {
        let event = timeout(PATIENCE, live.next_event()).await.unwrap().unwrap();
        assert!(matches!(
            event.what,
            Some(event::What::InvitationAnswered(_))
        ));
        numbers.push(event.number);
    }
    numbers
}

#[tokio::test(flavor = "multi_thread")]
async fn more_events_than_there_is_room_for_all_come_in_order_once_they_are_taken() {
    let (world, anna) = inhabited().await;
    let mut live = connect(&world, &anna).await;
    live.subscribe(0).await.unwrap();
    answer_often(&world, &anna, 100).await;
    let numbers = numbers(&mut live, 100).await;
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    assert!(live.caller().call(CHALLENGE, None).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_subscribes_after_the_last_event_it_saw() {
    let (world, anna) = inhabited().await;
    let mut live = connect(&world, &anna).await;
    live.subscribe(0).await.unwrap();
    answer_often(&world, &anna, 10).await;
    let seen = numbers(&mut live, 4).await;
    drop(live);
    let mut live = connect(&world, &anna).await;
    live.subscribe(seen[3]).await.unwrap();
    let rest = numbers(&mut live, 6).await;
    assert!(rest[0] > seen[3]);
    // and from the beginning, over the same connection
    live.subscribe(0).await.unwrap();
    assert_eq!(numbers(&mut live, 10).await, [seen, rest].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_says_when_to_come_back_and_answers_what_it_has_in_hand() {
    let (world, anna) = inhabited().await;
    let mut live = connect(&world, &anna).await;
    let caller = live.caller().clone();
    assert!(caller.call(ACCOUNT, None).await.is_ok());
    let stopped = tokio::spawn(world.server.stop(Duration::from_secs(30)));
    let end = end(&mut live).await;
    let End::Leaving { come_back } = end else {
        panic!("{end}");
    };
    assert!(come_back >= Duration::from_secs(1), "{come_back:?}");
    assert_eq!(end.come_back(), Some(come_back));
    let late = caller.call(ACCOUNT, None).await;
    assert_eq!(late, Err(CallError::Ended(end)));
    assert_eq!(stopped.await.unwrap().cut, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_ends_the_connection_and_its_calls() {
    let (world, anna) = inhabited().await;
    let mut live = connect(&world, &anna).await;
    world.server.stop(Duration::ZERO).await;
    let middle = end(&mut live).await;
    assert!(middle.come_back().is_some(), "{middle}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_cut_is_lost_and_worth_another_one() {
    let (world, anna) = inhabited().await;
    let middle = Middle::new(world.address()).await;
    let options = direct(middle.address);
    let mut live = Live::connect(&options, prover(&anna)).await.unwrap();
    middle.cut();
    let end = end(&mut live).await;
    assert_eq!((end, end.come_back()), (End::Lost, Some(Duration::ZERO)));
    let live = Live::connect(&options, prover(&anna)).await.unwrap();
    assert!(live.caller().call(ACCOUNT, None).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_goes_away_without_a_word_is_noticed() {
    let (world, anna) = inhabited().await;
    let middle = Middle::new(world.address()).await;
    let mut options = direct(middle.address);
    let silence = Duration::from_secs(3);
    options.silence = Some(silence);
    let mut live = Live::connect(&options, prover(&anna)).await.unwrap();
    middle.freeze();
    let caller = live.caller().clone();
    let call = tokio::spawn(async move { caller.call(ACCOUNT, None).await });
    let silent = End::Silent { after: silence };
    assert_eq!(end(&mut live).await, silent);
    assert_eq!(call.await.unwrap(), Err(CallError::Ended(silent)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_device_hears_so_and_need_not_come_back() {
    let (world, mut anna) = inhabited().await;
    let second = device(1, 1);
    let add = change(&anna.add(&second));
    let mut rpc = Rpc::new(direct(world.address())).unwrap();
    rpc.prove(prover(&anna), add, None).await.unwrap();
    let as_second = net::server::Prover::new(anna.identity.user_id(), &second);
    let mut live = Live::connect(&direct(world.address()), as_second)
        .await
        .unwrap();
    let remove = change(&anna.remove(&second));
    rpc.prove(prover(&anna), remove, None).await.unwrap();
    let end = end(&mut live).await;
    assert_eq!((end, end.come_back()), (End::Removed, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_a_connection_that_was_dropped_end() {
    let (world, anna) = inhabited().await;
    let live = connect(&world, &anna).await;
    let caller = live.caller().clone();
    drop(live);
    let ended = timeout(PATIENCE, caller.call(ACCOUNT, None)).await.unwrap();
    assert_eq!(ended, Err(CallError::Ended(End::Dropped)));
}
