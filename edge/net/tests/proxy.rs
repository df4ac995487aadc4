//! A board through a SOCKS 5 proxy with a login.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::net::Ipv4Addr;

use net::board::{Meeting, Options};
use rendezvous::Passkey;
use rendezvous::board::Board;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A byte, and as many bytes as it says.
async fn counted(stream: &mut TcpStream) -> Vec<u8> {
    let length = stream.read_u8().await.unwrap();
    let mut bytes = vec![0; length.into()];
    stream.read_exact(&mut bytes).await.unwrap();
    bytes
}

#[tokio::test]
async fn the_proxy_gets_the_decoded_login_and_the_name_of_the_server() {
    let proxy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = proxy.local_addr().unwrap();
    let at = "http://board.invalid:81".parse().unwrap();
    let mut options = Options::new(at, Board::Plain);
    let with_login = format!("socks5://some%20one:p%40ss%3A%2F@{address}");
    options.proxy = Some(with_login.parse().unwrap());
    let passkey = Passkey::derive(b"", Board::Plain.salt()).unwrap();
    let _meeting = Meeting::start(options, passkey, b"").unwrap();

    let (mut stream, _) = proxy.accept().await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), 5, "SOCKS 5");
    assert!(counted(&mut stream).await.contains(&2), "offers a login");
    stream.write_all(&[5, 2]).await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), 1, "RFC 1929");
    assert_eq!(counted(&mut stream).await, b"some one");
    assert_eq!(counted(&mut stream).await, b"p@ss:/");
    stream.write_all(&[1, 0]).await.unwrap();
    let mut request = [0; 4];
    stream.read_exact(&mut request).await.unwrap();
    assert_eq!(request, [5, 1, 0, 3], "connect to a name");
    assert_eq!(counted(&mut stream).await, b"board.invalid");
    assert_eq!(stream.read_u16().await.unwrap(), 81);
}
