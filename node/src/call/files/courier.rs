use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Instant;

use bytes::Bytes;
use channel::SendError;
use tokio::time::sleep_until;
use transfer::{By, Event, File, Id, Output, Reason, Stage, Transfers, Way};

use super::disk::{Disk, Done, Job};
use super::kept::{Restored, Shelf, Spot};
use super::note::{Source, Target};
use super::pace::Pace;
use super::{FileError, FileEvent, FileId, FileTold, Line, News, Reply, Want};
use crate::keep::KeepError;
use crate::now::random;

/// Does what the machine of a conversation says.
pub(super) struct Courier {
    transfers: Transfers,
    shelf: Shelf,
    disk: Disk,
    line: Option<Line>,
    /// What is to be sent. Nothing more is asked of the machine while these are many.
    asides: VecDeque<Bytes>,
    sending: Option<Sending>,
    /// What they offer, and nobody decided on.
    offered: BTreeMap<Id, File>,
    /// What was accepted, until there is a place for it.
    preparing: BTreeMap<Id, (File, Reply<()>)>,
    /// Who waits until something is kept.
    keeping: BTreeMap<FileId, Keeping>,
    /// What is sent.
    sources: BTreeMap<Id, Source>,
    /// Files that are ours, or accepted, and where they are, or belong.
    places: BTreeMap<FileId, (File, PathBuf)>,
    /// What is wanted and not over.
    on_way: BTreeSet<FileId>,
    /// Whole files that are put where they belong.
    placing: BTreeSet<Id>,
    /// What was wrong with a file here.
    faults: BTreeMap<FileId, FileError>,
    pace: Pace,
    told: Vec<FileTold>,
}

type Sending = Pin<Box<dyn Future<Output = Result<(), SendError>> + Send>>;

/// When a file was offered.
enum Offered {
    Before,
    Now,
}

enum Keeping {
    Offer(Reply<FileId>),
    Accept(Reply<()>),
}

impl Courier {
    pub(super) fn new(shelf: Shelf, disk: Disk, restored: Vec<Restored>) -> Self {
        let mut courier = Self {
            transfers: Transfers::default(),
            shelf,
            disk,
            line: None,
            asides: VecDeque::new(),
            sending: None,
            offered: BTreeMap::new(),
            preparing: BTreeMap::new(),
            keeping: BTreeMap::new(),
            sources: BTreeMap::new(),
            places: BTreeMap::new(),
            on_way: BTreeSet::new(),
            placing: BTreeSet::new(),
            faults: BTreeMap::new(),
            pace: Pace::default(),
            told: Vec::new(),
        };
        for Restored { kept, there, spot } in restored {
            match (spot, kept.file()) {
                (Some(Spot::Source(source)), Some(file)) => {
                    courier.source(kept.id(), file.clone(), source);
                }
                (Some(Spot::Target(target)), Some(file)) => {
                    courier.target(kept.id(), file.clone(), target);
                }
                _ => {}
            }
            courier.transfers.restore(kept, there);
        }
        courier
    }

    pub(super) fn back(&mut self, line: Line) {
        self.lost();
        self.transfers.back(line.most);
        self.line = Some(line);
    }

    pub(super) fn lost(&mut self) {
        self.line = None;
        self.sending = None;
        self.asides.clear();
        self.transfers.lost();
    }

    pub(super) fn aside(&mut self, bytes: &[u8]) {
        if bytes.first() == Some(&transfer::PROTOCOL) {
            self.transfers.handle(bytes);
        }
    }

    pub(super) fn want(&mut self, want: Want) {
        match want {
            Want::Offer { source, reply } => match self.offer(source) {
                Ok((id, Offered::Before)) => drop(reply.send(Ok(id))),
                Ok((id, Offered::Now)) => drop(self.keeping.insert(id, Keeping::Offer(reply))),
                // Whoever does not wait for the answer does not need it.
                Err(error) => drop(reply.send(Err(error))),
            },
            Want::Accept { id, into, reply } => self.prepare(id, into, reply),
            Want::Cancel(FileId { way, id }) => {
                self.offered.remove(&id);
                self.transfers.cancel(way, id);
            }
        }
    }

    fn offer(&mut self, source: Source) -> Result<(FileId, Offered), FileError> {
        let mut offered = self.sources.iter();
        if let Some((id, _)) = offered.find(|(_, offered)| **offered == source) {
            return Ok((FileId::new(Way::Out, *id), Offered::Before));
        }
        let id = Id::new(random()?);
        let file = File::new(&source.name(), source.size(), "");
        self.transfers.offer(id, file.clone(), source.to_note()?)?;
        self.source(id, file, source);
        Ok((FileId::new(Way::Out, id), Offered::Now))
    }

    fn prepare(&mut self, FileId { way, id }: FileId, into: PathBuf, reply: Reply<()>) {
        let offered = match way {
            Way::Out => None,
            Way::In => self.offered.remove(&id),
        };
        let Some(file) = offered else {
            return drop(reply.send(Err(FileError::NotOffered)));
        };
        self.disk.give(Job::Prepare {
            id,
            into,
            name: file.name().to_owned(),
            size: file.size(),
        });
        self.preparing.insert(id, (file, reply));
    }

    fn prepared(&mut self, id: Id, target: Result<Target, FileError>) {
        let Some((file, reply)) = self.preparing.remove(&id) else {
            return;
        };
        let target = match target {
            Ok(target) => target,
            Err(error) => {
                // It can be accepted into another place.
                self.offered.insert(id, file);
                return drop(reply.send(Err(error)));
            }
        };
        let note = target.to_note();
        let accepted = note.and_then(|note| Ok(self.transfers.accept(id, note)?));
        if let Err(error) = accepted {
            self.disk.give(Job::Over(Way::In, id));
            return drop(reply.send(Err(error)));
        }
        let accepted = FileId::new(Way::In, id);
        self.places.insert(accepted, (file, target.path));
        self.on_way.insert(accepted);
        self.keeping.insert(accepted, Keeping::Accept(reply));
    }

    fn source(&mut self, id: Id, file: File, source: Source) {
        let place = (file, source.path.clone());
        self.places.insert(FileId::new(Way::Out, id), place);
        self.sources.insert(id, source.clone());
        self.disk.give(Job::Source(id, source));
    }

    fn target(&mut self, id: Id, file: File, target: Target) {
        let place = (file, target.path.clone());
        self.places.insert(FileId::new(Way::In, id), place);
        self.disk.give(Job::Target(id, target));
    }

    /// What happens next. Safe to cancel.
    pub(super) async fn next(&mut self) -> News {
        let sending = async {
            match &mut self.sending {
                Some(sending) => sending.await,
                None => std::future::pending().await,
            }
        };
        let late = async {
            match self.pace.due() {
                Some(due) => sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // A connection that took nothing is over, which will be told.
            _ = sending => News::Sent,
            done = self.disk.next() => News::Done(done),
            () = late => News::Late,
        }
    }

    /// Tells the progress that is due.
    pub(super) fn late(&mut self) {
        for (id, what) in self.pace.late(Instant::now()) {
            let told = FileTold::new(id, self.file(id), what);
            self.told.push(told);
        }
    }

    /// The connection has taken an aside.
    pub(super) fn sent(&mut self) {
        self.sending = None;
    }

    pub(super) fn done(&mut self, done: Done) {
        match done {
            Done::Prepared { id, target } => self.prepared(id, target),
            Done::Read {
                way,
                id,
                offset,
                bytes,
            } => self.transfers.read(way, id, offset, &bytes),
            Done::Written { id, upto } => self.transfers.written(id, upto),
            Done::Failed { way, id, error } => {
                self.faults.insert(FileId::new(way, id), error);
                self.transfers.failed(way, id);
            }
            Done::Placed { id, path } => self.placed(id, path),
        }
    }

    fn placed(&mut self, id: Id, path: Result<PathBuf, FileError>) {
        let file = FileId::new(Way::In, id);
        self.placing.remove(&id);
        let what = match path {
            Ok(path) => {
                self.transfers.placed(id);
                FileEvent::Done { path }
            }
            Err(error) => {
                self.on_way.remove(&file);
                FileEvent::Failed {
                    by: By::Us,
                    reason: Reason::Disk,
                    why: Some(error),
                }
            }
        };
        let told = FileTold::new(file, self.file(file), what);
        self.told.push(told);
    }

    /// What is known of a file that is not over.
    fn file(&self, id: FileId) -> Option<&File> {
        let offered = || match id.way {
            Way::Out => None,
            Way::In => self.offered.get(&id.id),
        };
        let place = self.places.get(&id);
        place.map(|(file, _)| file).or_else(offered)
    }

    /// Does what the machine says, in its order, and gives what is to be told.
    pub(super) async fn drain(&mut self) -> Result<Vec<FileTold>, KeepError> {
        while self.asides.len() < ASIDES {
            match self.transfers.poll() {
                Output::Save(kept) => {
                    self.shelf.save(&kept).await?;
                    let id = FileId::new(kept.way(), kept.id());
                    self.kept(id);
                    if kept.stage() == Stage::Over {
                        self.over(id);
                    }
                }
                Output::Forget(way, id) => {
                    self.shelf.forget(way, id).await?;
                    let is_known = self.places.contains_key(&FileId::new(way, id));
                    if is_known {
                        self.over(FileId::new(way, id));
                    }
                }
                Output::Send(frame) => self.asides.push_back(frame.into()),
                Output::Read {
                    way,
                    id,
                    offset,
                    len,
                } => self.disk.give(Job::Read {
                    way,
                    id,
                    offset,
                    len,
                }),
                Output::Write { id, offset, bytes } => {
                    self.on_way.insert(FileId::new(Way::In, id));
                    self.disk.give(Job::Write { id, offset, bytes });
                }
                Output::Tell(event) => self.tell(event),
                Output::Wait => break,
            }
        }
        self.send();
        Ok(std::mem::take(&mut self.told))
    }

    /// Begins to hand the next aside to the connection.
    fn send(&mut self) {
        let (Some(line), None) = (&self.line, &self.sending) else {
            return;
        };
        if let Some(bytes) = self.asides.pop_front() {
            let handle = line.handle.clone();
            self.sending = Some(Box::pin(async move { handle.send_aside(bytes).await }));
        }
    }

    fn kept(&mut self, id: FileId) {
        // Whoever does not wait for the answer does not need it.
        match self.keeping.remove(&id) {
            Some(Keeping::Offer(reply)) => drop(reply.send(Ok(id))),
            Some(Keeping::Accept(reply)) => drop(reply.send(Ok(()))),
            None => {}
        }
    }

    /// A transfer is over, and that is kept.
    fn over(&mut self, id: FileId) {
        self.on_way.remove(&id);
        self.places.remove(&id);
        if id.way == Way::Out {
            self.sources.remove(&id.id);
        }
        self.pace.forget(id);
        self.disk.give(Job::Over(id.way, id.id));
    }

    fn tell(&mut self, event: Event) {
        let (id, what) = match event {
            Event::Offered { id, file } => {
                let what = FileEvent::Offered {
                    name: file.name().to_owned(),
                    size: file.size(),
                    media_type: file.media_type().map(str::to_owned),
                };
                self.offered.insert(id, file);
                (FileId::new(Way::In, id), what)
            }
            Event::Accepted { id, offset } => {
                let id = FileId::new(Way::Out, id);
                self.on_way.insert(id);
                (id, FileEvent::Accepted { done: offset })
            }
            Event::Declined { id } => (FileId::new(Way::Out, id), FileEvent::Declined),
            Event::Progress { way, id, done, of } => {
                let (id, what) = (FileId::new(way, id), FileEvent::Progress { done, of });
                let told = self.pace.came(Instant::now(), id, what, done == of);
                let Some(told) = told else { return };
                (id, told)
            }
            Event::Done { way: Way::In, id } => {
                // Told once it is at its place.
                self.placing.insert(id);
                self.on_way.insert(FileId::new(Way::In, id));
                return self.disk.give(Job::Place(id));
            }
            Event::Done { way: Way::Out, id } => {
                let id = FileId::new(Way::Out, id);
                let place = self.places.get(&id).cloned();
                let path = place.map(|(_, path)| path).unwrap_or_default();
                (id, FileEvent::Done { path })
            }
            Event::Failed {
                way,
                id,
                by,
                reason,
            } => {
                let id = FileId::new(way, id);
                self.pace.forget(id);
                let why = self.faults.remove(&id);
                (id, FileEvent::Failed { by, reason, why })
            }
            _ => return,
        };
        let told = FileTold::new(id, self.file(id), what);
        if let (Way::In, FileEvent::Failed { .. }) = (id.way, &told.what) {
            self.offered.remove(&id.id);
        }
        self.told.push(told);
    }

    pub(super) fn is_settled(&self) -> bool {
        let is_sent = self.asides.is_empty() && self.sending.is_none();
        let is_done = self.preparing.is_empty() && self.keeping.is_empty();
        (is_sent || self.line.is_none()) && is_done && self.on_way.is_empty()
    }

    pub(super) fn is_placing(&self) -> bool {
        !self.placing.is_empty()
    }
}

/// Asides that wait to be sent before nothing more is asked of the machine.
const ASIDES: usize = 4;
