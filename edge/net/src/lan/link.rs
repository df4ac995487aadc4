use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::time::Duration;

use rendezvous::lan;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Interface;

/// A datagram and where it came in.
#[derive(Debug)]
pub(super) struct Packet {
    pub(super) link: lan::Link,
    pub(super) from: SocketAddrV4,
    pub(super) bytes: Vec<u8>,
}

/// The two sockets of one interface: one hears the group, one announces, answers and is answered.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) number: lan::Link,
    pub(super) interface: Interface,
    group: SocketAddrV4,
    unicast: UdpSocket,
    readers: [JoinHandle<()>; 2],
}

impl Link {
    pub(super) fn open(
        number: lan::Link,
        interface: Interface,
        group: SocketAddrV4,
        packets: &mpsc::Sender<Packet>,
    ) -> io::Result<Self> {
        let unicast: UdpSocket = unicast_socket(interface.address)?.into();
        let heard: UdpSocket = group_socket(interface.address, group)?.into();
        let own = tokio::net::UdpSocket::from_std(unicast.try_clone()?)?;
        let heard = tokio::net::UdpSocket::from_std(heard)?;
        Ok(Self {
            number,
            interface,
            group,
            unicast,
            readers: [
                tokio::spawn(read(own, number, packets.clone())),
                tokio::spawn(read(heard, number, packets.clone())),
            ],
        })
    }

    /// Sends to the group.
    pub(super) fn announce(&self, bytes: &[u8]) -> io::Result<()> {
        self.send(self.group, bytes)
    }

    /// Sends to one peer. A full buffer counts as sent: what is lost is repaired.
    pub(super) fn send(&self, to: SocketAddrV4, bytes: &[u8]) -> io::Result<()> {
        match self.unicast.send_to(bytes, to) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        for reader in &self.readers {
            reader.abort();
        }
    }
}

/// An ephemeral port on `address`; the interface's, so that peers find us there.
fn unicast_socket(address: Ipv4Addr) -> io::Result<Socket> {
    let socket = socket()?;
    socket.set_multicast_ttl_v4(1)?;
    socket.set_multicast_loop_v4(true)?;
    socket.set_multicast_if_v4(&address)?;
    socket.bind(&SocketAddrV4::new(address, 0).into())?;
    Ok(socket)
}

/// The group's port, shared with every other program on this machine that meets.
fn group_socket(address: Ipv4Addr, group: SocketAddrV4) -> io::Result<Socket> {
    let socket = socket()?;
    socket.set_reuse_address(true)?;
    #[cfg(all(unix, not(target_os = "linux")))]
    socket.set_reuse_port(true)?;
    // Otherwise it would hear what other sockets of this machine joined, on other interfaces.
    #[cfg(target_os = "linux")]
    socket.set_multicast_all_v4(false)?;
    // Bound to the group, the kernel drops what was sent to other groups on that port.
    let bound = if cfg!(unix) {
        *group.ip()
    } else {
        Ipv4Addr::UNSPECIFIED
    };
    socket.bind(&SocketAddrV4::new(bound, group.port()).into())?;
    socket.join_multicast_v4(group.ip(), &address)?;
    Ok(socket)
}

fn socket() -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    // The system may grant less; then a flood loses more.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    Ok(socket)
}

async fn read(socket: tokio::net::UdpSocket, link: lan::Link, packets: mpsc::Sender<Packet>) {
    let mut buffer = vec![0; LONGEST];
    loop {
        match socket.recv_from(&mut buffer).await {
            Ok((length, SocketAddr::V4(from))) => {
                let bytes = buffer.get(..length).unwrap_or_default().to_vec();
                if packets.send(Packet { link, from, bytes }).await.is_err() {
                    return;
                }
            }
            Ok((_, SocketAddr::V6(_))) => {}
            // An ICMP answer to something we sent, or a dying interface.
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

const RECEIVE_BUFFER: usize = 1 << 20;
/// Longer than any datagram we accept, so that longer ones are seen to be.
const LONGEST: usize = 2048;
const PAUSE: Duration = Duration::from_millis(100);
