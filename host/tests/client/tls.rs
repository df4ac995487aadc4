use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use net::RequestError;
use net::bucket::invite;
use net::server::{CallError, Live, Rpc};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{HandshakeKind, ServerConfig, SupportedProtocolVersion};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::buckets::{link, words};
use crate::person::Person;
use crate::world::{ACCOUNT, CHALLENGE, PATIENCE, World, by_name, config, files, prover, root};

/// Ends TLS in front of `server`, and says how each handshake was.
async fn terminator(
    server: SocketAddr,
    version: &'static SupportedProtocolVersion,
) -> (SocketAddr, mpsc::UnboundedReceiver<Option<HandshakeKind>>) {
    let files = files("named");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_file(files.cert).unwrap()],
            PrivateKeyDer::from_pem_file(files.key).unwrap(),
        );
    let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (kinds, heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (acceptor, kinds) = (acceptor.clone(), kinds.clone());
            tokio::spawn(async move {
                let mut client = acceptor.accept(client).await.ok()?;
                // Not every test listens.
                let _ = kinds.send(client.get_ref().1.handshake_kind());
                let mut server = TcpStream::connect(server).await.ok()?;
                copy_bidirectional(&mut client, &mut server).await.ok()
            });
        }
    });
    (address, heard)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_nobody_whom_we_trust_is_refused() {
    let world = World::with_tls().await;
    for roots in [Vec::new(), vec![root("one")]] {
        let mut options = by_name("server.test", world.address()).await;
        options.roots = roots;
        let error = Rpc::new(options).unwrap().call(CHALLENGE, None).await;
        let reason = "signed by nobody whom this system trusts".to_owned();
        let expected = CallError::Unreachable(RequestError::Certificate { reason });
        assert_eq!(error, Err(expected));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_name_is_refused() {
    let world = World::with_tls().await;
    let anna = Person::new(1);
    let options = by_name("other.test", world.address()).await;
    let reason = "it is for another name".to_owned();
    let expected = CallError::Unreachable(RequestError::Certificate { reason });
    let error = Live::connect(&options, prover(&anna)).await;
    assert_eq!(error.err(), Some(expected.clone()));
    let error = Rpc::new(options).unwrap().call(CHALLENGE, None).await;
    assert_eq!(error, Err(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_local_is_never_asked_in_plain() {
    let world = World::named("server.test", config()).await;
    let mut options = by_name("server.test", world.address()).await;
    options.tries = 1;
    let error = Rpc::new(options).unwrap().call(CHALLENGE, None).await;
    let error = error.unwrap_err();
    assert!(
        matches!(error, CallError::Unreachable(RequestError::Tls { .. })),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_1_2_is_not_spoken() {
    let world = World::named("server.test", config()).await;
    let (front, _) = terminator(world.address(), &rustls::version::TLS12).await;
    let mut options = by_name("server.test", front).await;
    options.tries = 1;
    let error = Rpc::new(options).unwrap().call(CHALLENGE, None).await;
    let error = error.unwrap_err();
    assert!(
        matches!(error, CallError::Unreachable(RequestError::Tls { .. })),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_tls_ends_before_the_server_proofs_are_bound_to_its_name() {
    let world = World::named("server.test", config()).await;
    let (front, _) = terminator(world.address(), &rustls::version::TLS13).await;
    let options = by_name("server.test", front).await;
    let anna = Person::new(1);
    world.register(&anna, options.clone()).await;
    let mut rpc = Rpc::new(options.clone()).unwrap();
    for _ in 0..2 {
        assert!(rpc.prove(prover(&anna), ACCOUNT, None).await.is_ok());
    }
    let live = Live::connect(&options, prover(&anna)).await.unwrap();
    assert!(live.caller().call(ACCOUNT, None).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_session_is_resumed() {
    let world = World::named("server.test", config()).await;
    let (front, mut kinds) = terminator(world.address(), &rustls::version::TLS13).await;
    let way = by_name("server.test", front).await;
    let mut options = invite::Options::new(vec![way.at]);
    options.proxy = way.proxy;
    options.roots = way.roots;
    options.machine.cohort = 1;
    options.machine.poll = Duration::ZERO;
    let mut inviter = invite::Inviter::start(options, link(), words("right")).unwrap();
    // One request after the other, to the same server, with what the last one heard.
    for _ in 0..6 {
        let kind = timeout(PATIENCE, kinds.recv()).await.unwrap().unwrap();
        assert!(kind.is_some_and(|kind| kind != HandshakeKind::Resumed));
    }
    inviter.stopper().stop();
    while inviter.next().await.is_some() {}
}
