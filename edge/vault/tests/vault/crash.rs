//! Killed at any instant, a thousand times: every acknowledged commit is there, and no half of one.

use std::{
    collections::BTreeMap,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use vault::{Batch, Key, KeyFile, Vault};

use crate::{
    tools::{LETTER, NOTE, Profile},
    twins::{Twin, say},
};

const KILLS: u32 = 1_000;
/// Kinds and names that commits touch.
const NAMES: u64 = 40;

/// What commit `revision` does: the same in the one that commits and in the one that checks.
fn changes(revision: u64) -> Vec<(u8, Vec<u8>, Option<Vec<u8>>)> {
    let mut state = revision.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = |end: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % end
    };
    let count = 1 + next(6);
    let mut changes = Vec::new();
    for _ in 0..count {
        let kind = u8::try_from(next(2)).unwrap();
        let name = next(NAMES).to_le_bytes().to_vec();
        let length =
            usize::try_from([0, 60, 900, 5_000][usize::try_from(next(4)).unwrap()]).unwrap();
        let body = (next(4) > 0).then(|| {
            let mut body = revision.to_le_bytes().to_vec();
            body.resize(8 + length, 0x6b);
            body
        });
        changes.push((kind, name, body));
    }
    changes
}

fn batch(revision: u64) -> Batch {
    let mut batch = Batch::new();
    for (kind, name, body) in changes(revision) {
        let kind = [NOTE, LETTER][usize::from(kind)];
        match body {
            Some(body) => batch.put(kind, name, body),
            None => batch.remove(kind, name),
        }
    }
    batch
}

/// The part of the twin: opens, says so, commits and acknowledges until it is killed.
pub(crate) fn commit_for_ever(path: &Path, key: &KeyFile) {
    let mut vault = Vault::open(path, &Key::KeyFile(key)).unwrap();
    say("@open ");
    for turn in 0_u64.. {
        let revision = vault.commit(&batch(vault.revision() + 1)).unwrap();
        say(&format!("@done {revision}"));
        // Now and then it closes in good order, so that a kill meets that as well.
        if turn % 16 == 15 {
            vault.close().unwrap();
            vault = Vault::open(path, &Key::KeyFile(key)).unwrap();
        }
    }
}

/// The map that a store is.
type Model = BTreeMap<(u8, Vec<u8>), Vec<u8>>;

fn read(vault: &Vault) -> Model {
    let mut model = Model::new();
    for (number, kind) in [(0, NOTE), (1, LETTER)] {
        for record in vault.list(kind).unwrap() {
            model.insert((number, record.name), record.body.to_vec());
        }
    }
    model
}

#[test]
fn a_thousand_kills_lose_no_acknowledged_commit() {
    let profile = Profile::new();
    drop(profile.create());
    let mut model = Model::new();
    // `at`: where the model is. Each kill may leave one commit that nobody heard of.
    let (mut at, mut acknowledged, mut unheard) = (1, 0_u64, 0_u64);
    let (mut heard, mut kills) = (at, 0_u64);
    // How long a commit takes here, so that kills fall anywhere in one.
    let mut pace = Duration::from_millis(2);
    for kill in 0..KILLS {
        let mut twin = Twin::start("commit", profile.around.path());
        // Some are killed while they open, the others in one of the commits after that.
        if kill % 8 != 0 {
            twin.hear("@open ").unwrap();
            for _ in 0..kill % 3 {
                let before = Instant::now();
                heard = twin.hear("@done ").unwrap().parse().unwrap();
                pace = (pace + before.elapsed()) / 2;
            }
        }
        thread::sleep(pace * (kill * 7_919 % 1_024) / 900);
        twin.child.kill().unwrap();
        twin.child.wait().unwrap();
        while let Some(revision) = twin.hear("@done ") {
            heard = revision.parse().unwrap();
        }
        kills += 1;
        // Sometimes the next one meets the log as the killed one left it.
        if kill % 4 == 2 {
            continue;
        }
        let vault = profile.open().unwrap();
        let found = vault.revision();
        assert!(
            (heard..=heard + kills).contains(&found),
            "kill {kill}: heard of {heard}, found {found}"
        );
        for (kind, name, body) in (at + 1..=found).flat_map(changes) {
            match body {
                Some(body) => model.insert((kind, name), body),
                None => model.remove(&(kind, name)),
            };
        }
        assert!(
            read(&vault) == model,
            "kill {kill}: not the records of {found}"
        );
        acknowledged += heard - at;
        unheard += found - heard;
        (at, heard, kills) = (found, found, 0);
    }
    profile.open().unwrap().check().unwrap();
    assert!(
        acknowledged >= u64::from(KILLS / 2),
        "only {acknowledged} commits"
    );
    say(&format!(
        "{KILLS} kills, {acknowledged} commits acknowledged, {unheard} more found"
    ));
}
