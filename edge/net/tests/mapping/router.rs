//! A gateway on an address of this machine.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use crate::upnp::Device;
use crate::{TCP, UDP};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Speaks {
    Pcp,
    NatPmp,
    Upnp,
}

/// What changes an answer before it is sent.
pub(crate) type Mangle = fn(&mut Vec<u8>);

pub(crate) struct Router {
    pub(crate) address: Ipv4Addr,
    table: Arc<Mutex<Table>>,
    device: Option<Device>,
    server: Option<JoinHandle<()>>,
}

/// What it has given, and how it is.
pub(crate) struct Table {
    pub(crate) outside: Ipv4Addr,
    /// Seconds that it gives at most.
    pub(crate) lifetime: u32,
    /// By what and to where, from where.
    pub(crate) ports: BTreeMap<(u8, u16), u16>,
    /// How often it was asked for a port.
    pub(crate) asked: usize,
    pub(crate) is_silent: bool,
    pub(crate) mangle: Mangle,
}

impl Router {
    pub(crate) async fn new(speaks: Speaks) -> Self {
        let address = fresh();
        let table = Arc::new(Mutex::new(Table {
            outside: Ipv4Addr::new(203, 0, 113, 7),
            lifetime: 7200,
            ports: BTreeMap::new(),
            asked: 0,
            is_silent: false,
            mangle: |_| {},
        }));
        let (mut device, mut server) = (None, None);
        if speaks == Speaks::Upnp {
            device = Some(Device::new(address, Arc::clone(&table)).await);
        } else {
            // RFC 6886 and 6887 say so.
            let socket = UdpSocket::bind((address, 5351)).await.unwrap();
            server = Some(tokio::spawn(serve(socket, Arc::clone(&table), speaks)));
        }
        Self {
            address,
            table,
            device,
            server,
        }
    }

    pub(crate) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap()
    }

    /// Where its UPnP is looked for.
    pub(crate) fn search(&self) -> SocketAddrV4 {
        let device = self.device.as_ref().map(|device| device.search);
        device.unwrap_or_else(|| SocketAddrV4::new(self.address, 9))
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}

/// An address that no other test uses, in this process or another.
fn fresh() -> Ipv4Addr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [a, b, ..] = std::process::id().to_le_bytes();
    Ipv4Addr::new(127, a.max(1), b, NEXT.fetch_add(1, Ordering::SeqCst))
}

async fn serve(socket: UdpSocket, table: Arc<Mutex<Table>>, speaks: Speaks) {
    let mut request = Vec::with_capacity(2048);
    loop {
        request.clear();
        let Ok((_, from)) = socket.recv_buf_from(&mut request).await else {
            continue;
        };
        let answer = {
            let mut table = table.lock().unwrap();
            let mut answer = match speaks {
                Speaks::Pcp => table.pcp(&request),
                _ => table.nat_pmp(&request),
            };
            // Those that give a port.
            let whole = if speaks == Speaks::Pcp { 60 } else { 16 };
            if answer.len() == whole {
                (table.mangle)(&mut answer);
            }
            (!table.is_silent).then_some(answer)
        };
        if let Some(answer) = answer {
            drop(socket.send_to(&answer, from).await);
        }
    }
}

impl Table {
    /// Gives, renews or takes back a port; says which, and for how long.
    pub(crate) fn give(&mut self, code: u8, inside: u16, wanted: u16, seconds: u32) -> (u16, u32) {
        if seconds == 0 {
            self.ports.remove(&(code, inside));
            return (0, 0);
        }
        self.asked += 1;
        let fresh = if wanted == 0 {
            40_000 + inside % 1000
        } else {
            wanted
        };
        let port = *self.ports.entry((code, inside)).or_insert(fresh);
        (port, seconds.min(self.lifetime))
    }

    /// RFC 6887, section 11.
    fn pcp(&mut self, request: &[u8]) -> Vec<u8> {
        let mut answer = request.to_vec();
        answer.resize(60, 0);
        if request[0] != 2 {
            // Another version: none of it.
            return [&[2, request[1] | 0x80, 0, 1][..], &[0; 20]].concat();
        }
        assert_eq!((request.len(), request[1]), (60, 1));
        let seconds = u32::from_be_bytes(request[4..8].try_into().unwrap());
        let [inside, wanted] =
            [40, 42].map(|at| u16::from_be_bytes([request[at], request[at + 1]]));
        let (port, seconds) = self.give(request[36], inside, wanted, seconds);
        answer[1] |= 0x80;
        answer[2..24].fill(0);
        answer[4..8].copy_from_slice(&seconds.to_be_bytes());
        answer[42..44].copy_from_slice(&port.to_be_bytes());
        answer[44..60].copy_from_slice(&self.outside.to_ipv6_mapped().octets());
        answer
    }

    /// RFC 6886, section 3.
    fn nat_pmp(&mut self, request: &[u8]) -> Vec<u8> {
        let code = match request[1] {
            _ if request[0] != 0 => return vec![0, request[1] | 0x80, 0, 1, 0, 0, 0, 9],
            0 => return [&[0, 0x80, 0, 0, 0, 0, 0, 9][..], &self.outside.octets()].concat(),
            1 => UDP,
            _ => TCP,
        };
        let [inside, wanted] = [4, 6].map(|at| u16::from_be_bytes([request[at], request[at + 1]]));
        let seconds = u32::from_be_bytes(request[8..12].try_into().unwrap());
        let (port, seconds) = self.give(code, inside, wanted, seconds);
        let mut answer = vec![0, request[1] | 0x80, 0, 0, 0, 0, 0, 9];
        answer.extend(inside.to_be_bytes());
        answer.extend(port.to_be_bytes());
        answer.extend(seconds.to_be_bytes());
        answer
    }
}
