use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::{SinkExt, StreamExt};
use identity::{DeviceChain, DeviceKey, IdentityChain, IdentityKey};
use kernel::Time;
use primitives::Secret;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use wire::v1::operation::Operation as Op;
use wire::v1::{
    Authenticate, ClientFrame, Operation, Ping, Proof, Register, Request, ServerFrame, answer,
    client_frame, server_frame,
};
use wire::{Binding, SERVER_FRAME_MAX, Signed, decode, encode, signed};

use super::Result;
use super::server::{Carrier, file};

/// An account with one device.
pub(super) struct Member {
    account: [u8; 32],
    device: DeviceKey,
    register: Register,
}

impl Member {
    /// The one of this number.
    pub(super) fn new(number: u8) -> Result<Self> {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let now = Time::ZERO.after(since_1970);
        let key = IdentityKey::from_seeds(&Secret::new([number; 32]), None);
        let device = DeviceKey::from_seed(&Secret::new([number; 32]));
        let identity = IdentityChain::found(&key, None, None, now);
        let mut devices = DeviceChain::new(identity.user_id());
        let add = devices.propose_add(&identity, device.public(), "bench", b"", now)?;
        devices.append(add.sign(&key).accept(&device), &identity)?;
        Ok(Self {
            account: *identity.user_id().as_bytes(),
            device,
            register: Register {
                pin: String::new(),
                identity: identity.to_bytes(),
                devices: devices.to_bytes(),
            },
        })
    }

    fn proof(&self, binding: Binding<'_>, nonce: &[u8; 32], operation: &[u8]) -> Result<Proof> {
        let device = self.device.signing().verifying_key().to_bytes();
        let message = signed(&Signed {
            binding,
            server_nonce: nonce,
            client_nonce: &[7; 32],
            account: &self.account,
            device: &device,
            operation,
        });
        let message = message.ok_or("nothing to sign")?;
        Ok(Proof {
            account: self.account.to_vec(),
            device: device.to_vec(),
            server_nonce: nonce.to_vec(),
            client_nonce: vec![7; 32],
            binding: binding.kind().into(),
            signature: self.device.signing().sign(&message).to_vec(),
        })
    }
}

/// How the server is reached.
pub(super) struct Way {
    tls: Option<TlsConnector>,
}

impl Way {
    pub(super) fn new(carrier: Carrier) -> Result<Self> {
        if carrier == Carrier::Plain {
            return Ok(Self { tls: None });
        }
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(file("one.crt"))?)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            tls: Some(TlsConnector::from(Arc::new(config))),
        })
    }

    /// A stream, and its exporter if there is TLS.
    async fn dial(&self, address: SocketAddr) -> Result<(Box<dyn Stream>, Option<[u8; 32]>)> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let Some(tls) = &self.tls else {
            return Ok((Box::new(stream), None));
        };
        let stream = tls.connect(ServerName::try_from(NAME)?, stream).await?;
        let (_, connection) = stream.get_ref();
        let exporter = connection.export_keying_material([0; 32], EXPORTER, None)?;
        Ok((Box::new(stream), Some(exporter)))
    }
}

/// What a WebSocket runs over.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A live connection.
pub(super) struct Client {
    socket: WebSocketStream<Box<dyn Stream>>,
    nonce: [u8; 32],
    exporter: Option<[u8; 32]>,
}

impl Client {
    pub(super) async fn connect(way: &Way, address: SocketAddr) -> Result<Self> {
        timeout(PATIENCE, Self::open(way, address)).await?
    }

    async fn open(way: &Way, address: SocketAddr) -> Result<Self> {
        let (stream, exporter) = way.dial(address).await?;
        let config = WebSocketConfig::default().read_buffer_size(BUFFER);
        let url = format!("ws://{NAME}/v1/live");
        let (socket, _) = client_async_with_config(url, stream, Some(config)).await?;
        let mut client = Self {
            socket,
            nonce: [0; 32],
            exporter,
        };
        let server_frame::Frame::Hello(hello) = client.next().await? else {
            return Err("the first frame is no hello".into());
        };
        client.nonce = hello.nonce.as_slice().try_into()?;
        Ok(client)
    }

    pub(super) async fn register(&mut self, member: &Member) -> Result<()> {
        let operation = bytes(Op::Register(member.register.clone()));
        match self.prove(member, operation).await? {
            answer::Result::Registered(_) => Ok(()),
            other => Err(format!("not registered: {other:?}").into()),
        }
    }

    pub(super) async fn authenticate(&mut self, member: &Member) -> Result<()> {
        let operation = bytes(Op::Authenticate(Authenticate {}));
        match self.prove(member, operation).await? {
            answer::Result::Done(_) => Ok(()),
            other => Err(format!("not authenticated: {other:?}").into()),
        }
    }

    /// Asks as a device of `member`.
    async fn prove(&mut self, member: &Member, operation: Vec<u8>) -> Result<answer::Result> {
        let binding = self
            .exporter
            .as_ref()
            .map_or(Binding::Name(NAME), Binding::Exporter);
        let proof = member.proof(binding, &self.nonce, &operation)?;
        self.ask(operation, proof).await
    }

    /// Finds out whether the connection is still there.
    pub(super) async fn ping(&mut self) -> Result<()> {
        let ping = Ping { number: 1 };
        self.send(client_frame::Frame::Ping(ping)).await?;
        match self.next().await? {
            server_frame::Frame::Pong(pong) if pong == ping => Ok(()),
            other => Err(format!("{other:?} instead of a pong").into()),
        }
    }

    async fn ask(&mut self, operation: Vec<u8>, proof: Proof) -> Result<answer::Result> {
        let request = Request {
            id: 1,
            within_ms: 0,
            key: Vec::new(),
            proof: Some(proof),
            operation,
        };
        self.send(client_frame::Frame::Request(request)).await?;
        match self.next().await? {
            server_frame::Frame::Answer(answer) => Ok(answer.result.ok_or("an empty answer")?),
            other => Err(format!("{other:?} instead of an answer").into()),
        }
    }

    async fn send(&mut self, frame: client_frame::Frame) -> Result<()> {
        let bytes = encode(&ClientFrame { frame: Some(frame) });
        let sent = self.socket.send(Message::Binary(bytes.into()));
        Ok(timeout(PATIENCE, sent).await??)
    }

    async fn next(&mut self) -> Result<server_frame::Frame> {
        let message = timeout(PATIENCE, self.socket.next()).await?;
        let bytes = message.ok_or("the connection has ended")??.into_data();
        let frame: ServerFrame = decode(&bytes, SERVER_FRAME_MAX)?;
        Ok(frame.frame.ok_or("an empty frame")?)
    }
}

fn bytes(operation: Op) -> Vec<u8> {
    encode(&Operation {
        operation: Some(operation),
    })
}

const NAME: &str = "localhost";
const EXPORTER: &[u8] = b"EXPORTER-entrenous-v1";
const BUFFER: usize = 1 << 10;
/// For each step of a connection, on a machine where others want the processors as well.
const PATIENCE: Duration = Duration::from_secs(60);
