//! Files that are sent in calls.

mod ends;
mod going_on;
mod side;

use std::fs;

use node::call::{Admit, Ending, FileError, FileEvent, Mode, Seen, Target, Told, Way};

use crate::people::{Person, address, established, incoming, introduced, link, message, say};
use side::{Folder, Two, bytes};

#[tokio::test(flavor = "multi_thread")]
async fn files_go_both_ways_at_once_with_messages_between() {
    let (_two, mut here, mut there) = Two::talking().await;
    let (ours, theirs) = (Folder::new(), Folder::new());
    let (one, other) = (bytes(5_000_001, 1), bytes(3_000_000, 2));
    let sent = here.offer(&ours.file("one.bin", &one)).await;
    let brought = there.offer(&theirs.file("other.bin", &other)).await;
    assert_eq!((sent.way(), brought.way()), (Way::Out, Way::Out));
    let (first, second) = tokio::join!(there.offered(), here.offered());
    assert_eq!((first.1.as_str(), first.2), ("one.bin", 5_000_001));
    assert_eq!((second.1.as_str(), second.2), ("other.bin", 3_000_000));
    assert_eq!(first.0.to_string(), sent.to_string());
    // in a folder, and at a whole path
    let path = ours.path("from Alice");
    there.accept(first.0, &theirs.path("")).await;
    here.accept(second.0, &path).await;
    for number in 0..20 {
        let text = format!("number {number}");
        say(&here.talk, &text).await;
        say(&there.talk, &text).await;
        let (one, other) = tokio::join!(there.message(), here.message());
        assert_eq!((one, other), (text.clone(), text));
    }
    let (sent_to, came) = tokio::join!(
        async { (here.done(sent).await, here.done(second.0).await) },
        async { (there.done(first.0).await, there.done(brought).await) },
    );
    assert_eq!(sent_to, (ours.path("one.bin"), path.clone()));
    assert_eq!(came, (theirs.path("one.bin"), theirs.path("other.bin")));
    assert!(fs::read(theirs.path("one.bin")).unwrap() == one);
    assert!(fs::read(path).unwrap() == other);
    assert_eq!(ours.names(), ["from Alice", "one.bin"]);
    assert_eq!(theirs.names(), ["one.bin", "other.bin"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_lead_nowhere_else_and_over_nothing() {
    let (_two, mut here, mut there) = Two::talking().await;
    let (ours, theirs) = (Folder::new(), Folder::new());
    fs::create_dir(theirs.path("in")).unwrap();
    for (name, clean, put) in [
        ("name.txt", "name.txt", "name.txt"),
        ("name.txt", "name.txt", "name (2).txt"),
        ("..\\..\\na\u{202e}me.txt", "name.txt", "name (3).txt"),
        (".bashrc", "_bashrc", "_bashrc"),
        ("CON.txt", "_CON.txt", "_CON.txt"),
    ] {
        let sent = here.offer(&ours.file(name, put.as_bytes())).await;
        let (id, offered, _) = there.offered().await;
        assert_eq!(offered, clean);
        there.accept(id, &theirs.path("in")).await;
        let (_, path) = tokio::join!(here.done(sent), there.done(id));
        assert_eq!(path, theirs.path("in").join(put));
        assert_eq!(fs::read_to_string(path).unwrap(), put);
    }
    assert_eq!(theirs.names(), ["in"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn says_what_is_wrong_with_a_file_or_a_place() {
    let (_two, here, mut there) = Two::talking().await;
    let (ours, theirs) = (Folder::new(), Folder::new());
    let speaker = here.talk.speaker().clone();
    let offer = |name: &str| speaker.offer_file(ours.path(name));
    assert_eq!(offer("nothing").await, Err(FileError::NoFile));
    assert_eq!(offer("").await, Err(FileError::Folder));
    ours.file("file", b"");
    let mut sent = Vec::new();
    for number in 0..16 {
        sent.push(here.offer(&ours.file(&number.to_string(), b"")).await);
    }
    assert_eq!(offer("0").await, Ok(sent[0]), "it is offered already");
    assert_eq!(offer("file").await, Err(FileError::TooMany));
    let (id, ..) = there.offered().await;
    let accept = |into| there.talk.speaker().accept_file(id, into);
    assert_eq!(
        accept(theirs.path("no/")).await,
        Err(FileError::NoFolder),
        "there is no such folder"
    );
    // then it is offered still
    assert_eq!(accept(theirs.path("")).await, Ok(()));
    assert_eq!(accept(theirs.path("")).await, Err(FileError::NotOffered));
    there.done(id).await;
    // of a file that is sent there is nothing to accept
    let own = here.talk.speaker().accept_file(sent[1], ours.path(""));
    assert_eq!(own.await, Err(FileError::NotOffered));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_program_takes_no_files_and_nobody_does_before_there_is_a_session() {
    let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
    let mut calls = alice.listen(Admit::Known).await;
    let mut target = Target::new(link(address(&calls)));
    target.mode = Mode::Kamune;
    let mut here = bob.node.call(target).await.unwrap();
    let mut there = incoming(&mut calls).await;
    let ours = Folder::new();
    let file = ours.file("file", b"text");
    let offered = here.speaker().offer_file(file.clone()).await;
    assert_eq!(offered, Err(FileError::TooEarly));
    introduced(&mut there).await;
    there.accept(Seen::NotCompared).await;
    introduced(&mut here).await;
    here.accept(Seen::NotCompared).await;
    tokio::join!(established(&mut here), established(&mut there));
    for talk in [&here, &there] {
        let offered = talk.speaker().offer_file(file.clone()).await;
        assert_eq!(offered, Err(FileError::NotOurs));
    }
    say(&here, "then not").await;
    assert_eq!(message(&mut there).await, "then not");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_finishes_waits_for_what_is_wanted_and_for_nothing_else() {
    let (mut two, mut here, mut there) = Two::talking().await;
    let (ours, theirs) = (Folder::new(), Folder::new());
    let text = bytes(4_000_000, 3);
    let wanted = here.offer(&ours.file("wanted", &text)).await;
    let (id, ..) = there.offered().await;
    here.offer(&ours.file("unsure", b"?")).await;
    there.offered().await;
    there.accept(id, &theirs.path("")).await;
    here.accepted(wanted).await;
    here.talk.speaker().finish().await;
    let (_, path) = tokio::join!(here.done(wanted), there.done(id));
    assert!(fs::read(path).unwrap() == text);
    let (one, other) = tokio::join!(here.ended(), there.ended());
    assert_eq!(one, Ending::from(channel::End::Left));
    assert_eq!(other, Ending::from(channel::End::Closed));

    // and is offered again
    let (mut here, mut there) = two.meet().await;
    let (id, name, size) = there.offered().await;
    assert_eq!((name.as_str(), size), ("unsure", 1));
    there.accept(id, &theirs.path("")).await;
    there.done(id).await;
    let file = here.until(|told| match told {
        Told::File(told) if matches!(told.what, FileEvent::Done { .. }) => Some(told.file.clone()),
        _ => None,
    });
    assert_eq!(file.await, Some(("unsure".to_owned(), 1)));
    assert_eq!(theirs.names(), ["unsure", "wanted"]);
}
