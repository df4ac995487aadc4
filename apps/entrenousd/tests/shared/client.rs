//! A client of one connection: `/v1/rpc` over TLS 1.3, with proofs bound to the channel.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use wire::v1::operation::Operation as Op;
use wire::v1::{Answer, Challenge, Request, answer};
use wire::{Binding, Refusal, SERVER_FRAME_MAX, decode, encode};

use super::home::PATIENCE;
use super::person::{Person, bytes};

/// What an operation came to.
pub(crate) type Said = Result<answer::Result, Refusal>;

/// What a client trusts, and the name it dials.
#[derive(Clone)]
pub(crate) struct Dial {
    config: Arc<ClientConfig>,
    name: String,
}

impl Dial {
    /// Trusts the certificates of these PEM texts.
    pub(crate) fn new(name: &str, roots: &[Vec<u8>]) -> Self {
        let mut store = RootCertStore::empty();
        for pem in roots {
            let root = CertificateDer::from_pem_slice(pem).unwrap();
            store.add(root).unwrap();
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(store)
            .with_no_client_auth();
        // A resumed session would be shown no certificate.
        config.resumption = Resumption::disabled();
        Self {
            config: Arc::new(config),
            name: name.to_owned(),
        }
    }

    /// A connection, or why there is none.
    pub(crate) fn connect(&self, address: &str) -> std::io::Result<Client> {
        let tcp = TcpStream::connect(address)?;
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        let name = ServerName::try_from(self.name.clone()).unwrap();
        let tls = ClientConnection::new(Arc::clone(&self.config), name).unwrap();
        let mut stream = StreamOwned::new(tls, tcp);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        let exporter = stream
            .conn
            .export_keying_material([0; 32], b"EXPORTER-entrenous-v1", None);
        Ok(Client {
            stream,
            exporter: exporter.unwrap(),
            origin: String::new(),
        })
    }
}

pub(crate) struct Client {
    stream: StreamOwned<ClientConnection, TcpStream>,
    exporter: [u8; 32],
    /// A header line that says for whom we ask, or nothing.
    origin: String,
}

impl Client {
    /// From now on as a proxy that asks for somebody at this address.
    pub(crate) fn ask_for(&mut self, address: Ipv4Addr) {
        self.origin = format!("x-forwarded-for: {address}\r\n");
    }

    /// The certificate that the server has shown.
    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        let chain = self.stream.conn.peer_certificates().unwrap();
        chain[0].clone().into_owned()
    }

    /// A GET, answered with 200.
    pub(crate) fn get(&mut self, path: &str) -> std::io::Result<Vec<u8>> {
        self.ask(path)?;
        self.answer()
    }

    /// Sends a GET whose [`answer`](Self::answer) comes later.
    pub(crate) fn ask(&mut self, path: &str) -> std::io::Result<()> {
        let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\n{}\r\n", self.origin);
        self.stream.write_all(head.as_bytes())
    }

    /// What nobody need prove.
    pub(crate) fn call(&mut self, operation: &Op) -> std::io::Result<Said> {
        self.rpc(&Request {
            operation: bytes(operation),
            ..Request::default()
        })
    }

    /// An operation of a person.
    pub(crate) fn call_as(&mut self, person: &Person, operation: &Op) -> std::io::Result<Said> {
        let challenged = match self.call(&Op::Challenge(Challenge {}))? {
            Ok(answer::Result::Challenged(challenged)) => challenged,
            Ok(other) => panic!("{other:?} instead of a nonce"),
            Err(refusal) => return Ok(Err(refusal)),
        };
        let operation = bytes(operation);
        let nonce = challenged.nonce.try_into().unwrap();
        let proof = person.proof(Binding::Exporter(&self.exporter), &nonce, &operation);
        self.rpc(&Request {
            proof: Some(proof),
            operation,
            ..Request::default()
        })
    }

    fn rpc(&mut self, request: &Request) -> std::io::Result<Said> {
        let body = encode(request);
        let head = format!(
            "POST /v1/rpc HTTP/1.1\r\nhost: x\r\n{}content-length: {}\r\n\r\n",
            self.origin,
            body.len()
        );
        self.stream.write_all(&[head.as_bytes(), &body].concat())?;
        let body = self.answer()?;
        let answer: Answer = decode(&body, SERVER_FRAME_MAX).unwrap();
        Ok(match answer.result.unwrap() {
            answer::Result::Error(error) => Err(Refusal::from_message(&error)),
            other => Ok(other),
        })
    }

    /// The body of an answer with 200; everything else is an error.
    pub(crate) fn answer(&mut self) -> std::io::Result<Vec<u8>> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte)?;
            head.extend(byte);
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1);
        let length = length.and_then(|rest| rest.split("\r\n").next());
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.stream.read_exact(&mut body)?;
        match head.starts_with("http/1.1 200") {
            true => Ok(body),
            false => Err(std::io::Error::other(head)),
        }
    }
}
