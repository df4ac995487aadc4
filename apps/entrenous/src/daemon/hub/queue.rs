//! The queue of one client.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;
use zeroize::Zeroizing;

use crate::daemon::protocol::{Event, Fault};

/// Where lines for one client are put.
#[derive(Debug)]
pub(in crate::daemon) struct Outlet {
    lines: mpsc::Sender<Told>,
    queue: Arc<Queue>,
    /// Dropped with this.
    _here: oneshot::Sender<()>,
}

/// Where they are taken from.
#[derive(Debug)]
pub(in crate::daemon) struct Inlet {
    lines: mpsc::Receiver<Told>,
    queue: Arc<Queue>,
    /// Ends with the outlet.
    gone: oneshot::Receiver<()>,
}

/// A line; some hold a secret.
type Told = Arc<Zeroizing<Vec<u8>>>;

#[derive(Debug, Default)]
struct Queue {
    bytes: AtomicUsize,
    /// Lines that were written.
    written: AtomicUsize,
    was_full: AtomicBool,
}

/// How the writing to a client ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::daemon) enum Written {
    /// All that there was.
    All,
    /// They did not read.
    TooSlow,
    /// Nobody reads there.
    Nobody,
}

/// A queue for one client.
pub(in crate::daemon) fn queue() -> (Outlet, Inlet) {
    let (sender, lines) = mpsc::channel(LINES);
    let (here, gone) = oneshot::channel();
    let queue = Arc::new(Queue::default());
    let outlet = Outlet {
        lines: sender,
        queue: Arc::clone(&queue),
        _here: here,
    };
    (outlet, Inlet { lines, queue, gone })
}

impl Outlet {
    /// Whether half of the room is used.
    pub(super) fn is_behind(&self) -> bool {
        let bytes = self.queue.bytes.load(Ordering::Relaxed);
        bytes > BYTES / 2 || self.lines.capacity() < LINES / 2
    }

    /// How many lines were written.
    pub(super) fn written(&self) -> usize {
        self.queue.written.load(Ordering::Relaxed)
    }

    /// Nothing comes after what is in the queue.
    pub(super) fn cut(&self) {
        self.queue.was_full.store(true, Ordering::Relaxed);
    }

    /// Puts a line into the queue; if there is no room, nothing comes after what is in it.
    pub(super) fn offer(&self, line: Told) -> bool {
        let bytes = line.len();
        let before = self.queue.bytes.fetch_add(bytes, Ordering::Relaxed);
        let has_room = before.saturating_add(bytes) <= BYTES;
        match has_room.then(|| self.lines.try_send(line)) {
            Some(Ok(())) => true,
            // They have left.
            Some(Err(mpsc::error::TrySendError::Closed(_))) => false,
            None | Some(Err(mpsc::error::TrySendError::Full(_))) => {
                self.cut();
                false
            }
        }
    }
}

impl Inlet {
    /// Writes all lines, as long as there are any and the client reads. Who reads too little gets a last line
    /// that says so. Once no more are put in, what is left has a few seconds.
    pub(in crate::daemon) async fn write(mut self, to: impl AsyncWrite + Unpin) -> Written {
        let wrote = tokio::select! {
            wrote = write(&mut self.lines, &self.queue, to) => wrote.is_ok(),
            () = over(&mut self.gone) => false,
        };
        match (self.queue.was_full.load(Ordering::Relaxed), wrote) {
            (true, _) => Written::TooSlow,
            (false, true) => Written::All,
            (false, false) => Written::Nobody,
        }
    }

    /// The same, for whoever may take all the time there is.
    #[cfg(test)]
    pub(super) async fn write_at_leisure(&mut self, to: impl AsyncWrite + Unpin) {
        drop(write(&mut self.lines, &self.queue, to).await);
    }
}

async fn write(
    lines: &mut mpsc::Receiver<Told>,
    queue: &Queue,
    mut to: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    while let Some(line) = lines.recv().await {
        to.write_all(&line).await?;
        to.flush().await?;
        queue.bytes.fetch_sub(line.len(), Ordering::Relaxed);
        queue.written.fetch_add(1, Ordering::Relaxed);
    }
    if queue.was_full.load(Ordering::Relaxed) {
        to.write_all(&too_slow().line(None)?).await?;
        to.flush().await?;
    }
    to.shutdown().await
}

async fn over(gone: &mut oneshot::Receiver<()>) {
    // It is never sent anything: it ends.
    let _ = gone.await;
    sleep(LINGER).await;
}

/// The last that a client hears who did not read.
fn too_slow() -> Event {
    let text = "you did not read for too long: nothing more comes here, connect again";
    Fault::new("client_too_slow", text).into()
}

/// Lines that wait for a client.
pub(super) const LINES: usize = 4096;
/// Bytes of them.
const BYTES: usize = 8 << 20;
/// How long the rest may take.
const LINGER: Duration = Duration::from_secs(10);
