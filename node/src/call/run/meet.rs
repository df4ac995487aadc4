//! Who it is, and what is remembered of them.

use channel::{End, Event, Mode, Peer};
use primitives::VerifyingKey;

use super::super::desk::Verdict;
use super::super::outbox::Outbox;
use super::super::people::{Seen, called};
use super::super::pin::{Who, fingerprint};
use super::super::reached::keep_reached;
use super::super::talk::{Ending, Introduced, Told};
use super::{Back, Candidate, Line, Opened, Run, With};
use crate::conversation::Store;
use crate::keep::KeepError;

impl Run {
    /// Takes the first that a connection told, which the holder of `key` made.
    pub(super) async fn begin(&mut self, first: Event, key: VerifyingKey) -> Result<(), Ending> {
        self.candidate = Some(Candidate {
            key,
            name: called("", &key)?,
            version: None,
            seen: Seen::NotCompared,
            waits: false,
        });
        self.event(first).await
    }

    pub(super) async fn introduced(&mut self, peer: Peer) -> Result<(), Ending> {
        self.is_opening = false;
        if let Some(with) = &self.with {
            if with.key == peer.key {
                self.accept().await;
                return Ok(());
            }
            self.leave().await;
            return Err(Ending::OtherKey);
        }
        let wanted = self.policy.name.as_ref();
        let people = &self.desk.people;
        let who = people.who(&peer.identity, &peer.name, wanted).await?;
        let verdict = self.policy.verdict(&who, &peer.key);
        if verdict == Verdict::Refuse {
            self.leave().await;
            return Err(Ending::OtherKey);
        }
        let name = match wanted {
            Some(wanted) => wanted.clone(),
            None => called(&peer.name, &peer.key)?,
        };
        self.candidate = Some(Candidate {
            key: peer.key,
            name,
            version: Some(peer.version),
            seen: Seen::NotCompared,
            waits: verdict == Verdict::Ask,
        });
        match verdict {
            Verdict::Ask => {
                let introduced = Introduced {
                    fingerprint: match &who {
                        Who::Known(known) => known.fingerprint(),
                        Who::Changed(_) | Who::Unknown => fingerprint(&peer.key),
                    },
                    who,
                    claim: peer.name,
                };
                self.tell(Told::Introduced(Box::new(introduced)));
                if peer.mode == Mode::Ours && matches!(self.back, Back::Redial { .. }) {
                    // Whoever dialled has shown who they are: the decision can come after.
                    self.accept().await;
                }
            }
            Verdict::Take | Verdict::Refuse => self.accept().await,
        }
        Ok(())
    }

    pub(super) async fn established(&mut self, opened: Opened) -> Result<(), Ending> {
        self.is_opening = false;
        if self.candidate.as_ref().is_some_and(|one| one.waits) {
            self.opened = Some(opened);
            return Ok(());
        }
        let Opened {
            session,
            resumed,
            mode,
        } = opened;
        self.is_open = true;
        self.attempts = 0;
        let told = match &mut self.with {
            Some(with) => {
                let earlier = std::mem::replace(&mut with.session, session);
                let (key, name) = (with.key, with.name.clone());
                if earlier != session {
                    self.desk.sessions(None).forget(earlier).await?;
                }
                let people = &self.desk.people;
                people.met(&key, name, Seen::NotCompared).await?;
                Told::Back {
                    resumed,
                    path: self.path.clone(),
                }
            }
            None => {
                let candidate = self.candidate.take();
                let candidate = candidate.ok_or(KeepError::Bug("a session is somebody's"))?;
                let Candidate {
                    key,
                    name,
                    version,
                    seen,
                    ..
                } = candidate;
                let known = self.desk.people.met(&key, name, seen).await?;
                match &self.back {
                    Back::Wait(door) => {
                        self.hold = Some(door.held.hold(&key, self.newest.clone()));
                    }
                    Back::Redial { links, .. } => {
                        keep_reached(&self.desk.people.keep, &key, links).await?;
                    }
                }
                self.with = Some(With {
                    key,
                    name: known.name().clone(),
                    session,
                });
                let store = Store::new(self.desk.people.keep.clone(), &key);
                self.outbox = Some(Outbox::open(store).await?);
                Told::Established {
                    with: known,
                    resumed,
                    mode,
                    version,
                    path: self.path.clone(),
                }
            }
        };
        if let Some(outbox) = &mut self.outbox {
            outbox.connected(session, mode, resumed).await?;
        }
        self.tell(told);
        self.begin_files(mode);
        if self.is_finishing {
            self.said_before().await;
        }
        self.finish().await
    }

    /// Files go on, with a program that knows them.
    fn begin_files(&mut self, mode: Mode) {
        let (Line::Up(call), Some(with)) = (&self.line, &self.with) else {
            return;
        };
        let most = match self.path.is_relayed() {
            true => RELAYED,
            false => DIRECT,
        };
        let (keep, handle) = (&self.desk.people.keep, call.handle().clone());
        match mode {
            Mode::Ours => self.files.back(keep, &with.key, handle, most),
            Mode::Kamune => self.files.not_ours(),
        }
    }

    pub(super) async fn accept(&mut self) {
        self.is_opening = true;
        if let Line::Up(call) = &self.line {
            call.handle().accept().await;
        }
    }

    pub(super) async fn reject(&mut self) {
        if let Line::Up(call) = &self.line {
            call.handle().reject().await;
        }
    }

    /// What one of both has closed, or the owner did not want, is not to go on: neither this session nor one of
    /// before that was cut.
    pub(super) async fn forget(&mut self, how: &Ending) {
        let is_closed = matches!(
            how,
            Ending::Channel(End::Left | End::Closed | End::Rejected)
        );
        let with = self.with.as_ref().map(|with| with.key);
        // Of whom was dialled a session is kept before the owner decides; an introduction alone proves nothing.
        let candidate = self.candidate.as_ref().filter(|_| self.opened.is_some());
        let key = with.or_else(|| candidate.map(|one| one.key));
        if let (Some(key), true) = (key, is_closed) {
            // One that stays is of no use to anybody after a day.
            drop(self.desk.sessions(None).forget_with(key).await);
        }
    }
}

/// Bytes of an aside, straight.
const DIRECT: usize = 61_435;
/// The same, through a relay.
const RELAYED: usize = 30_000;
