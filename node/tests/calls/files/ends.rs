//! Files that do not come.

use std::fs;

use node::call::{By, Reason};

use super::side::{Folder, Two};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_of_what_is_declined() {
    let (mut two, mut here, mut there) = Two::talking().await;
    let ours = Folder::new();
    let sent = here.offer(&ours.file("file", b"text")).await;
    let (id, ..) = there.offered().await;
    there.talk.speaker().cancel_file(id).await;
    here.declined(sent).await;

    // withdrawn before anybody decided
    let sent = here.offer(&ours.path("file")).await;
    let (id, ..) = there.offered().await;
    here.talk.speaker().cancel_file(sent).await;
    assert_eq!(there.failed(id).await, (By::Them, Reason::Unwanted));

    // neither is offered in the next call
    drop((here, there));
    let (here, mut there) = two.meet().await;
    here.offer(&ours.file("another", b"text")).await;
    assert_eq!(there.offered().await.1, "another");
}

#[tokio::test(flavor = "multi_thread")]
async fn either_side_ends_it_in_the_middle() {
    let (_two, mut here, mut there) = Two::talking().await;
    let (ours, theirs) = (Folder::new(), Folder::new());
    // it takes far longer to send than to say one word
    let path = ours.zeros("file", 1_000_000_000);
    for ender in [By::Us, By::Them] {
        let sent = here.offer(&path).await;
        let (id, ..) = there.offered().await;
        there.accept(id, &theirs.path("")).await;
        here.progress(sent, 1).await;
        match ender {
            By::Us => {
                here.talk.speaker().cancel_file(sent).await;
                assert_eq!(there.failed(id).await, (By::Them, Reason::Unwanted));
            }
            By::Them => {
                there.talk.speaker().cancel_file(id).await;
                assert_eq!(here.failed(sent).await, (By::Them, Reason::Unwanted));
            }
        }
        theirs.emptied().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_the_one_that_was_offered_is_not_sent() {
    let (_two, mut here, mut there) = Two::talking().await;
    let (ours, theirs) = (Folder::new(), Folder::new());
    for other in [&b"shorter"[..], b"this is longer than before"] {
        let sent = here.offer(&ours.file("file", b"this is the file")).await;
        let (id, ..) = there.offered().await;
        fs::write(ours.path("file"), other).unwrap();
        there.accept(id, &theirs.path("")).await;
        let (one, other) = tokio::join!(here.failed(sent), there.failed(id));
        assert_eq!(one, (By::Us, Reason::Changed));
        assert_eq!(other, (By::Them, Reason::Changed));
        theirs.emptied().await;
    }

    // one that is gone
    let sent = here.offer(&ours.path("file")).await;
    let (id, ..) = there.offered().await;
    fs::remove_file(ours.path("file")).unwrap();
    there.accept(id, &theirs.path("")).await;
    let (one, other) = tokio::join!(here.failed(sent), there.failed(id));
    assert_eq!(one, (By::Us, Reason::Disk));
    assert_eq!(other, (By::Them, Reason::Disk));
    theirs.emptied().await;
}
