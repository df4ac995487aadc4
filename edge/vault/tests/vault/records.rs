use std::collections::BTreeMap;

use primitives::Zeroizing;
use proptest::{collection, prelude::*};
use vault::{
    Batch, CommitError, Expect, MAX_BODY_LEN, MAX_CHANGES, MAX_NAME_LEN, ReadError, RecordKind,
};

use crate::tools::{LETTER, NOTE, Profile, body, put};

#[test]
fn a_committed_record_is_there_after_reopening() {
    let profile = Profile::new();
    let mut vault = profile.create();
    assert_eq!((vault.revision(), vault.records()), (1, 0));
    assert_eq!(put(&mut vault, NOTE, "a", b"first"), 2);
    assert_eq!(put(&mut vault, NOTE, "a", b"second"), 3);
    assert_eq!(put(&mut vault, LETTER, "a", b""), 4);
    vault.close().unwrap();

    let vault = profile.open().unwrap();
    assert_eq!((vault.revision(), vault.records()), (4, 2));
    assert_eq!(body(&vault, NOTE, "a").unwrap(), b"second");
    assert_eq!(body(&vault, LETTER, "a").unwrap(), b"");
    assert_eq!(body(&vault, NOTE, "b"), None);
    assert_eq!(vault.restored(), None);
    vault.check().unwrap();
}

#[test]
fn a_store_can_be_given_to_another_thread() {
    let profile = Profile::new();
    let mut vault = profile.create();
    let vault = std::thread::spawn(move || {
        put(&mut vault, NOTE, "a", b"x");
        vault
    });
    assert_eq!(body(&vault.join().unwrap(), NOTE, "a").unwrap(), b"x");
}

#[test]
fn a_kind_lists_its_own_records_only() {
    let profile = Profile::new();
    let mut vault = profile.create();
    put(&mut vault, LETTER, "x", b"1");
    for name in ["", "one", "two"] {
        put(&mut vault, NOTE, name, name.as_bytes());
    }
    let mut names: Vec<_> = vault.list(NOTE).unwrap();
    names.sort_by(|a, b| a.name.cmp(&b.name));
    let names: Vec<_> = names.iter().map(|record| &record.name[..]).collect();
    assert_eq!(names, [&b""[..], b"one", b"two"]);
    assert_eq!(vault.count(NOTE).unwrap(), 3);
    assert_eq!(vault.count(RecordKind::new(0xff02, 1, "other")).unwrap(), 0);
}

#[test]
fn the_caller_can_stop_a_listing() {
    let profile = Profile::new();
    let mut vault = profile.create();
    put(&mut vault, NOTE, "one", b"");
    put(&mut vault, NOTE, "two", b"");
    let mut seen = 0;
    let stopped = vault.each(NOTE, |_| {
        seen += 1;
        Err(ReadError::TooOld {
            title: "stop",
            version: 0,
        })
    });
    assert!(stopped.is_err());
    assert_eq!(seen, 1);
}

#[test]
fn a_batch_happens_only_as_a_whole() {
    let profile = Profile::new();
    let mut vault = profile.create();
    let revision = put(&mut vault, NOTE, "kept", b"old");
    let mut batch = Batch::new();
    batch.put(NOTE, "kept", "new");
    batch.put(NOTE, "more", "new");
    batch.remove(NOTE, "never was");
    batch.expect(NOTE, "more", Expect::Absent);
    batch.expect(NOTE, "kept", Expect::Revision(revision + 1));
    let found = Some(revision);
    assert_eq!(
        vault.commit(&batch),
        Err(CommitError::Changed {
            title: "note",
            found
        })
    );
    assert_eq!(body(&vault, NOTE, "kept").unwrap(), b"old");
    assert_eq!(body(&vault, NOTE, "more"), None);
    assert_eq!(vault.revision(), revision);

    let mut batch = Batch::new();
    batch.expect(NOTE, "kept", Expect::Revision(revision));
    assert_eq!(vault.commit(&batch), Ok(revision), "nothing to write");
    batch.remove(NOTE, "kept");
    batch.put(NOTE, "more", "1");
    batch.put(NOTE, "more", "2");
    assert_eq!(vault.commit(&batch), Ok(revision + 1));
    assert_eq!(vault.records(), 1);
    assert_eq!(body(&vault, NOTE, "more").unwrap(), b"2");
    drop(vault);
    profile.open().unwrap().check().unwrap();
}

#[test]
fn each_limit_is_the_last_that_passes() {
    let profile = Profile::new();
    let mut vault = profile.create();
    let long = "n".repeat(MAX_NAME_LEN);
    put(&mut vault, NOTE, &long, b"x");
    assert_eq!(body(&vault, NOTE, &long).unwrap(), b"x");
    put(&mut vault, NOTE, "big", &vec![7; MAX_BODY_LEN]);
    assert_eq!(body(&vault, NOTE, "big").unwrap().len(), MAX_BODY_LEN);

    let mut many = Batch::new();
    for number in 0..MAX_CHANGES {
        many.put(LETTER, number.to_le_bytes(), "");
    }
    vault.commit(&many).unwrap();
    let before = vault.revision();
    many.put(LETTER, "one more", "");
    let mut refused = vec![many];
    refused.push(Batch::new());
    refused[1].put(NOTE, format!("{long}n"), "");
    refused.push(Batch::new());
    refused[2].put(NOTE, "big", vec![7; MAX_BODY_LEN + 1]);
    refused.push(Batch::new());
    for number in 0..5 {
        refused[3].put(NOTE, [number], vec![0; MAX_BODY_LEN]);
    }
    for batch in &refused {
        let error = vault.commit(batch).unwrap_err();
        assert!(matches!(error, CommitError::TooLarge { .. }), "{error}");
    }
    assert_eq!(vault.revision(), before);
}

#[test]
fn an_older_record_is_brought_forward_and_a_newer_one_refused() {
    const FIRST: RecordKind = RecordKind::new(0xff03, 1, "card");
    const SECOND: RecordKind = RecordKind::new(0xff03, 2, "card");
    let profile = Profile::new();
    let mut vault = profile.create();
    put(&mut vault, FIRST, "me", b"name");
    let upgrading = SECOND.upgraded_by(|version, body| {
        let mut new = Zeroizing::new(body.to_vec());
        new.extend_from_slice(b", more");
        (version == 1).then_some(new)
    });
    assert_eq!(body(&vault, upgrading, "me").unwrap(), b"name, more");
    assert_eq!(body(&vault, FIRST, "me").unwrap(), b"name", "not rewritten");
    let error = vault.get(SECOND, b"me").unwrap_err();
    assert!(matches!(error, ReadError::TooOld { version: 1, .. }));

    put(&mut vault, upgrading, "me", b"name, less");
    let error = vault.get(FIRST, b"me").unwrap_err();
    assert_eq!(
        error.to_string(),
        "a card has version 2, this program knows 1: use a newer version"
    );
    assert_eq!(body(&vault, upgrading, "me").unwrap(), b"name, less");
}

/// What a person may do with a store.
#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<(u8, Option<Vec<u8>>)>),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let body = prop::option::of(collection::vec(any::<u8>(), 0..200));
    prop_oneof![
        8 => collection::vec((0_u8..12, body), 1..6).prop_map(Step::Commit),
        1 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_store_is_a_map(steps in collection::vec(step(), 1..25)) {
        let profile = Profile::new();
        let mut vault = profile.create();
        let mut model = BTreeMap::new();
        for step in steps {
            match step {
                Step::Reopen => {
                    drop(vault);
                    vault = profile.open().unwrap();
                }
                Step::Commit(changes) => {
                    let mut batch = Batch::new();
                    let revision = vault.revision() + 1;
                    for (name, body) in changes {
                        // Two kinds share the names.
                        let kind = if name % 2 == 0 { NOTE } else { LETTER };
                        match body {
                            Some(body) => {
                                batch.put(kind, [name / 2], body.clone());
                                model.insert((name % 2, vec![name / 2]), (revision, body));
                            }
                            None => {
                                batch.remove(kind, [name / 2]);
                                model.remove(&(name % 2, vec![name / 2]));
                            }
                        }
                    }
                    prop_assert_eq!(vault.commit(&batch), Ok(revision));
                }
            }
            let mut seen = BTreeMap::new();
            for (number, kind) in [NOTE, LETTER].into_iter().enumerate() {
                for record in vault.list(kind).unwrap() {
                    let name = (u8::try_from(number).unwrap(), record.name.clone());
                    seen.insert(name, (record.revision, record.body.to_vec()));
                }
            }
            prop_assert_eq!(&seen, &model);
            prop_assert_eq!(usize::try_from(vault.records()).unwrap(), model.len());
        }
    }
}
