//! Two people with files. The fuzzer is the connection between them, the disks, and a person who says
//! what the protocol does not allow: it carries, adds frames, breaks the connection, and lets programs die.
#![no_main]

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use fuzz::Script;
use libfuzzer_sys::fuzz_target;
use transfer::{Event, File, Id, Kept, Output, PROTOCOL, Transfers, Way};
use wire::encode;
use wire::v1::file_frame::Kind;
use wire::v1::{
    FileAccept, FileChunk, FileComplete, FileDecline, FileDone, FileFrame, FileList, FileOffer,
    FileWithdraw, FileWritten,
};

fuzz_target!(|bytes: &[u8]| {
    let mut script = Script::new(bytes);
    let mut pair = Pair::default();
    pair.connect(MOST);
    while pair.step(&mut script).is_some() {}
});

#[derive(Default)]
struct Pair {
    sides: [Side; 2],
    /// Whether somebody said what a program would not.
    is_forged: bool,
}

#[derive(Default)]
struct Side {
    machine: Transfers,
    out: VecDeque<Vec<u8>>,
    records: BTreeMap<(Way, Id), Vec<u8>>,
    partial: BTreeMap<Id, Vec<u8>>,
    placed: BTreeMap<Id, Vec<u8>>,
    accepted: BTreeSet<Id>,
    reads: VecDeque<(Way, Id, u64, usize)>,
    writes: VecDeque<(Id, u64, Vec<u8>)>,
}

impl Pair {
    fn step(&mut self, script: &mut Script<'_>) -> Option<()> {
        let at = usize::from(script.below(2)?);
        let side = &mut self.sides[at];
        match script.below(12)? {
            0..=2 => {
                if let Some(frame) = side.out.pop_front() {
                    self.hear(1 - at, &frame);
                }
            }
            3 | 4 => side.read(),
            5 => side.write(),
            6 => self.connect(match script.below(2)? {
                0 => MOST,
                _ => usize::from(script.byte()?) * 200,
            }),
            7 => {
                side.restart();
                self.connect(MOST);
            }
            8 => {
                let number = script.below(20)?;
                let file = File::new("a name", size(number), "");
                // Full, or known.
                let _ = side.machine.offer(id(number), file, vec![number]);
            }
            9 => {
                let id = id(script.below(20)?);
                if side.machine.accept(id, Vec::new()).is_ok() {
                    side.accepted.insert(id);
                    side.partial.insert(id, Vec::new());
                }
            }
            10 => {
                let (way, number) = (way(script)?, script.below(20)?);
                match script.below(2)? {
                    0 => side.machine.cancel(way, id(number)),
                    _ => side.machine.failed(way, id(number)),
                }
            }
            _ => {
                self.is_forged = true;
                let bytes = match script.below(2)? {
                    0 => script.short()?.to_vec(),
                    _ => frame(script)?,
                };
                self.hear(at, &bytes);
            }
        }
        self.sides.iter_mut().for_each(Side::drain);
        self.check();
        Some(())
    }

    fn connect(&mut self, most: usize) {
        for side in &mut self.sides {
            side.machine.back(most);
            side.out.clear();
        }
        self.sides.iter_mut().for_each(Side::drain);
    }

    fn hear(&mut self, at: usize, bytes: &[u8]) {
        self.sides[at].machine.handle(bytes);
        self.sides[at].drain();
    }

    fn check(&self) {
        for side in &self.sides {
            assert!(side.records.len() <= 16 + 16 + 64);
            let waiting = side.writes.iter().map(|(_, _, bytes)| bytes.len());
            assert!(waiting.sum::<usize>() <= 16 << 20);
            assert!(side.reads.len() <= 32);
            let stats = side.machine.stats();
            assert!(self.is_forged || (stats.breaches, stats.malformed) == (0, 0));
            for (id, bytes) in &side.placed {
                let number = id.as_bytes()[0];
                assert!(self.is_forged || *bytes == content(number, 0, size(number)));
            }
        }
    }
}

impl Side {
    fn drain(&mut self) {
        loop {
            match self.machine.poll() {
                Output::Save(kept) => {
                    let bytes = kept.to_bytes();
                    assert_eq!(Kept::decode(&bytes).as_ref(), Ok(&kept));
                    self.records.insert((kept.way(), kept.id()), bytes);
                }
                Output::Forget(way, id) => assert!(self.records.remove(&(way, id)).is_some()),
                Output::Send(frame) => {
                    assert!(frame.len() <= MOST);
                    self.out.push_back(frame);
                }
                Output::Read {
                    way,
                    id,
                    offset,
                    len,
                } => self.reads.push_back((way, id, offset, len)),
                Output::Write { id, offset, bytes } => {
                    assert!(self.accepted.contains(&id), "without consent");
                    self.writes.push_back((id, offset, bytes));
                }
                Output::Tell(Event::Done { way: Way::In, id }) => {
                    if let Some(bytes) = self.partial.remove(&id) {
                        assert!(self.placed.insert(id, bytes).is_none(), "twice");
                    }
                    self.machine.placed(id);
                }
                Output::Tell(_) => {}
                Output::Wait => return,
            }
        }
    }

    fn read(&mut self) {
        let Some((way, id, offset, len)) = self.reads.pop_front() else {
            return;
        };
        let bytes = match way {
            Way::Out => content(id.as_bytes()[0], offset, len as u64),
            Way::In => {
                let partial = self.partial.get(&id).map(Vec::as_slice);
                let from = usize::try_from(offset).expect("a small file");
                let rest = partial.unwrap_or_default().get(from..).unwrap_or_default();
                rest[..len.min(rest.len())].to_vec()
            }
        };
        self.machine.read(way, id, offset, &bytes);
    }

    fn write(&mut self) {
        let Some((id, offset, bytes)) = self.writes.pop_front() else {
            return;
        };
        let Some(partial) = self.partial.get_mut(&id) else {
            return;
        };
        // One that is over may have been offered again by somebody who forges.
        if partial.len() as u64 == offset {
            partial.extend(bytes);
            self.machine.written(id, partial.len() as u64);
        }
    }

    fn restart(&mut self) {
        self.machine = Transfers::default();
        self.reads.clear();
        self.writes.clear();
        for bytes in self.records.values() {
            let kept = Kept::decode(bytes).expect("what was kept");
            let there = self.partial.get(&kept.id()).map_or(0, Vec::len);
            self.machine.restore(kept, there as u64);
        }
        self.drain();
    }
}

/// One that is nearly right.
fn frame(script: &mut Script<'_>) -> Option<Vec<u8>> {
    let id = vec![script.below(20)?; 32];
    let offset = u64::from(script.byte()?) * 400;
    let kind = match script.below(9)? {
        0 => Kind::List(FileList { ids: vec![id] }),
        1 => Kind::Offer(FileOffer {
            id,
            name: "a name".into(),
            size: offset,
            media_type: String::new(),
        }),
        2 => Kind::Accept(FileAccept { id, offset }),
        3 => {
            let data = script.short()?.to_vec();
            Kind::Chunk(FileChunk { id, offset, data })
        }
        4 => Kind::Written(FileWritten { id, offset }),
        5 => Kind::Complete(FileComplete {
            id,
            hash: vec![0; 32],
        }),
        6 => Kind::Done(FileDone { id }),
        7 => Kind::Withdraw(FileWithdraw {
            id,
            reason: script.byte()?.into(),
        }),
        _ => Kind::Decline(FileDecline {
            id,
            reason: script.byte()?.into(),
        }),
    };
    let mut bytes = vec![PROTOCOL];
    bytes.extend(encode(&FileFrame { kind: Some(kind) }));
    Some(bytes)
}

fn way(script: &mut Script<'_>) -> Option<Way> {
    Some(match script.below(2)? {
        0 => Way::Out,
        _ => Way::In,
    })
}

fn id(number: u8) -> Id {
    Id::new([number; 32])
}

/// Of the file of this number.
fn size(number: u8) -> u64 {
    u64::from(number) * 9_001
}

/// Some of its bytes.
fn content(number: u8, offset: u64, len: u64) -> Vec<u8> {
    let bytes = (offset..offset + len).map(|at| (at % 251) as u8 ^ number);
    bytes.collect()
}

const MOST: usize = 61_435;
