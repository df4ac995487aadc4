//! What a store costs: opening it cold by its records, a durable commit, a read, a passphrase, a backup.
//!
//! Prints one JSON line per figure; medians, in microseconds.

#![expect(clippy::print_stdout, reason = "a bench")]

use std::{
    error::Error,
    path::Path,
    time::{Duration, Instant},
};

use vault::{BackupKey, Batch, DEFAULT_COST, Key, KeyFile, Passphrase, RecordKind, Setup, Vault};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const NOTE: RecordKind = RecordKind::new(0xff00, 1, "note");
const BODY_LEN: usize = 1_500;

fn main() -> Result<()> {
    let around = tempfile::tempdir()?;
    let file = KeyFile::create(&around.path().join("key"))?;
    let key = Key::KeyFile(&file);
    for records in [0, 1_000, 10_000, 100_000_u32] {
        let path = around.path().join(records.to_string());
        let mut vault = Vault::create(&path, &Setup::new(&[key]))?;
        for first in (0..records).step_by(1_000) {
            let mut batch = Batch::new();
            for number in first..first.saturating_add(1_000) {
                batch.put(NOTE, number.to_le_bytes(), vec![7; BODY_LEN]);
            }
            vault.commit(&batch)?;
        }
        vault.close()?;
        let opening = median(21, || Ok(Vault::open(&path, &key)?))?;
        show(&format!("open, {records} records"), opening);
        if records == 10_000 {
            used(&path, &key)?;
        }
    }
    Ok(())
}

/// The figures of a store of 10,000 records.
fn used(path: &Path, key: &Key<'_>) -> Result<()> {
    let mut vault = Vault::open(path, key)?;
    let mut number = 0_u32;
    let mut next = || {
        number = number.wrapping_add(7_919) % 10_000;
        number.to_le_bytes()
    };
    for records in [1, 2, 64] {
        let commit = median(301, || {
            let mut batch = Batch::new();
            for _ in 0..records {
                batch.put(NOTE, next(), vec![8; BODY_LEN]);
            }
            Ok(vault.commit(&batch)?)
        })?;
        show(
            &format!("commit, {records} records of {BODY_LEN} bytes"),
            commit,
        );
    }
    let get = median(1_001, || Ok(vault.get(NOTE, &next())?))?;
    show(&format!("get, {BODY_LEN} bytes"), get);
    let list = median(11, || Ok(vault.list(NOTE)?))?;
    show("list, 10,000 records", list);
    let words = ["one", "other"].map(|text| Passphrase::new(text.as_bytes().to_vec().into()));
    let [one, other] = words;
    let (one, other) = (one?, other?);
    vault.add_key(&Key::Passphrase(&one), DEFAULT_COST)?;
    let start = Instant::now();
    vault.change_passphrase(&one, &other, DEFAULT_COST)?;
    show("change passphrase", start.elapsed());
    let backup = path.with_extension("backup");
    let start = Instant::now();
    vault.backup(&backup, &BackupKey::Same)?;
    show("backup, 10,000 records", start.elapsed());
    let start = Instant::now();
    let to = path.with_extension("restored");
    drop(Vault::restore(&backup, key, &to, &Setup::new(&[*key]))?);
    show("restore, 10,000 records", start.elapsed());
    Ok(())
}

fn median<T>(times: usize, mut run: impl FnMut() -> Result<T>) -> Result<Duration> {
    let mut took = Vec::new();
    for _ in 0..times {
        let start = Instant::now();
        drop(run()?);
        took.push(start.elapsed());
    }
    took.sort();
    let middle = took.get(times / 2).copied();
    Ok(middle.ok_or("nothing was run")?)
}

fn show(what: &str, took: Duration) {
    println!("{{\"what\":\"{what}\",\"us\":{}}}", took.as_micros());
}
