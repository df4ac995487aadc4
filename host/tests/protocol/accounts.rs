use std::sync::Arc;

use tokio::task::JoinSet;
use wire::v1::operation::Operation as Op;
use wire::v1::{AccountDelete, AccountGet, Authenticate, EventsGet, Subscribe, answer, event};
use wire::{Binding, Code};

use crate::client::{Client, code, request, rpc, rpc_as};
use crate::person::{Person, change, device};
use crate::world::World;

const AUTHENTICATE: Op = Op::Authenticate(Authenticate {});
const ACCOUNT: Op = Op::Account(AccountGet {});

#[tokio::test(flavor = "multi_thread")]
async fn a_person_registers_with_a_pin_and_sees_the_account_on_both_carriers() {
    let world = World::start().await;
    let (anna, pin) = (Person::new(1), world.pin().await);
    let registered = rpc_as(world.address(), &anna, &anna.register(&pin)).await;
    let Ok(answer::Result::Registered(registered)) = registered else {
        panic!("{registered:?}");
    };
    assert_eq!(registered.account, anna.account());
    let Ok(answer::Result::Account(account)) = rpc_as(world.address(), &anna, &ACCOUNT).await
    else {
        panic!("no account");
    };
    assert_eq!(account.identity, anna.identity.to_bytes());
    assert_eq!(account.devices, anna.devices.to_bytes());

    let mut live = Client::connect(world.address()).await;
    assert_eq!(live.hello.name, "server.test");
    assert_eq!(live.hello.binding, 2);
    assert_eq!(code(&live.call(&ACCOUNT).await), Some(Code::Unproven));
    assert!(
        live.call_as(&anna, &anna.first, &AUTHENTICATE)
            .await
            .is_ok()
    );
    let Ok(answer::Result::Account(account)) = live.call(&ACCOUNT).await else {
        panic!("no account");
    };
    assert_eq!(account.devices, anna.devices.to_bytes());
    let again = live.call_as(&anna, &anna.first, &AUTHENTICATE).await;
    assert_eq!(code(&again), Some(Code::Conflict));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_people_with_one_pin_exactly_one_registers() {
    let world = Arc::new(World::start().await);
    let pin = world.pin().await;
    let mut tasks = JoinSet::new();
    for number in 1..=9 {
        let (world, pin) = (Arc::clone(&world), pin.clone());
        tasks.spawn(async move {
            let person = Person::new(number);
            let operation = person.register(&pin);
            let first = rpc_as(world.address(), &person, &operation).await;
            let again = rpc_as(world.address(), &person, &operation).await;
            assert_eq!(first.is_ok(), again.is_ok());
            assert!(
                first.is_ok() || code(&first) == Some(Code::Pin),
                "{first:?}"
            );
            first.is_ok()
        });
    }
    let winners = tasks.join_all().await;
    assert_eq!(winners.iter().filter(|won| **won).count(), 1);
    assert_eq!(world.responder.accounts().count(), 1);
    assert!(world.responder.pins().list().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_whose_answer_was_lost_is_repeated_on_another_connection() {
    let world = World::start().await;
    let (anna, pin) = (Person::new(1), world.pin().await);
    let mut live = Client::connect(world.address()).await;
    let operation = anna.register(&pin);
    let mut first = request(0, &operation);
    let proof = anna.proof(
        &anna.first,
        Binding::Name("server.test"),
        &live.nonce(),
        &operation,
    );
    first.proof = Some(proof);
    live.ask(first).await;
    drop(live.cut());
    let mut live = Client::connect(world.address()).await;
    let again = live.call_as(&anna, &anna.first, &operation).await;
    assert!(again.is_ok(), "{again:?}");
    assert_eq!(world.responder.accounts().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_live_device_of_the_brought_chain_registers_it() {
    let world = World::start().await;
    let (anna, pin) = (Person::new(1), world.pin().await);
    let mut live = Client::connect(world.address()).await;
    let operation = anna.register(&pin);
    let unproven = live.call(&operation).await;
    assert_eq!(code(&unproven), Some(Code::Unproven));
    let stranger = live.call_as(&anna, &device(9, 9), &operation).await;
    assert_eq!(code(&stranger), Some(Code::Refused));
    let other = Person::new(2);
    let of_another = live.call_as(&other, &other.first, &operation).await;
    assert_eq!(code(&of_another), Some(Code::Refused));
    let mut broken = anna.devices.to_bytes();
    let last = broken.len() - 1;
    broken[last] ^= 1;
    let broken = Op::Register(wire::v1::Register {
        pin: pin.clone(),
        identity: anna.identity.to_bytes(),
        devices: broken,
    });
    let broken = live.call_as(&anna, &anna.first, &broken).await;
    assert_eq!(code(&broken), Some(Code::Invalid));
    assert!(
        live.call_as(&anna, &anna.first, &operation).await.is_ok(),
        "the pin is unharmed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_device_comes_hears_of_changes_and_is_thrown_out_when_removed() {
    let world = World::start().await;
    let (mut anna, pin) = (Person::new(1), world.pin().await);
    rpc_as(world.address(), &anna, &anna.register(&pin))
        .await
        .unwrap();
    let second = device(1, 1);
    let mut phone = Client::connect(world.address()).await;
    let early = phone.call_as(&anna, &second, &AUTHENTICATE).await;
    assert_eq!(code(&early), Some(Code::Refused));

    let add = change(&anna.add(&second));
    let mut desk = Client::connect(world.address()).await;
    desk.call_as(&anna, &anna.first, &AUTHENTICATE)
        .await
        .unwrap();
    assert_eq!(
        desk.call(&add).await,
        Ok(answer::Result::Done(wire::v1::Done {}))
    );
    assert!(desk.call(&add).await.is_ok(), "a repetition");
    phone.call_as(&anna, &second, &AUTHENTICATE).await.unwrap();

    // Events wait for credit, and come back to who subscribes again.
    phone
        .call(&Op::Subscribe(Subscribe { after: 0 }))
        .await
        .unwrap();
    assert!(phone.is_silent().await, "a push without credit");
    phone.credit(1).await;
    let first = phone.event().await;
    let Some(event::What::ChainMoved(moved)) = &first.what else {
        panic!("{first:?}");
    };
    assert_eq!(moved.statements, 2);
    assert!(phone.is_silent().await);
    phone.credit(5).await;
    let third = device(1, 2);
    let add = change(&anna.add(&third));
    desk.call(&add).await.unwrap();
    let second_event = phone.event().await;
    assert!(second_event.number > first.number);
    let Ok(answer::Result::Events(events)) = desk
        .call(&Op::Events(EventsGet {
            after: first.number,
        }))
        .await
    else {
        panic!("no events");
    };
    assert_eq!(events.events, [second_event]);

    let remove = change(&anna.remove(&second));
    desk.call(&remove).await.unwrap();
    loop {
        match phone.next().await {
            Ok(_) => {}
            Err(end) => {
                assert_eq!(end, Some(1008));
                break;
            }
        }
    }
    let mut phone = Client::connect(world.address()).await;
    let late = phone.call_as(&anna, &second, &AUTHENTICATE).await;
    assert_eq!(code(&late), Some(Code::Refused));
    let mut forged = Person::new(1);
    let fork = change(&forged.add(&device(1, 5)));
    assert_eq!(code(&desk.call(&fork).await), Some(Code::Conflict));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_account_is_gone_and_its_connections_end() {
    let world = World::start().await;
    let (anna, pin) = (Person::new(1), world.pin().await);
    rpc_as(world.address(), &anna, &anna.register(&pin))
        .await
        .unwrap();
    let mut live = Client::connect(world.address()).await;
    live.call_as(&anna, &anna.first, &AUTHENTICATE)
        .await
        .unwrap();
    let delete = Op::AccountDelete(AccountDelete {});
    assert!(rpc_as(world.address(), &anna, &delete).await.is_ok());
    assert_eq!(live.next().await, Err(Some(1008)));
    assert_eq!(
        code(&rpc_as(world.address(), &anna, &delete).await),
        Some(Code::Refused)
    );
    assert_eq!(world.responder.accounts().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_rpc_a_proof_needs_a_nonce_of_the_server_and_a_connection_cannot_be_authenticated() {
    let world = World::start().await;
    let (anna, pin) = (Person::new(1), world.pin().await);
    rpc_as(world.address(), &anna, &anna.register(&pin))
        .await
        .unwrap();
    let mut asked = request(1, &ACCOUNT);
    asked.proof = Some(anna.proof(
        &anna.first,
        Binding::Name("server.test"),
        &[0; 32],
        &ACCOUNT,
    ));
    assert_eq!(
        code(&rpc(world.address(), &asked).await),
        Some(Code::Refused)
    );
    let authenticate = rpc_as(world.address(), &anna, &AUTHENTICATE).await;
    assert_eq!(code(&authenticate), Some(Code::Unsupported));
    // A nonce of a live connection is none for rpc.
    let live = Client::connect(world.address()).await;
    asked.proof = Some(anna.proof(
        &anna.first,
        Binding::Name("server.test"),
        &live.nonce(),
        &ACCOUNT,
    ));
    assert_eq!(
        code(&rpc(world.address(), &asked).await),
        Some(Code::Refused)
    );
}
