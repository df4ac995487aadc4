//! `fuzz/Cargo.lock`: the versions of the programs' dependencies, and what the fuzzer needs besides.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use anyhow::{Context, Result, ensure};

use crate::steps::{self, cargo};

/// Takes the versions of the programs over, and adds what is missing.
///
/// # Errors
///
/// Cargo cannot find a set of versions, or a file cannot be written.
pub(crate) fn renew() -> Result<()> {
    fs::copy(
        steps::root().join("Cargo.lock"),
        super::folder().join("Cargo.lock"),
    )?;
    steps::read(&mut metadata())?;
    check()
}

/// Compares the two lock files.
///
/// # Errors
///
/// What is fuzzed would have other dependencies than the programs, or the lock file is incomplete.
pub(crate) fn check() -> Result<()> {
    let [programs, fuzzed] = [steps::root(), super::folder()].map(|folder| {
        let lock = fs::read_to_string(folder.join("Cargo.lock"));
        lock.map(|text| versions(&text))
            .context("a lock file is missing")
    });
    let other = differences(&programs?, &fuzzed?);
    ensure!(
        other.is_empty(),
        "not the versions of the programs: {}; {REMEDY}",
        other.join(", ")
    );
    steps::read(metadata().arg("--locked")).context(REMEDY)?;
    Ok(())
}

/// Reads all dependencies, and completes the lock file if it may.
fn metadata() -> std::process::Command {
    let mut metadata = cargo();
    metadata.args(["metadata", "--format-version", "1", "--manifest-path"]);
    metadata.arg(super::folder().join("Cargo.toml"));
    metadata
}

/// The versions of each package.
type Versions = BTreeMap<String, BTreeSet<String>>;

fn versions(lock: &str) -> Versions {
    let mut versions = Versions::new();
    let mut name = "";
    for line in lock.lines() {
        let Some((key, value)) = line.split_once(" = ") else {
            continue;
        };
        let value = value.trim_matches('"');
        match key {
            "name" => name = value,
            "version" if !name.is_empty() => {
                versions
                    .entry(name.to_owned())
                    .or_default()
                    .insert(value.to_owned());
            }
            _ => {}
        }
    }
    versions
}

/// What both have, in another version.
fn differences(programs: &Versions, fuzzed: &Versions) -> Vec<String> {
    let other = fuzzed.iter().flat_map(|(name, versions)| {
        let known = programs.get(name);
        let other = versions
            .iter()
            .filter(move |version| known.is_some_and(|known| !known.contains(*version)));
        other.map(move |version| format!("{name} {version}"))
    });
    other.collect()
}

const REMEDY: &str = "run `cargo xtask fuzz --relock` and commit fuzz/Cargo.lock";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_version_of_the_same_package_is_a_difference() {
        let programs =
            versions("version = 4\nname = \"a\"\nversion = \"1\"\nname = \"a\"\nversion = \"2\"\n");
        let fuzzed = "name = \"a\"\nversion = \"2\"\nname = \"fuzzer\"\nversion = \"9\"\n";
        assert!(differences(&programs, &versions(fuzzed)).is_empty());
        let fuzzed = versions(&fuzzed.replace('2', "3"));
        assert_eq!(differences(&programs, &fuzzed), ["a 3"]);
    }
}
