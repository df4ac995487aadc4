//! A network between two programs that can be cut.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Leads connections to an address, unless it is cut.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    is_cut: bool,
    /// What goes through, both ends of each.
    through: Vec<TcpStream>,
}

impl Proxy {
    /// The thread that listens ends with the process.
    pub(crate) fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Mutex::new(Shared {
            is_cut: false,
            through: Vec::new(),
        }));
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // Refused connections are closed when they are dropped.
                let mut shared = serving.lock().unwrap();
                if !shared.is_cut {
                    let _ = shared.lead(client, to);
                }
            }
        });
        Self { address, shared }
    }

    /// Breaks what goes through, and refuses what comes.
    pub(crate) fn cut(&self) {
        let mut shared = self.shared.lock().unwrap();
        shared.is_cut = true;
        for end in shared.through.drain(..) {
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn mend(&self) {
        self.shared.lock().unwrap().is_cut = false;
    }
}

impl Shared {
    fn lead(&mut self, client: TcpStream, to: SocketAddr) -> io::Result<()> {
        let server = TcpStream::connect(to)?;
        for end in [&client, &server] {
            self.through.push(end.try_clone()?);
        }
        for (from, to) in [(client.try_clone()?, server.try_clone()?), (server, client)] {
            thread::spawn(move || carry(from, to));
        }
        Ok(())
    }
}

/// Until one end is closed; then the other one is, too. No faster than some 20 MB/s, whatever the machine: a
/// file stays on its way for as long as somebody looks.
fn carry(mut from: TcpStream, mut to: TcpStream) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(1..) = from.read(&mut bytes).and_then(|read| {
        to.write_all(bytes.get(..read).unwrap_or_default())?;
        thread::sleep(PACE);
        Ok(read)
    }) {}
    let _ = to.shutdown(Shutdown::Both);
}

/// For each 64 KiB.
const PACE: Duration = Duration::from_millis(3);
