use std::sync::Arc;

use tokio::sync::Mutex;

use super::*;

fn start() -> Disk {
    Disk::start(Arc::new(Mutex::new(())).try_lock_owned().unwrap())
}

const ID: Id = Id::new([7; 32]);

fn write(offset: u64, bytes: &[u8]) -> Job {
    let bytes = bytes.to_vec();
    Job::Write {
        id: ID,
        offset,
        bytes,
    }
}

#[tokio::test]
async fn says_what_is_durable_then_puts_it_where_it_belongs() {
    let folder = tempfile::tempdir().unwrap();
    let mut disk = start();
    disk.give(Job::Prepare {
        id: ID,
        into: folder.path().into(),
        name: "name".into(),
        size: 8,
    });
    let Done::Prepared { target, .. } = disk.next().await else {
        panic!("nothing else was to be done");
    };
    disk.give(write(0, b"four"));
    disk.give(write(4, b"more"));
    loop {
        match disk.next().await {
            Done::Written { upto: 8, .. } => break,
            Done::Written { upto: 4, .. } => {}
            other => panic!("{other:?}"),
        }
    }
    disk.give(Job::Place(ID));
    let path = target.unwrap().path;
    match disk.next().await {
        Done::Placed { path: placed, .. } => assert_eq!(placed.as_ref(), Ok(&path)),
        other => panic!("{other:?}"),
    }
    // what is at its place stays
    disk.give(Job::Over(Way::In, ID));
    disk.give(Job::Read {
        way: Way::In,
        id: ID,
        offset: 0,
        len: 8,
    });
    assert!(matches!(disk.next().await, Done::Failed { .. }));
    assert_eq!(fs::read(path).unwrap(), b"fourmore");
}

#[tokio::test]
async fn says_once_that_nothing_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let target = Target::new(folder.path().join("gone").join("name")).unwrap();
    let mut disk = start();
    disk.give(Job::Target(ID, target));
    for offset in 0..3 {
        disk.give(write(offset, b"x"));
    }
    disk.give(Job::Place(ID));
    match disk.next().await {
        Done::Failed { way, error, .. } => {
            assert_eq!((way, error), (Way::In, FileError::NoFolder));
        }
        other => panic!("{other:?}"),
    }
    match disk.next().await {
        Done::Placed { path, .. } => assert_eq!(path, Err(FileError::NoFolder)),
        other => panic!("{other:?}"),
    }
}
