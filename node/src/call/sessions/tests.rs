use std::time::Duration;

use identity::IdentityKey;
use primitives::Secret;
use tempfile::TempDir;
use vault::KeyFile;

use super::super::people::Seen;
use super::*;
use crate::{Network, Node, Setup, Unlock};

async fn sessions(only: Option<Held>) -> (Sessions, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let key = Unlock::KeyFile(KeyFile::from_secret(Secret::new([9; 32])));
    let setup = Setup::new("Owner".parse().unwrap());
    let path = folder.path().join("owner");
    let created = Node::create(&path, vec![key], setup, Network::default()).await;
    let people = created.unwrap().0.people();
    (Sessions::new(people, only), folder)
}

fn key() -> IdentityKey {
    IdentityKey::from_seeds(&Secret::new([1; 32]), None)
}

/// A session of number `n`, established so long ago.
fn session(n: char, ago: Duration) -> Resumption {
    let name = n.to_string().repeat(24);
    let ago = u64::try_from(ago.as_millis()).unwrap();
    let at = now().as_ms().saturating_sub(ago);
    let bytes = [
        &[1, 1][..],
        name.as_bytes(),
        &at.to_le_bytes(),
        &key().public().to_bytes(),
        &[7; 32],
    ];
    Resumption::decode(&bytes.concat()).unwrap()
}

async fn names(sessions: &Sessions) -> String {
    let records = sessions.people.keep.list(KeptSession::KIND).await.unwrap();
    let mut names: Vec<_> = records
        .iter()
        .map(|record| char::from(record.name[0]))
        .collect();
    names.sort_unstable();
    names.into_iter().collect()
}

#[tokio::test]
async fn a_session_lasts_a_day_and_the_oldest_goes_when_there_are_too_many() {
    let (mut sessions, _folder) = sessions(None).await;
    sessions.most = 3;
    let hours = Duration::from_hours;
    for (n, ago) in [('A', 23), ('B', 25), ('C', 2)] {
        sessions.save(session(n, hours(ago))).await.unwrap();
    }
    assert_eq!(
        names(&sessions).await,
        "AC",
        "what is over goes at the next"
    );
    assert_eq!(
        sessions.kept(session('B', hours(0)).session()).await,
        Ok(None)
    );
    sessions.save(session('D', hours(1))).await.unwrap();
    // in place of an earlier record of it
    sessions.save(session('D', hours(0))).await.unwrap();
    assert_eq!(names(&sessions).await, "ACD");
    sessions.save(session('E', hours(0))).await.unwrap();
    assert_eq!(names(&sessions).await, "CDE");
    let e = session('E', hours(0));
    sessions.forget(e.session()).await.unwrap();
    assert_eq!(names(&sessions).await, "CD");
    assert_eq!(sessions.kept(e.session()).await, Ok(None));
}

#[tokio::test]
async fn nobody_goes_on_who_is_not_known_any_more() {
    let (sessions, _folder) = sessions(None).await;
    let kept = session('A', Duration::ZERO);
    sessions.save(kept.clone()).await.unwrap();
    assert_eq!(sessions.find(kept.session()).await, None);
    let bob = "Bob".parse().unwrap();
    let key = key();
    let met = sessions
        .people
        .met(key.public().ed25519(), bob, Seen::NotCompared);
    met.await.unwrap();
    assert_eq!(sessions.find(kept.session()).await, Some(kept));
}

#[tokio::test]
async fn where_the_owner_decides_only_those_go_on_whose_call_is_held() {
    let held = Held::default();
    let (sessions, _folder) = sessions(Some(held.clone())).await;
    let kept = session('A', Duration::ZERO);
    sessions.save(kept.clone()).await.unwrap();
    assert_eq!(sessions.find(kept.session()).await, None);
    let (talk, _heard) = tokio::sync::mpsc::channel(1);
    let hold = held.hold(key().public().ed25519(), talk);
    assert_eq!(sessions.find(kept.session()).await, Some(kept.clone()));
    drop(hold);
    assert_eq!(sessions.find(kept.session()).await, None);
}
