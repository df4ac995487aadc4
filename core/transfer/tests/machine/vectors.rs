//! Every case of `vectors/channel/files.json`, which a second implementation made.

use primitives::sha256;
use serde::Deserialize;
use transfer::{File, Id, Kept, Stage, Transfers, Way};

use crate::world::{World, frame, kind};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vectors {
    source: String,
    #[serde(rename = "README")]
    _readme: String,
    good: Vec<Case>,
    bad: Vec<Case>,
    records: Vec<Record>,
    names: Vec<[String; 2]>,
    conversations: Vec<Conversation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    hex: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    name: String,
    hex: String,
    stage: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Conversation {
    name: String,
    length: usize,
    most: usize,
    frames: Vec<Frame>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Frame {
    by: By,
    head: String,
    length: usize,
    sha256: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum By {
    Side(usize),
    What(String),
}

fn vectors() -> Vectors {
    let text = include_str!("../../../../vectors/channel/files.json");
    let vectors: Vectors = serde_json::from_str(text).unwrap();
    let counts = [
        vectors.good.len(),
        vectors.bad.len(),
        vectors.records.len(),
        vectors.names.len(),
        vectors.conversations.len(),
    ];
    let source = &vectors.source;
    assert_eq!(
        counts,
        [16, 15, 5, 53, 6],
        "a case went missing from {source}"
    );
    vectors
}

fn malformed(bytes: &[u8]) -> u64 {
    let mut machine = Transfers::default();
    machine.back(61_435);
    machine.handle(bytes);
    machine.stats().malformed
}

#[test]
fn frames_are_read_and_written_as_they_are() {
    for case in vectors().good {
        let bytes = hex::decode(&case.hex).unwrap();
        assert_eq!(malformed(&bytes), 0, "{}", case.name);
        let again = frame(kind(&bytes));
        // What only a later program says is not said again.
        let is_later = case.name.contains("a field of later");
        assert_eq!(again == bytes, !is_later, "{}", case.name);
    }
}

#[test]
fn what_is_no_frame_is_not_read() {
    for case in vectors().bad {
        let bytes = hex::decode(&case.hex).unwrap();
        assert_eq!(malformed(&bytes), 1, "{}", case.name);
    }
}

#[test]
fn records_are_read_and_written_as_they_are() {
    for case in vectors().records {
        let bytes = hex::decode(&case.hex).unwrap();
        let kept = Kept::decode(&bytes).unwrap();
        let stage = match kept.stage() {
            Stage::Offered => "offered",
            Stage::Accepted => "accepted",
            Stage::Whole => "whole",
            Stage::Over => "over",
            _ => "another",
        };
        assert_eq!(stage, case.stage, "{}", case.name);
        assert_eq!(kept.file().is_none(), stage == "over", "{}", case.name);
        assert_eq!(hex::encode(kept.to_bytes()), case.hex, "{}", case.name);
        for cut in 0..bytes.len() {
            // Cut at the end of a field it may be a record of something else.
            let _ = Kept::decode(&bytes[..cut]);
        }
    }
    let unknown = [&[0x0a, 32][..], &[1; 32], &[0x10, 5]].concat();
    for bytes in [&unknown[..], &unknown[..34], b"", b"x"] {
        Kept::decode(bytes).unwrap_err();
    }
}

#[test]
fn names_are_made_safe() {
    for [said, made] in vectors().names {
        assert_eq!(File::new(&said, 0, "").name(), made, "{said:?}");
    }
}

#[test]
fn conversations_go_as_they_are_written_down() {
    for case in vectors().conversations {
        let restart = case
            .frames
            .iter()
            .position(|one| matches!(one.by, By::What(_)));
        let frames = case.frames.iter().filter_map(|one| match &one.by {
            By::Side(side) => Some((*side, one)),
            By::What(what) => {
                assert_eq!(what, "both start again");
                None
            }
        });
        let carried = conversation(&case, restart);
        assert_eq!(carried.len(), frames.clone().count(), "{}", case.name);
        for ((by, frame), (expected_by, expected)) in carried.iter().zip(frames) {
            let head = &frame[..frame.len().min(96)];
            assert_eq!(*by, expected_by, "{}", case.name);
            assert_eq!(hex::encode(head), expected.head, "{}", case.name);
            assert_eq!(frame.len(), expected.length, "{}", case.name);
            assert_eq!(
                hex::encode(sha256(&[frame])),
                expected.sha256,
                "{}",
                case.name
            );
        }
    }
}

/// What is said over one file; both start again after so many frames.
fn conversation(case: &Conversation, restart: Option<usize>) -> Vec<(usize, Vec<u8>)> {
    let mut world = World::apart();
    world.most = case.most;
    let id = Id::new(std::array::from_fn(|at| u8::try_from(at).unwrap()));
    let data = data(case.length);
    let [sender, _] = &mut world.sides;
    // one chunk at a time
    sender.is_quick = false;
    sender.disk.files.insert(b"it".to_vec(), data.clone());
    let file = File::new("a file.bin", data.len() as u64, "application/octet-stream");
    sender.machine.offer(id, file, b"it".to_vec()).unwrap();
    sender.drain();
    world.connect();
    let mut has_restarted = restart.is_none();
    loop {
        while world.carry(0) {}
        while world.carry(1) {}
        if !has_restarted && restart == Some(world.carried.len()) {
            has_restarted = true;
            world.part();
            world.sides.iter_mut().for_each(crate::world::Side::restart);
            world.connect();
            continue;
        }
        let [sender, _] = &mut world.sides;
        let is_busy = sender.read() || !sender.out.is_empty();
        sender.drain();
        if !is_busy {
            break;
        }
    }
    assert!(world.sides[1].has(id, &data), "{}", case.name);
    assert_eq!(world.sides[0].stage(Way::Out, id), None);
    world.carried
}

/// SHA-256 of 0, 32, 64.., one after the other.
fn data(length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < length {
        let at = u64::try_from(bytes.len()).unwrap();
        bytes.extend(sha256(&[&at.to_le_bytes()]));
    }
    bytes.truncate(length);
    bytes
}
