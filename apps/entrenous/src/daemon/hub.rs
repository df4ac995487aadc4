//! Those who are told: each has a queue of its own, with an end.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep};
use zeroize::Zeroizing;

use super::protocol::{Event, Fault, Reply};

/// A client, for as long as it is there.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct ClientId(pub(super) u64);

/// Who waits for an answer.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    pub(super) client: ClientId,
    /// What they know the answer by.
    pub(super) id: String,
}

/// All clients.
#[derive(Debug, Default)]
pub(super) struct Hub {
    clients: BTreeMap<ClientId, Outlet>,
    /// Those for whom much waits: how much had been written when, the last time that it was more.
    behind: BTreeMap<ClientId, (usize, Instant)>,
}

impl Hub {
    /// How long to wait for somebody to read on.
    pub(super) const PAUSE: Duration = Duration::from_millis(20);

    /// From now on `client` is told what happens.
    pub(super) fn join(&mut self, client: ClientId, outlet: Outlet) {
        self.clients.insert(client, outlet);
    }

    pub(super) fn leave(&mut self, client: ClientId) {
        self.clients.remove(&client);
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.clients.len()
    }

    /// Whether so much waits for somebody that peers should wait, too. Whoever reads nothing at all for long
    /// is dropped. To be called again after [`Hub::PAUSE`] if it is so.
    pub(super) fn is_behind(&mut self) -> bool {
        let now = Instant::now();
        let behind = &mut self.behind;
        self.clients.retain(|client, outlet| {
            if !outlet.is_behind() {
                behind.remove(client);
                return true;
            }
            let written = outlet.queue.written.load(Ordering::Relaxed);
            let (before, since) = behind.entry(*client).or_insert((written, now));
            if *before != written {
                (*before, *since) = (written, now);
            }
            let is_dead = now.duration_since(*since) > PATIENCE;
            if is_dead {
                outlet.queue.was_full.store(true, Ordering::Relaxed);
            }
            !is_dead
        });
        let clients = &self.clients;
        self.behind.retain(|client, _| clients.contains_key(client));
        !self.behind.is_empty()
    }

    /// Tells everyone.
    pub(super) fn tell(&mut self, event: &Event) {
        self.tell_of(event, None);
    }

    /// Tells everyone of what one of them has asked for, who hears it as an answer.
    pub(super) fn tell_of(&mut self, event: &Event, asker: Option<&Asker>) {
        let Ok(line) = event.line(None) else { return };
        let line = Arc::new(Zeroizing::new(line));
        let others = |client: &ClientId| asker.is_none_or(|asker| asker.client != *client);
        self.clients
            .retain(|client, outlet| !others(client) || outlet.offer(Arc::clone(&line)));
        if let Some(asker) = asker {
            self.answer(asker, event);
        }
    }

    /// Tells whoever asked, alone, that this is the answer.
    pub(super) fn answer(&mut self, asker: &Asker, event: &Event) {
        self.give(asker.client, event.line(Some(&asker.id)));
    }

    /// Tells one of them, alone, what is no answer.
    pub(super) fn whisper(&mut self, client: ClientId, event: &Event) {
        self.give(client, event.line(None));
    }

    fn give(&mut self, client: ClientId, line: io::Result<Vec<u8>>) {
        let Ok(line) = line else { return };
        let outlet = self.clients.get(&client);
        if outlet.is_some_and(|outlet| !outlet.offer(Arc::new(Zeroizing::new(line)))) {
            self.clients.remove(&client);
        }
    }

    pub(super) fn reply(&mut self, asker: &Asker, reply: Reply) {
        self.answer(asker, &reply.into());
    }

    pub(super) fn fault(&mut self, asker: &Asker, fault: Fault) {
        self.answer(asker, &fault.into());
    }

    /// Tells nobody any more; what waits is still written.
    pub(super) fn end(&mut self) {
        self.clients.clear();
    }
}

/// Where lines for one client are put.
#[derive(Debug)]
pub(super) struct Outlet {
    lines: mpsc::Sender<Told>,
    queue: Arc<Queue>,
    /// Dropped with this.
    _here: oneshot::Sender<()>,
}

/// Where they are taken from.
#[derive(Debug)]
pub(super) struct Inlet {
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
pub(super) enum Written {
    /// All that there was.
    All,
    /// They did not read.
    TooSlow,
    /// Nobody reads there.
    Nobody,
}

/// A queue for one client.
pub(super) fn queue() -> (Outlet, Inlet) {
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
    fn is_behind(&self) -> bool {
        let bytes = self.queue.bytes.load(Ordering::Relaxed);
        bytes > BYTES / 2 || self.lines.capacity() < LINES / 2
    }

    /// Puts a line into the queue; if there is no room, nothing comes after what is in it.
    fn offer(&self, line: Told) -> bool {
        let bytes = line.len();
        let before = self.queue.bytes.fetch_add(bytes, Ordering::Relaxed);
        let has_room = before.saturating_add(bytes) <= BYTES;
        match has_room.then(|| self.lines.try_send(line)) {
            Some(Ok(())) => true,
            // They have left.
            Some(Err(mpsc::error::TrySendError::Closed(_))) => false,
            None | Some(Err(mpsc::error::TrySendError::Full(_))) => {
                self.queue.was_full.store(true, Ordering::Relaxed);
                false
            }
        }
    }
}

impl Inlet {
    /// Writes all lines, as long as there are any and the client reads. Who reads too little gets a last line
    /// that says so. Once no more are put in, what is left has a few seconds.
    pub(super) async fn write(mut self, to: impl AsyncWrite + Unpin) -> Written {
        let queue = Arc::clone(&self.queue);
        let wrote = tokio::select! {
            wrote = write(&mut self.lines, &queue, to) => wrote.is_ok(),
            () = over(self.gone) => false,
        };
        match (queue.was_full.load(Ordering::Relaxed), wrote) {
            (true, _) => Written::TooSlow,
            (false, true) => Written::All,
            (false, false) => Written::Nobody,
        }
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

async fn over(gone: oneshot::Receiver<()>) {
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
const LINES: usize = 4096;
/// Bytes of them.
const BYTES: usize = 8 << 20;
/// How long somebody may read nothing while peers wait for that.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the rest may take.
const LINGER: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    fn updated(text: &str) -> Event {
        Event::SessionUpdated {
            session_id: text.to_owned(),
        }
    }

    async fn read(mut from: impl tokio::io::AsyncRead + Unpin) -> Vec<String> {
        let mut text = String::new();
        from.read_to_string(&mut text).await.unwrap();
        text.lines().map(ToOwned::to_owned).collect()
    }

    #[tokio::test]
    async fn everyone_hears_what_happens_and_only_one_the_answer() {
        let mut hub = Hub::default();
        let mut ends = Vec::new();
        for number in 0..3 {
            let (outlet, inlet) = queue();
            hub.join(ClientId(number), outlet);
            let (near, far) = tokio::io::duplex(64);
            ends.push((tokio::spawn(inlet.write(near)), tokio::spawn(read(far))));
        }
        let asker = Asker {
            client: ClientId(1),
            id: "seven".into(),
        };
        hub.tell(&updated("a"));
        hub.tell_of(&updated("b"), Some(&asker));
        hub.reply(&asker, Reply::Done { status: "ok" });
        hub.leave(ClientId(2));
        hub.tell(&updated("c"));
        hub.end();
        let line = |name: &str, id: &str| {
            format!(
                r#"{{"data":{{"session_id":"{name}"}},"type":"evt","evt":"session_updated"{id}}}"#
            )
        };
        let answer = r#"{"data":{"status":"ok"},"type":"evt","evt":"response","id":"seven"}"#;
        let heard = [
            vec![line("a", ""), line("b", ""), line("c", "")],
            vec![
                line("a", ""),
                line("b", r#","id":"seven""#),
                answer.to_owned(),
                line("c", ""),
            ],
            vec![line("a", ""), line("b", "")],
        ];
        for ((writing, reading), heard) in ends.into_iter().zip(heard) {
            assert_eq!(writing.await.unwrap(), Written::All);
            assert_eq!(reading.await.unwrap(), heard);
        }
    }

    #[tokio::test]
    async fn whoever_does_not_read_is_dropped_after_so_many_lines_and_is_told_so() {
        let mut hub = Hub::default();
        let (outlet, inlet) = queue();
        hub.join(ClientId(0), outlet);
        for _ in 0..LINES {
            hub.tell(&updated("x"));
        }
        assert_eq!(hub.len(), 1);
        hub.tell(&updated("one too many"));
        assert_eq!(hub.len(), 0);
        let (near, far) = tokio::io::duplex(64);
        let reading = tokio::spawn(read(far));
        assert_eq!(inlet.write(near).await, Written::TooSlow);
        let lines = reading.await.unwrap();
        assert_eq!(lines.len(), LINES + 1);
        assert!(lines[LINES].contains("client_too_slow"), "{}", lines[LINES]);
        assert!(!lines[LINES - 1].contains("one too many"));
    }

    #[tokio::test]
    async fn whoever_does_not_read_is_dropped_after_so_many_bytes() {
        let mut hub = Hub::default();
        let (outlet, _inlet) = queue();
        hub.join(ClientId(0), outlet);
        let long = updated(&"x".repeat(1 << 20));
        for _ in 0..7 {
            hub.tell(&long);
        }
        assert_eq!(hub.len(), 1);
        hub.tell(&long);
        assert_eq!(hub.len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn peers_wait_for_whoever_reads_slowly_and_not_for_whoever_does_not_read() {
        let mut hub = Hub::default();
        let (outlet, mut inlet) = queue();
        hub.join(ClientId(0), outlet);
        for _ in 0..=LINES / 2 {
            assert!(!hub.is_behind());
            hub.tell(&updated("x"));
        }
        for _ in 0..8 {
            hub.tell(&updated("x"));
        }
        assert!(hub.is_behind());
        // one line in 20 s is little, but it is one
        let (near, mut far) = tokio::io::duplex(8);
        let queue = Arc::clone(&inlet.queue);
        let writing = tokio::spawn(async move {
            drop(write(&mut inlet.lines, &queue, near).await);
            inlet
        });
        let line = updated("x").line(None).unwrap();
        for _ in 0..10 {
            sleep(Duration::from_secs(20)).await;
            far.read_exact(&mut vec![0; line.len()]).await.unwrap();
            hub.tell(&updated("x"));
            assert!(hub.is_behind());
            assert_eq!(hub.len(), 1);
        }
        // what was read last is known to be written a moment later
        sleep(Duration::from_secs(1)).await;
        assert!(hub.is_behind());
        sleep(PATIENCE.saturating_sub(Duration::from_secs(1))).await;
        assert!(hub.is_behind());
        sleep(Duration::from_secs(2)).await;
        assert!(!hub.is_behind());
        assert_eq!(hub.len(), 0);
        writing.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_never_reads_again_holds_nothing_up() {
        let mut hub = Hub::default();
        let (outlet, inlet) = queue();
        hub.join(ClientId(0), outlet);
        hub.tell(&updated(&"x".repeat(1000)));
        hub.end();
        let (near, _far) = tokio::io::duplex(64);
        assert_eq!(inlet.write(near).await, Written::Nobody);
    }
}
