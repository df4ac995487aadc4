//! Those who are told: each has a queue of its own, with an end.

mod queue;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use zeroize::Zeroizing;

use super::protocol::{Event, Fault, Reply};
pub(super) use queue::{Outlet, Written, queue};

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
            let written = outlet.written();
            let (before, since) = behind.entry(*client).or_insert((written, now));
            if *before != written {
                (*before, *since) = (written, now);
            }
            let is_dead = now.duration_since(*since) > PATIENCE;
            if is_dead {
                outlet.cut();
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

/// How long somebody may read nothing while peers wait for that.
const PATIENCE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::time::sleep;

    use super::queue::LINES;
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
        let writing = tokio::spawn(async move {
            inlet.write_at_leisure(near).await;
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
