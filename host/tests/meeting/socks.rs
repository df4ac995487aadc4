//! A SOCKS 5 proxy (RFC 1928, RFC 1929) that knows where names lead, and says what it was asked.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// What the proxy was asked by one connection.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Asked {
    pub(crate) login: String,
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Starts the proxy; a name leads where `route` says.
pub(crate) async fn proxy(
    route: impl Fn(&str) -> SocketAddr + Copy + Send + 'static,
) -> (SocketAddr, mpsc::UnboundedReceiver<Asked>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (asked, heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let asked = asked.clone();
            tokio::spawn(async move {
                let wanted = greet(&mut client).await;
                let target = route(&wanted.host);
                // Not every test listens.
                drop(asked.send(wanted));
                let mut server = TcpStream::connect(target).await.unwrap();
                // granted; bound to 0.0.0.0:0
                let granted = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
                client.write_all(&granted).await.unwrap();
                drop(copy_bidirectional(&mut client, &mut server).await);
            });
        }
    });
    (address, heard)
}

async fn greet(client: &mut TcpStream) -> Asked {
    assert_eq!(client.read_u8().await.unwrap(), 5);
    let methods = short(client).await;
    assert!(methods.contains(&2), "no login offered: {methods:?}");
    client.write_all(&[5, 2]).await.unwrap();
    assert_eq!(client.read_u8().await.unwrap(), 1);
    let mut login = short(client).await;
    login.push(b':');
    login.extend(short(client).await);
    client.write_all(&[1, 0]).await.unwrap();

    let mut request = [0; 4];
    client.read_exact(&mut request).await.unwrap();
    assert_eq!(request, [5, 1, 0, 3], "connect, to a name");
    let host = short(client).await;
    let port = client.read_u16().await.unwrap();
    Asked {
        login: String::from_utf8(login).unwrap(),
        host: String::from_utf8(host).unwrap(),
        port,
    }
}

/// Bytes behind a length of one byte.
async fn short(client: &mut TcpStream) -> Vec<u8> {
    let mut bytes = vec![0; client.read_u8().await.unwrap().into()];
    client.read_exact(&mut bytes).await.unwrap();
    bytes
}
