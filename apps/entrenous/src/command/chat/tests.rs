//! Pages of a conversation, of a profile that is there.

use std::path::PathBuf;

use node::call::{Known, Pin};
use node::{Network, Node, Setup, Unlock};
use primitives::{Secret, SigningKey};
use tempfile::TempDir;
use vault::KeyFile;

use super::files;
use super::pages::{Beside, page, search};
use super::people::{People, first_at, key_of, line_at};
use crate::chat::{self, Entry, EntryNumber, Page, PersonKey, Place, What};

struct Profile {
    node: Node,
    known: Known,
    with: PersonKey,
    people: People,
    _folder: TempDir,
}

/// A profile with one person, to whom `lines` were said.
async fn profile(lines: usize) -> Profile {
    let folder = tempfile::tempdir().unwrap();
    let key = Unlock::KeyFile(KeyFile::from_secret(Secret::new([5; 32])));
    let setup = Setup::new("Alice".parse().unwrap());
    let path = folder.path().join("profile");
    let created = Node::create(&path, vec![key], setup, Network::default()).await;
    let (node, _) = created.unwrap();
    let key = SigningKey::from_seed(&Secret::new([7; 32])).verifying_key();
    let pin: Pin = node
        .pin(key, "Bob".parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    let known = Known::Pin(Box::new(pin));
    for number in 1..=lines {
        let text = format!("line {number} of it");
        node.say(&known, text.as_bytes()).await.unwrap().unwrap();
    }
    let mut people = People::default();
    people.refresh(&node).await.unwrap();
    let with = key_of(&known);
    Profile {
        node,
        known,
        with,
        people,
        _folder: folder,
    }
}

impl Profile {
    async fn page(&self, place: Place, beside: &Beside) -> Page {
        let page = page(&self.node, self.with, &self.known, place, beside).await;
        page.unwrap()
    }

    fn note(&mut self, beside: &mut Beside) -> EntryNumber {
        let number = self.people.number(self.with).unwrap();
        let entry = Entry {
            number,
            at_ms: 1,
            from: chat::From::Them,
            what: What::Note("a note".to_owned()),
        };
        beside.add(self.with, entry);
        number
    }
}

fn numbers(page: &Page) -> Vec<EntryNumber> {
    page.entries.iter().map(|entry| entry.number).collect()
}

fn lines(from: u64, to: u64) -> Vec<EntryNumber> {
    (from..=to).map(first_at).collect()
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap() {
    let mut profile = profile(230).await;
    let mut beside = Beside::default();
    let (one, two) = (profile.note(&mut beside), profile.note(&mut beside));
    let latest = profile.page(Place::Latest, &beside).await;
    assert_eq!(numbers(&latest), [lines(131, 230), vec![one, two]].concat());
    assert_eq!((latest.is_start, latest.is_end), (false, true));

    let before = profile.page(Place::Before(first_at(131)), &beside).await;
    assert_eq!(numbers(&before), lines(31, 130));
    let first = profile.page(Place::Before(first_at(31)), &beside).await;
    assert_eq!(numbers(&first), lines(1, 30));
    assert_eq!((first.is_start, first.is_end), (true, false));

    let after = profile.page(Place::After(first_at(30)), &beside).await;
    assert_eq!(numbers(&after), lines(31, 130));
    assert!(!after.is_end);
    let last = profile.page(Place::After(first_at(225)), &beside).await;
    assert_eq!(numbers(&last), [lines(226, 230), vec![one, two]].concat());
    assert!(last.is_end);

    // from a note on: the line that it comes behind is before it
    let before = profile.page(Place::Before(two), &beside).await;
    assert_eq!(before.entries.last().unwrap().number, one);
    assert_eq!(numbers(&before).split_last().unwrap().1, lines(131, 230));
    let after = profile.page(Place::After(one), &beside).await;
    assert_eq!(numbers(&after), [two]);
}

#[tokio::test]
async fn words_are_found_backwards_whatever_their_case() {
    let profile = profile(120).await;
    let find = async |words: &str, before| {
        let (node, known) = (&profile.node, &profile.known);
        search(node, profile.with, known, words, before)
            .await
            .unwrap()
    };
    let found = find("LINE 3 OF", first_at(121)).await.unwrap();
    assert_eq!(found.place, Place::Around(first_at(3)));
    assert_eq!(numbers(&found), lines(1, 52));
    assert!(found.is_start && !found.is_end);
    assert!(find("line 3 of", first_at(3)).await.is_none());
    let last = find("line", first_at(120)).await.unwrap();
    assert_eq!(last.place, Place::Around(first_at(119)));
    assert!(last.is_end);
}

#[tokio::test]
async fn somebody_with_whom_nothing_was_said_has_an_empty_page() {
    let mut profile = profile(0).await;
    let mut beside = Beside::default();
    let latest = profile.page(Place::Latest, &beside).await;
    assert!(latest.entries.is_empty() && latest.is_start && latest.is_end);
    let note = profile.note(&mut beside);
    assert_eq!(line_at(note), (0, false));
    let latest = profile.page(Place::Latest, &beside).await;
    assert_eq!(numbers(&latest), [note]);
    profile.people.said(profile.with, 1);
    let later = profile.people.number(profile.with).unwrap();
    assert!(note < first_at(1) && first_at(1) < later && later < first_at(2));
}

#[test]
fn the_home_is_written_short() {
    let home = || Some(PathBuf::from("/home/me"));
    assert_eq!(files::path("~/a b", home()), PathBuf::from("/home/me/a b"));
    assert_eq!(files::path("~/x", None), PathBuf::from("~/x"));
    assert_eq!(files::path("./~/x", home()), PathBuf::from("./~/x"));
    assert_eq!(files::path("/x", home()), PathBuf::from("/x"));
}
