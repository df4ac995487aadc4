//! A way on loopback that loses one datagram in a hundred, the same ones for the same seed.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};

/// Carries datagrams to and from one caller until it is dropped.
pub(super) struct Lossy {
    address: SocketAddr,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    /// Where callers send to.
    front: UdpSocket,
    /// Connected to whoever is called.
    back: UdpSocket,
    caller: Mutex<Option<SocketAddr>>,
    is_over: AtomicBool,
}

impl Lossy {
    /// A way to `to`.
    ///
    /// # Errors
    ///
    /// The system gives no socket or thread.
    pub(super) fn start(to: SocketAddr, seed: u64) -> Result<Self> {
        let [front, back] = [(); 2].map(|()| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)));
        let (front, back) = (front?, back?);
        back.connect(to)?;
        for socket in [&front, &back] {
            socket.set_read_timeout(Some(Duration::from_millis(50)))?;
        }
        let address = front.local_addr()?;
        let shared = Arc::new(Shared {
            front,
            back,
            caller: Mutex::default(),
            is_over: AtomicBool::new(false),
        });
        let ways: [fn(&Shared, Chance); 2] = [Shared::there, Shared::back];
        let mut threads = Vec::new();
        for (way, seed) in ways.into_iter().zip(seed..) {
            let shared = Arc::clone(&shared);
            let thread = thread::Builder::new().spawn(move || way(&shared, Chance(seed)));
            threads.push(thread.context("no thread")?);
        }
        Ok(Self {
            address,
            shared,
            threads,
        })
    }

    /// Where to call.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Lossy {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}

impl Shared {
    fn there(&self, mut chance: Chance) {
        let mut buffer = [0; LONGEST];
        while !self.is_over.load(Ordering::Relaxed) {
            let Ok((length, from)) = self.front.recv_from(&mut buffer) else {
                continue;
            };
            *self.caller.lock().unwrap_or_else(PoisonError::into_inner) = Some(from);
            if !chance.loses() {
                drop(self.back.send(buffer.get(..length).unwrap_or_default()));
            }
        }
    }

    fn back(&self, mut chance: Chance) {
        let mut buffer = [0; LONGEST];
        while !self.is_over.load(Ordering::Relaxed) {
            let Ok(length) = self.back.recv(&mut buffer) else {
                continue;
            };
            let caller = *self.caller.lock().unwrap_or_else(PoisonError::into_inner);
            if let (Some(caller), false) = (caller, chance.loses()) {
                let datagram = buffer.get(..length).unwrap_or_default();
                drop(self.front.send_to(datagram, caller));
            }
        }
    }
}

/// Numbers that follow from a seed: SplitMix64.
struct Chance(u64);

impl Chance {
    fn loses(&mut self) -> bool {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).is_multiple_of(ONE_IN)
    }
}

/// One datagram in so many is lost.
const ONE_IN: u64 = 100;
const LONGEST: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_a_hundred_is_lost_and_the_same_ones_again() {
        let lost = |seed| {
            let mut chance = Chance(seed);
            (0..100_000)
                .filter(|_| chance.loses())
                .collect::<Vec<u32>>()
        };
        assert!((900..1100).contains(&lost(1).len()), "{}", lost(1).len());
        assert_eq!(lost(1), lost(1));
        assert_ne!(lost(1), lost(2));
    }

    #[test]
    fn what_is_not_lost_comes_there_and_back() {
        let called = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let way = Lossy::start(called.local_addr().unwrap(), 1).unwrap();
        let caller = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut buffer = [0; 10];
        for word in [&b"one"[..], b"two"] {
            caller.send_to(word, way.address()).unwrap();
            let (length, from) = called.recv_from(&mut buffer).unwrap();
            assert_eq!(&buffer[..length], word);
            called.send_to(&buffer[..length], from).unwrap();
            assert_eq!(caller.recv(&mut buffer).unwrap(), length);
        }
    }
}
