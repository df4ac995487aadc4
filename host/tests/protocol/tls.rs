use std::path::PathBuf;
use std::sync::Arc;

use host::http::{Certificate, TlsFiles};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use wire::v1::operation::Operation as Op;
use wire::v1::{Authenticate, Proof};
use wire::{Binding, Code};

use crate::client::{Client, Said, code, request};
use crate::person::Person;
use crate::world::{NAME, World, config};

const AUTHENTICATE: Op = Op::Authenticate(Authenticate {});

fn files() -> TlsFiles {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/tls");
    TlsFiles {
        cert: folder.join("one.crt"),
        key: folder.join("one.key"),
    }
}

async fn handshake(
    world: &World,
    version: &'static SupportedProtocolVersion,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(files().cert).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(world.address()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_1_2_is_refused_because_it_has_no_exporter_to_bind_a_proof_to() {
    let mut config = config();
    config.tls = Some(Certificate::Files(files()));
    let world = World::with(config).await;
    let refused = handshake(&world, &rustls::version::TLS12)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("ProtocolVersion"), "{refused}");
    assert!(handshake(&world, &rustls::version::TLS13).await.is_ok());
}

/// A live connection over TLS, and its exporter.
async fn connect(world: &World) -> (Client<TlsStream<TcpStream>>, [u8; 32]) {
    let stream = handshake(world, &rustls::version::TLS13).await.unwrap();
    let exporter =
        stream
            .get_ref()
            .1
            .export_keying_material([0; 32], b"EXPORTER-entrenous-v1", None);
    (Client::over(stream).await, exporter.unwrap())
}

async fn call(client: &mut Client<TlsStream<TcpStream>>, operation: &Op, proof: Proof) -> Said {
    let mut request = request(0, operation);
    request.proof = Some(proof);
    client.ask(request).await;
    let answer = client.answer().await;
    match answer.result.unwrap() {
        wire::v1::answer::Result::Error(error) => Err(wire::Refusal::from_message(&error)),
        other => Ok(other),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_a_proof_is_bound_to_the_channel_and_cannot_be_forwarded() {
    let mut config = config();
    config.tls = Some(Certificate::Files(files()));
    let world = World::with(config).await;
    let (anna, pin) = (Person::new(1), world.pin().await);
    let (mut client, exporter) = connect(&world).await;
    assert_eq!(client.hello.binding, 1);
    let register = anna.register(&pin);
    let nonce = client.nonce();
    let here =
        |operation: &Op| anna.proof(&anna.first, Binding::Exporter(&exporter), &nonce, operation);
    assert!(call(&mut client, &register, here(&register)).await.is_ok());

    let by_name = anna.proof(&anna.first, Binding::Name(NAME), &nonce, &AUTHENTICATE);
    assert_eq!(
        code(&call(&mut client, &AUTHENTICATE, by_name).await),
        Some(Code::Refused)
    );
    // Someone in the middle hands the proof on over a connection of their own.
    let (mut middle, _) = connect(&world).await;
    let forwarded = here(&AUTHENTICATE);
    assert_eq!(
        code(&call(&mut middle, &AUTHENTICATE, forwarded).await),
        Some(Code::Refused)
    );
    let nonce = middle.nonce();
    let with_its_nonce = anna.proof(
        &anna.first,
        Binding::Exporter(&exporter),
        &nonce,
        &AUTHENTICATE,
    );
    assert_eq!(
        code(&call(&mut middle, &AUTHENTICATE, with_its_nonce).await),
        Some(Code::Refused)
    );
    assert!(
        call(&mut client, &AUTHENTICATE, here(&AUTHENTICATE))
            .await
            .is_ok()
    );
}
