use net::RequestError;
use net::server::{CallError, Prover, Rpc};
use wire::Code;
use wire::v1::answer;

use crate::person::{Person, device};
use crate::world::{ACCOUNT, CHALLENGE, World, by_name, config, direct, prover};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_needs_no_proof_where_the_operation_needs_none() {
    let world = World::start().await;
    let mut rpc = Rpc::new(direct(world.address())).unwrap();
    for _ in 0..3 {
        let said = rpc.call(CHALLENGE, None).await.unwrap();
        assert!(matches!(said, answer::Result::Challenged(_)), "{said:?}");
    }
    let unproven = rpc.call(ACCOUNT, None).await.unwrap_err();
    assert_eq!(unproven.code(), Some(Code::Unproven));
    assert!(rpc.call(CHALLENGE, None).await.is_ok(), "it goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_proves_itself_in_plain_and_over_tls() {
    let (plain, tls) = (World::start().await, World::with_tls().await);
    let over_tls = by_name("server.test", tls.address()).await;
    for (world, options) in [(&plain, direct(plain.address())), (&tls, over_tls)] {
        let anna = Person::new(1);
        world.register(&anna, options.clone()).await;
        let mut rpc = Rpc::new(options.clone()).unwrap();
        let said = rpc.prove(prover(&anna), ACCOUNT, None).await.unwrap();
        let answer::Result::Account(account) = said else {
            panic!("{said:?}");
        };
        assert_eq!(account.identity, anna.identity.to_bytes());

        let stranger = device(2, 0);
        let stranger = Prover::new(anna.identity.user_id(), &stranger);
        let refused = rpc.prove(stranger, ACCOUNT, None).await.unwrap_err();
        assert_eq!(refused.code(), Some(Code::Refused));
        assert!(rpc.prove(prover(&anna), ACCOUNT, None).await.is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_is_bound_to_the_name_that_was_dialled() {
    let world = World::named("server.test", config()).await;
    let anna = Person::new(1);
    // a name of this machine, so without TLS
    for name in ["localhost", "server.test.localhost"] {
        let options = by_name(name, world.address()).await;
        let mut rpc = Rpc::new(options).unwrap();
        let register = anna.register(&world.pin().await);
        let refused = rpc.prove(prover(&anna), register, None).await;
        assert_eq!(refused.unwrap_err().code(), Some(Code::Refused));
    }
    assert_eq!(world.responder.accounts().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_there_once_whatever_the_carrier_of_its_name() {
    let world = World::named("rendezvous.onion", config()).await;
    let options = by_name("rendezvous.onion:80", world.address()).await;
    world.register(&Person::new(1), options).await;
    assert_eq!(world.responder.accounts().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_onion_service_is_not_looked_for_without_a_proxy() {
    let at = "rendezvous.onion:80".parse().unwrap();
    let mut rpc = Rpc::new(net::server::Options::new(at)).unwrap();
    let error = rpc.call(CHALLENGE, None).await.unwrap_err();
    let host = "rendezvous.onion".to_owned();
    let expected = CallError::Unreachable(RequestError::OnionWithoutProxy { host });
    assert_eq!(error, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_store_is_told_from_one_that_is_away() {
    let server = host::http::Server::start(config(), None).await.unwrap();
    let address = *server.addresses().first().unwrap();
    let mut rpc = Rpc::new(direct(address)).unwrap();
    let error = rpc.call(CHALLENGE, None).await.unwrap_err();
    assert_eq!(error, CallError::NotOffered { code: 404 });
    server.stop(std::time::Duration::ZERO).await;
    let mut rpc = Rpc::new(direct(address)).unwrap();
    let error = rpc.call(CHALLENGE, None).await.unwrap_err();
    let CallError::Unreachable(RequestError::NoConnection { reason, .. }) = error else {
        panic!("{error}");
    };
    assert_eq!(reason, std::io::ErrorKind::ConnectionRefused);
}
