//! Two sides with disks, and a connection that breaks when the test wants it.

use std::collections::{BTreeMap, VecDeque};

use transfer::{Event, File, Id, Kept, Output, PROTOCOL, Stage, Transfers, Way};
use wire::v1::FileFrame;
use wire::v1::file_frame::Kind;
use wire::{decode, encode};

/// What outlives a program.
#[derive(Default)]
pub(crate) struct Disk {
    pub(crate) records: BTreeMap<(Way, Id), Vec<u8>>,
    /// Files to be sent, by their notes.
    pub(crate) files: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(crate) partial: BTreeMap<Id, Vec<u8>>,
    /// Where files belong; each as often as it was put there.
    pub(crate) placed: BTreeMap<Id, Vec<Vec<u8>>>,
}

/// Somebody's program.
pub(crate) struct Side {
    pub(crate) machine: Transfers,
    pub(crate) disk: Disk,
    pub(crate) out: VecDeque<Vec<u8>>,
    pub(crate) events: Vec<Event>,
    /// What was done, in order: `S` saved, `F` forgot, `>` sent, `R` read, `W` wrote, `T` told.
    pub(crate) trace: String,
    /// Whether offers are accepted at once.
    pub(crate) is_eager: bool,
    /// Whether reads and writes are done at once.
    pub(crate) is_quick: bool,
    /// Bytes that are not durable yet, and reads that were not done yet.
    pub(crate) writes: VecDeque<(Id, u64, Vec<u8>)>,
    pub(crate) reads: VecDeque<(Way, Id, u64, usize)>,
    /// After so many outputs it dies.
    pub(crate) lives: Option<usize>,
}

impl Side {
    fn new() -> Self {
        Self {
            machine: Transfers::default(),
            disk: Disk::default(),
            out: VecDeque::new(),
            events: Vec::new(),
            trace: String::new(),
            is_eager: true,
            is_quick: true,
            writes: VecDeque::new(),
            reads: VecDeque::new(),
            lives: None,
        }
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.lives == Some(0)
    }

    /// Does all that the machine asks for.
    pub(crate) fn drain(&mut self) {
        loop {
            let output = self.machine.poll();
            if output == Output::Wait || self.is_dead() {
                return;
            }
            if let Some(lives) = &mut self.lives {
                *lives -= 1;
                if *lives == 0 {
                    return;
                }
            }
            self.obey(output);
        }
    }

    fn obey(&mut self, output: Output) {
        match output {
            Output::Save(kept) => {
                self.trace.push('S');
                let bytes = kept.to_bytes();
                assert!(bytes.len() <= 4700);
                assert_eq!(Kept::decode(&bytes).as_ref(), Ok(&kept));
                self.disk.records.insert((kept.way(), kept.id()), bytes);
            }
            Output::Forget(way, id) => {
                self.trace.push('F');
                assert!(self.disk.records.remove(&(way, id)).is_some());
            }
            Output::Send(frame) => {
                self.trace.push('>');
                assert_eq!(frame[0], PROTOCOL);
                self.out.push_back(frame);
            }
            Output::Read {
                way,
                id,
                offset,
                len,
            } => {
                self.trace.push('R');
                assert!((1..=65_536).contains(&len));
                self.reads.push_back((way, id, offset, len));
                self.quick();
            }
            Output::Write { id, offset, bytes } => {
                self.trace.push('W');
                self.writes.push_back((id, offset, bytes));
                self.quick();
            }
            Output::Tell(event) => {
                self.trace.push('T');
                self.told(&event);
                self.events.push(event);
            }
            Output::Wait => {}
        }
    }

    fn told(&mut self, event: &Event) {
        match event {
            Event::Offered { id, .. } if self.is_eager => self.accept(*id),
            Event::Done { way: Way::In, id } => {
                // If it is not there any more, it was put where it belongs before.
                if let Some(file) = self.disk.partial.remove(id) {
                    self.disk.placed.entry(*id).or_default().push(file);
                }
                self.machine.placed(*id);
            }
            Event::Failed {
                way: Way::In, id, ..
            } => drop(self.disk.partial.remove(id)),
            _ => {}
        }
    }

    pub(crate) fn accept(&mut self, id: Id) {
        self.disk.partial.insert(id, Vec::new());
        self.machine.accept(id, b"partial".to_vec()).unwrap();
    }

    fn quick(&mut self) {
        if self.is_quick {
            while self.read() || self.write() {}
        }
    }

    /// Does one read.
    pub(crate) fn read(&mut self) -> bool {
        let Some((way, id, offset, len)) = self.reads.pop_front() else {
            return false;
        };
        let from = usize::try_from(offset).unwrap();
        let file = match way {
            Way::Out => {
                let note = self.disk.records.get(&(way, id));
                let note = note.map(|bytes| Kept::decode(bytes).unwrap().note().to_vec());
                note.and_then(|note| self.disk.files.get(&note))
            }
            Way::In => self.disk.partial.get(&id),
        };
        let Some(file) = file else {
            self.machine.failed(way, id);
            return true;
        };
        let rest = file.get(from..).unwrap_or_default();
        let piece = &rest[..len.min(rest.len())];
        self.machine.read(way, id, offset, piece);
        true
    }

    /// Makes one write durable.
    pub(crate) fn write(&mut self) -> bool {
        let Some((id, offset, bytes)) = self.writes.pop_front() else {
            return false;
        };
        // Gone if the transfer has ended.
        if let Some(partial) = self.disk.partial.get_mut(&id) {
            let at = usize::try_from(offset).unwrap();
            assert_eq!(at, partial.len(), "a gap or an overlap");
            partial.extend(&bytes);
            let upto = u64::try_from(partial.len()).unwrap();
            self.machine.written(id, upto);
        }
        true
    }

    /// Another program on the same disk.
    pub(crate) fn restart(&mut self) {
        self.machine = Transfers::default();
        self.out.clear();
        self.writes.clear();
        self.reads.clear();
        self.lives = None;
        for bytes in self.disk.records.values() {
            let kept = Kept::decode(bytes).unwrap();
            let there = self.disk.partial.get(&kept.id()).map_or(0, Vec::len);
            let there = u64::try_from(there).unwrap();
            self.machine.restore(kept, there);
        }
        self.drain();
    }

    /// Offers a file, unless that was done.
    pub(crate) fn offer(&mut self, number: u8, bytes: &[u8]) -> Id {
        let id = id(number);
        self.disk.files.insert(vec![number], bytes.to_vec());
        let file = File::new(&format!("file {number}"), bytes.len() as u64, "text/plain");
        self.machine.offer(id, file, vec![number]).unwrap();
        self.drain();
        id
    }

    /// Whether a file was put where it belongs, once, and as it was.
    pub(crate) fn has(&self, id: Id, bytes: &[u8]) -> bool {
        self.disk
            .placed
            .get(&id)
            .is_some_and(|placed| placed == &[bytes])
    }

    pub(crate) fn stage(&self, way: Way, id: Id) -> Option<Stage> {
        let bytes = self.disk.records.get(&(way, id))?;
        Some(Kept::decode(bytes).unwrap().stage())
    }
}

pub(crate) struct World {
    pub(crate) sides: [Side; 2],
    /// Bytes that an aside may have.
    pub(crate) most: usize,
    pub(crate) is_connected: bool,
    /// Frames that were carried, and from whom.
    pub(crate) carried: Vec<(usize, Vec<u8>)>,
}

impl World {
    /// Two who talk.
    pub(crate) fn new() -> Self {
        let mut world = Self::apart();
        world.connect();
        world
    }

    /// Two who do not talk yet.
    pub(crate) fn apart() -> Self {
        Self {
            sides: [Side::new(), Side::new()],
            most: 30_000,
            is_connected: false,
            carried: Vec::new(),
        }
    }

    pub(crate) fn connect(&mut self) {
        self.is_connected = true;
        for side in &mut self.sides {
            side.machine.back(self.most);
            side.drain();
        }
    }

    pub(crate) fn part(&mut self) {
        self.is_connected = false;
        for side in &mut self.sides {
            side.machine.lost();
            side.out.clear();
            side.drain();
        }
    }

    /// Carries the next frame of one side.
    pub(crate) fn carry(&mut self, from: usize) -> bool {
        let Some(frame) = self.sides[from].out.pop_front() else {
            return false;
        };
        assert!(frame.len() <= self.most, "{} bytes", frame.len());
        self.give(1 - from, &frame);
        self.carried.push((from, frame));
        true
    }

    pub(crate) fn give(&mut self, to: usize, frame: &[u8]) {
        self.sides[to].machine.handle(frame);
        self.sides[to].drain();
    }

    pub(crate) fn say(&mut self, to: usize, kind: Kind) {
        self.give(to, &frame(kind));
    }

    /// Does all that is to be done, until nobody says more or somebody dies.
    pub(crate) fn settle(&mut self) {
        while !self.sides.iter().any(Side::is_dead) {
            let mut is_busy = false;
            for at in 0..2 {
                is_busy |= self.carry(at);
                let side = &mut self.sides[at];
                is_busy |= side.read() | side.write();
                side.drain();
            }
            if !is_busy {
                return;
            }
        }
    }
}

pub(crate) fn frame(kind: Kind) -> Vec<u8> {
    let frame = encode(&FileFrame { kind: Some(kind) });
    [&[PROTOCOL][..], &frame].concat()
}

pub(crate) fn kind(frame: &[u8]) -> Kind {
    let frame: FileFrame = decode(&frame[1..], 61_435).unwrap();
    frame.kind.unwrap()
}

pub(crate) fn id(number: u8) -> Id {
    Id::new([number; 32])
}

/// Bytes that are not the same anywhere.
pub(crate) fn bytes(length: usize) -> Vec<u8> {
    let mut number = 7_u32;
    let next = |_| {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        number.to_be_bytes()[0]
    };
    (0..length).map(next).collect()
}
