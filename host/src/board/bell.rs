//! Who waits at a board is woken when it grows, here or at another process.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use journal::{Subject, Wake, Watch};
use kernel::Time;
use rendezvous::board::Board;
use tokio::sync::{mpsc, watch};

use super::record;
use super::service::{Boards, Need};

/// The bells of the boards that somebody waits at.
#[derive(Debug, Default)]
pub(super) struct Bells {
    table: Mutex<HashMap<Subject, watch::Sender<()>>>,
    /// Tells the follower of a board to watch.
    follower: OnceLock<mpsc::Sender<Subject>>,
}

impl Bells {
    /// Wakes everyone who waits at a board.
    pub(super) fn ring(&self, log: &Subject) {
        if let Some(bell) = self.table().get(log) {
            bell.send_replace(());
        }
    }

    fn has(&self, log: &Subject) -> bool {
        self.table().contains_key(log)
    }

    fn count(&self) -> usize {
        self.table().len()
    }

    fn hear(&self, log: &Subject) -> watch::Receiver<()> {
        let mut table = self.table();
        let bell = table.entry(log.clone());
        bell.or_insert_with(|| watch::Sender::new(())).subscribe()
    }

    /// Takes the bell away if nobody hears it.
    fn leave(&self, log: &Subject) {
        let mut table = self.table();
        if table
            .get(log)
            .is_some_and(|bell| bell.receiver_count() == 0)
        {
            table.remove(log);
        }
    }

    /// Every change is complete before anything that could panic.
    fn table(&self) -> MutexGuard<'_, HashMap<Subject, watch::Sender<()>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rings when its board has grown.
#[derive(Debug)]
pub struct Bell {
    boards: Arc<Boards>,
    log: Subject,
    receiver: Option<watch::Receiver<()>>,
}

impl Boards {
    /// A bell that rings for what is posted at a board from now on, by whatever process. So: take it,
    /// read, wait, read again. Must be called within a runtime.
    pub async fn bell(self: &Arc<Self>, board: &Board) -> Bell {
        let log = record::log(board);
        let bell = Bell {
            boards: Arc::clone(self),
            receiver: Some(self.bells.hear(&log)),
            log: log.clone(),
        };
        let follower = self.bells.follower.get_or_init(|| {
            let (sender, wanted) = mpsc::channel(WANTED);
            let follower = Follower {
                boards: Arc::downgrade(self),
                watch: self.store.watch(),
                watched: HashSet::new(),
            };
            tokio::spawn(follower.run(wanted));
            sender
        });
        // Without a follower, as at the end of the runtime, this process still hears itself.
        drop(follower.send(log).await);
        bell
    }
}

impl Bell {
    /// Until something was posted since it was taken, or since this last returned.
    pub async fn rung(&mut self) {
        match &mut self.receiver {
            // The sender stays while a receiver does, so this is no error.
            Some(receiver) => drop(receiver.changed().await),
            None => std::future::pending().await,
        }
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.receiver = None;
        self.boards.bells.leave(&self.log);
    }
}

/// Follows the logs of boards that have a bell: what another process posts rings here.
struct Follower {
    boards: Weak<Boards>,
    watch: Box<dyn Watch>,
    watched: HashSet<Subject>,
}

impl Follower {
    /// Runs as long as the boards are there.
    async fn run(mut self, mut wanted: mpsc::Receiver<Subject>) {
        loop {
            let logs = tokio::select! {
                log = wanted.recv() => match log {
                    // What came before it was watched is read now.
                    Some(log) if self.watched.insert(log.clone()) => {
                        self.watch.add(log.clone());
                        vec![log]
                    }
                    Some(_) => continue,
                    None => return,
                },
                wake = self.watch.next() => match wake {
                    Some(Wake::Subject(log)) => vec![log],
                    Some(Wake::All) => self.watched.iter().cloned().collect(),
                    None => return,
                },
            };
            let Some(boards) = self.boards.upgrade() else {
                return;
            };
            for log in &logs {
                if let Err(error) = boards.catch_up(Time::ZERO, log, Need::Now).await {
                    // The next who asks hears of it too.
                    tracing::debug!(%error, "a board could not be read");
                }
            }
            self.prune(&boards);
        }
    }

    /// Watches no more what nobody waits for, once that is the greater part.
    fn prune(&mut self, boards: &Boards) {
        let count = boards.bells.count().saturating_add(WANTED);
        if self.watched.len() <= count.saturating_mul(2) {
            return;
        }
        let watch = &mut self.watch;
        self.watched.retain(|log| {
            let is_wanted = boards.bells.has(log);
            if !is_wanted {
                watch.remove(log);
            }
            is_wanted
        });
    }
}

/// Boards that the follower is yet to be told of.
const WANTED: usize = 64;
