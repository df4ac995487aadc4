//! The ways to speak to a relay.

use std::pin::Pin;
use std::sync::Arc;

use bytes::BytesMut;
use futures_util::{SinkExt, StreamExt};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme, SupportedProtocolVersion,
};
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::super::frames::{Frames, put};
use crate::{RequestError, dial};

/// Bytes both ways, to or from a relay.
pub(super) type Stream = Pin<Box<dyn dial::Stream>>;

/// Opens the WebSocket of a relay on a connection, and carries its messages as frames of a stream.
pub(super) async fn open(host: &str, stream: Stream) -> Result<Stream, RequestError> {
    let request = format!("ws://{host}/ws").into_client_request();
    let request = request.map_err(|_| RequestError::Broken)?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE))
        .max_frame_size(Some(MESSAGE));
    let opened = client_async_with_config(request, stream, Some(config)).await;
    let (socket, _) = opened.map_err(|_| RequestError::Broken)?;
    let (ours, theirs) = duplex(PIPE);
    tokio::spawn(carry(socket, theirs));
    Ok(Box::pin(ours))
}

/// Carries until either end is gone.
async fn carry(socket: WebSocketStream<Stream>, pipe: DuplexStream) {
    let (mut sink, mut messages) = socket.split();
    let (mut reader, mut writer) = tokio::io::split(pipe);
    let up = async {
        let mut frames = Frames::default();
        while let Ok(frame) = frames.next(&mut reader).await {
            let message = Message::Binary(frame.freeze());
            if sink.send(message).await.is_err() {
                return;
            }
        }
        drop(sink.close().await);
    };
    let down = async {
        while let Some(Ok(message)) = messages.next().await {
            let bytes = match message {
                Message::Binary(bytes) => bytes,
                Message::Ping(_) | Message::Pong(_) => continue,
                _ => return,
            };
            let mut out = BytesMut::new();
            put(&bytes, &mut out);
            if writer.write_all(&out).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = up => {}
        () = down => {}
    }
}

/// TLS that asks for no certificate of anyone's: relays of Go programs have none that could be checked. What
/// is said through a relay is sealed for the other person, not for it.
pub(super) fn trusting_anyone(
    versions: &[&'static SupportedProtocolVersion],
) -> Result<ClientConfig, Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone(provider)))
        .with_no_client_auth();
    Ok(config)
}

#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// The longest message of a relay; spec 22, section 1.
const MESSAGE: usize = 65_600;
/// Bytes of the pipe in each direction.
const PIPE: usize = 16 << 10;
