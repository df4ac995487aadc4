//! One of the two: what it keeps, and what it does with a channel.

use std::collections::{BTreeMap, VecDeque};

use channel::{Channel, End, Event, Input, Message, Mode, Output, Resumption, SessionId};
use kernel::Time;

use super::book::Book;
use super::carrier::Carrier;
use super::net::{Happening, Net, Side};
use super::plan::Dies;

/// What a device keeps, whatever becomes of its process.
#[derive(Default)]
pub(crate) struct Kept {
    /// Records of sessions, as bytes.
    records: BTreeMap<SessionId, Vec<u8>>,
    /// That of which was saved last.
    latest: Option<SessionId>,
    /// The session whose numbers the following are.
    current: Option<SessionId>,
    /// What was said, and is not known to be kept by the other side.
    pub(crate) outbox: VecDeque<u64>,
    /// How many of them a channel was given.
    handed: usize,
    /// Up to which number they keep ours.
    delivered: u64,
    /// Up to which number we keep theirs.
    kept: u64,
    /// What the person was shown.
    pub(crate) shown: Vec<u64>,
    /// What was given to a session that did not go on: nobody knows whether it came.
    pub(crate) doubt: Vec<u64>,
}

/// A message that was told, and is to be kept.
#[derive(Clone, Copy)]
pub(crate) struct Told {
    /// Of which process.
    life: u64,
    session: SessionId,
    number: u64,
    message: u64,
}

/// The process is gone.
pub(crate) struct Died;

pub(crate) struct Device {
    pub(crate) side: Side,
    pub(crate) kept: Kept,
    pub(crate) is_up: bool,
    pub(crate) lines: BTreeMap<u64, Line>,
    /// The connection that the talk goes on over.
    pub(crate) open: Option<u64>,
    life: u64,
    /// Records that it saved or tried to.
    saves: u64,
    keeps_at: Time,
}

/// A channel and what carries it.
pub(crate) struct Line {
    pub(crate) channel: Channel,
    pub(crate) carrier: Carrier,
    /// The record that it goes on with, until it is saved without a token.
    offered: Option<Resumption>,
    /// The session, once there is one.
    pub(crate) session: Option<(SessionId, Mode)>,
    /// How many of the outbox it was given.
    given: usize,
    /// Of a session that goes on: whether the other side has said what it keeps.
    is_ready: bool,
    /// When the channel wants to know the time.
    until: Option<Time>,
    /// When it will be told next.
    armed: Option<Time>,
    pub(crate) is_over: bool,
}

impl Line {
    pub(crate) const fn new(
        channel: Channel,
        carrier: Carrier,
        offered: Option<Resumption>,
    ) -> Self {
        Self {
            channel,
            carrier,
            offered,
            session: None,
            given: 0,
            is_ready: false,
            until: None,
            armed: None,
            is_over: false,
        }
    }
}

impl Device {
    pub(crate) fn new(side: Side) -> Self {
        Self {
            side,
            kept: Kept::default(),
            is_up: true,
            lines: BTreeMap::new(),
            open: None,
            life: 0,
            saves: 0,
            keeps_at: Time::ZERO,
        }
    }

    /// The process is gone, and with it all that was not kept.
    pub(crate) fn die(&mut self) -> Vec<u64> {
        self.is_up = false;
        self.open = None;
        self.life = self.life.saturating_add(1);
        std::mem::take(&mut self.lines).into_keys().collect()
    }

    /// What to go on with, if there is anything.
    pub(crate) fn resumption(&self, now: Time) -> Option<Resumption> {
        let record = self.record(self.kept.latest?)?;
        record.is_fresh(now).then_some(record)
    }

    fn record(&self, session: SessionId) -> Option<Resumption> {
        let record = Resumption::decode(self.kept.records.get(&session)?).ok()?;
        Some(record.keeping(match self.kept.current == Some(session) {
            true => self.kept.kept,
            false => 0,
        }))
    }

    /// The session that goes on now.
    pub(crate) fn session(&self) -> Option<SessionId> {
        let line = self.lines.get(&self.open?)?;
        line.session.map(|(session, _)| session)
    }

    pub(crate) const fn saves(&self) -> u64 {
        self.saves
    }

    /// Somebody says something here.
    pub(crate) fn say(&mut self, message: u64) {
        self.kept.outbox.push_back(message);
    }

    /// A message that was told is kept now, and shown.
    pub(crate) fn keep(&mut self, now: Time, told: Told) -> Option<u64> {
        let link = self.open;
        if told.life != self.life || self.kept.current != Some(told.session) {
            return None;
        }
        if told.number == self.kept.kept.saturating_add(1) {
            self.kept.kept = told.number;
            self.kept.shown.push(told.message);
        }
        let line = self.lines.get_mut(&link?)?;
        line.channel.keep(now, self.kept.kept);
        link
    }

    /// Does everything that a connection asks for.
    pub(crate) fn settle(
        &mut self,
        number: u64,
        net: &mut Net,
        book: &mut Book,
    ) -> Result<(), Died> {
        loop {
            let has_done = self.drain(number, net, book)?;
            let has_given = self.give(number, net.now);
            let Some(line) = self.lines.get_mut(&number) else {
                return Ok(());
            };
            let said = line.carrier.drain();
            book.bound(line.carrier.held());
            let has_said = !(said.packets.is_empty() && said.frames.is_empty());
            for packet in said.packets {
                net.send(number, self.side, packet);
            }
            for frame in &said.frames {
                line.channel.handle(net.now, Input::Frame(frame));
            }
            if said.is_lost && !line.is_over {
                line.channel.handle(net.now, Input::Lost);
                continue;
            }
            if !(has_done || has_given || has_said) {
                let until = line.until.into_iter().chain(said.until).min();
                if let Some(until) = until.filter(|until| line.armed.is_none_or(|at| *until < at)) {
                    line.armed = Some(until);
                    net.at(until, Happening::Wake(number, self.side));
                }
                break;
            }
        }
        if self.lines.get(&number).is_some_and(|line| line.is_over) {
            self.lines.remove(&number);
            if self.open == Some(number) {
                self.open = None;
            }
            net.close(number, self.side);
        }
        Ok(())
    }

    /// Does what the channel says until it waits; whether that was anything.
    fn drain(&mut self, number: u64, net: &mut Net, book: &mut Book) -> Result<bool, Died> {
        let mut done = false;
        loop {
            let Some(line) = self.lines.get_mut(&number) else {
                return Ok(done);
            };
            match line.channel.poll() {
                Output::Save(record) => self.save(number, &record, net, book)?,
                Output::Send(frame) => line.carrier.send(net.now, &frame),
                Output::Tell(event) => self.told(number, event, net, book),
                Output::Close => {
                    line.carrier.close(net.now);
                    line.is_over = true;
                }
                Output::Wait(until) => {
                    line.until = until;
                    return Ok(done);
                }
            }
            done = true;
        }
    }

    fn save(
        &mut self,
        number: u64,
        record: &Resumption,
        net: &mut Net,
        book: &mut Book,
    ) -> Result<(), Died> {
        let place = self.saves;
        self.saves = place.saturating_add(1);
        let crashes = net.plan.crashes.get(self.side);
        let planned =
            crashes.and_then(|crashes| crashes.iter().find(|crash| crash.record == place));
        let how = planned.map(|crash| crash.how);
        let Some(line) = self.lines.get_mut(&number) else {
            return Ok(());
        };
        match how {
            Some(Dies::Before) => return Err(Died),
            Some(Dies::NotKept) => {
                line.channel.handle(net.now, Input::NotKept);
                return Ok(());
            }
            Some(Dies::After) | None => {}
        }
        if let Some(before) = line.offered.take() {
            book.spent(self.side, &before, record);
        }
        // What earlier connections that still open would save is older.
        let open = self.open;
        let stale = self.lines.range(..number).map(|(stale, _)| *stale);
        let stale: Vec<_> = stale.filter(|stale| open != Some(*stale)).collect();
        for stale in stale {
            self.lines.remove(&stale);
            net.close(stale, self.side);
        }
        let session = record.session();
        self.kept.records.insert(session, record.to_bytes());
        self.kept.latest = Some(session);
        match how {
            Some(_) => Err(Died),
            None => Ok(()),
        }
    }

    fn told(&mut self, number: u64, event: Event, net: &mut Net, book: &mut Book) {
        let now = net.now;
        match event {
            Event::Introduced(_) => {
                if let Some(line) = self.lines.get_mut(&number) {
                    line.channel.accept(now);
                }
            }
            Event::Resuming(session) => {
                let kept = self.record(session);
                book.asked(number, kept.is_some());
                if let Some(line) = self.lines.get_mut(&number) {
                    line.offered.clone_from(&kept);
                    line.channel.resume(now, kept);
                }
            }
            Event::Established {
                session,
                resumed,
                mode,
            } => self.established(number, (session, mode), resumed, net, book),
            Event::Delivered(up_to) => self.delivered(number, up_to, book),
            Event::Message(message) => self.message(number, &message, net, book),
            Event::Ended(end) => {
                book.ended(self.side, number, end);
                if end == End::NotResumed {
                    self.kept.latest = None;
                }
            }
            _ => {}
        }
    }

    fn established(
        &mut self,
        number: u64,
        session: (SessionId, Mode),
        resumed: bool,
        net: &mut Net,
        book: &mut Book,
    ) {
        book.established(self.side, number, session, resumed);
        let kept = &mut self.kept;
        if kept.current != Some(session.0) {
            // Numbers begin anew; what was given to another session is in doubt.
            kept.current = Some(session.0);
            let given = kept.outbox.drain(..kept.handed);
            kept.doubt.extend(given);
            (kept.handed, kept.delivered, kept.kept) = (0, 0, 0);
        }
        // What began before is of no use any more, opened or not.
        let later = self.lines.split_off(&number);
        for before in std::mem::replace(&mut self.lines, later).into_keys() {
            net.close(before, self.side);
        }
        self.open = Some(number);
        if let Some(line) = self.lines.get_mut(&number) {
            line.session = Some(session);
            line.is_ready = !(resumed && session.1 == Mode::Ours);
        }
    }

    fn delivered(&mut self, number: u64, up_to: u64, book: &mut Book) {
        let Some(line) = self.lines.get_mut(&number) else {
            return;
        };
        let kept = &mut self.kept;
        let new = up_to.checked_sub(kept.delivered);
        let new = new.and_then(|new| usize::try_from(new).ok());
        let Some(new) = new.filter(|new| *new <= kept.handed) else {
            book.wrong(format!(
                "side {} keeps its messages from {} on, {} of them were sent, and hears of {up_to}",
                self.side, kept.delivered, kept.handed
            ));
            return;
        };
        for message in kept.outbox.drain(..new) {
            book.acknowledged(self.side, message);
        }
        kept.delivered = up_to;
        kept.handed = kept.handed.saturating_sub(new);
        if line.is_ready {
            line.given = line.given.saturating_sub(new);
        } else {
            line.is_ready = true;
            line.given = 0;
        }
    }

    fn message(&mut self, number: u64, message: &Message, net: &mut Net, book: &mut Book) {
        let Some(line) = self.lines.get_mut(&number) else {
            return;
        };
        let Some(content) = book.read(&message.body) else {
            book.wrong(format!("side {} got what nobody said", self.side));
            return;
        };
        match line.session {
            Some((session, Mode::Ours)) => {
                if message.sequence <= self.kept.kept {
                    // An earlier connection brought it meanwhile.
                    line.channel.keep(net.now, self.kept.kept);
                    return;
                }
                let told = Told {
                    life: self.life,
                    session,
                    number: message.sequence,
                    message: content,
                };
                let delay = std::time::Duration::from_millis(net.rng.within((0, 50)));
                self.keeps_at = self.keeps_at.max(net.now.after(delay));
                net.at(self.keeps_at, Happening::Keep(self.side, told));
            }
            _ => self.kept.shown.push(content),
        }
    }

    /// Gives the channel what it was not given yet; whether that was anything.
    fn give(&mut self, number: u64, now: Time) -> bool {
        let mut done = false;
        let Some(line) = self.lines.get_mut(&number) else {
            return done;
        };
        if self.open != Some(number) || !line.is_ready || line.is_over {
            return done;
        }
        while let Some(message) = self.kept.outbox.get(line.given).copied() {
            if line.channel.send(now, &Book::body(message)).is_err() {
                break;
            }
            done = true;
            match line.session {
                Some((_, Mode::Ours)) => {
                    line.given = line.given.saturating_add(1);
                    self.kept.handed = self.kept.handed.max(line.given);
                }
                // Nobody will say whether it came.
                _ => drop(self.kept.outbox.pop_front()),
            }
        }
        done
    }
}

impl Line {
    /// Its time has come, if it is this one.
    pub(crate) fn woken(&mut self, now: Time) -> bool {
        let is_it = self.armed == Some(now);
        self.armed = self.armed.filter(|_| !is_it);
        is_it
    }
}
