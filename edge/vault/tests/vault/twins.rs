//! A second process, which is this program again with a part to play.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use vault::{Key, KeyFile, Vault};

use crate::tools::Profile;

/// Says which part a started copy plays, and where.
const PART: &str = "VAULT_TEST_PART";

/// A copy of this program that plays `part` in the profile beside `key`.
#[derive(Debug)]
pub(crate) struct Twin {
    pub(crate) child: Child,
    pub(crate) says: BufReader<ChildStdout>,
}

impl Twin {
    pub(crate) fn start(part: &str, around: &Path) -> Self {
        Self::start_by(Command::new(std::env::current_exe().unwrap()), part, around)
    }

    /// Through another program, whose last arguments are those of this one.
    pub(crate) fn start_by(mut command: Command, part: &str, around: &Path) -> Self {
        let mut child = command
            .args(["--exact", "twins::plays_its_part", "--nocapture", "--quiet"])
            .args(["--test-threads", "1"])
            .env(PART, format!("{part} {}", around.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let says = BufReader::new(child.stdout.take().unwrap());
        Self { child, says }
    }

    /// The next whole line that begins with `word`; what follows it. `None`: it says no more.
    pub(crate) fn hear(&mut self, word: &str) -> Option<String> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.says.read_line(&mut line).unwrap() == 0 || !line.ends_with('\n') {
                return None;
            }
            // The test harness talks as well, also before what the twin says.
            if let Some((_, rest)) = line.split_once(word) {
                return Some(rest.trim().into());
            }
        }
    }
}

/// Does nothing, unless this process was started to play a part.
#[test]
fn plays_its_part() {
    let Ok(part) = std::env::var(PART) else {
        return;
    };
    let (part, around) = part.split_once(' ').unwrap();
    let around = PathBuf::from(around);
    let key = KeyFile::read(&around.join("key")).unwrap();
    let path = around.join("profile");
    match part {
        "hold" => {
            let _vault = Vault::open(&path, &Key::KeyFile(&key)).unwrap();
            say("@held ");
            loop {
                thread::park();
            }
        }
        "make" => crate::unfinished::make(&path, &key),
        "commit" => crate::crash::commit_for_ever(&path, &key),
        #[cfg(unix)]
        "fill" => crate::disk::fill(&path, &key),
        _ => panic!("no such part: {part}"),
    }
}

/// One write, so that a kill leaves a whole line or none that counts.
pub(crate) fn say(line: &str) {
    use std::io::Write as _;

    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

#[test]
fn a_second_process_is_told_who_has_the_store_until_that_dies() {
    let profile = Profile::new();
    drop(profile.create());
    let mut twin = Twin::start("hold", profile.around.path());
    twin.hear("@held ").unwrap();
    let text = profile.open().unwrap_err().to_string();
    let holder = format!("is in use by process {}:", twin.child.id());
    assert!(text.contains(&holder), "{text}");
    twin.child.kill().unwrap();
    twin.child.wait().unwrap();
    profile.open().unwrap().check().unwrap();
}

#[test]
fn a_store_that_was_closed_is_free_while_programs_are_started() {
    let profile = Profile::new();
    drop(profile.create());
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let started = Command::new(std::env::current_exe().unwrap())
                    .arg("--list")
                    .stdout(Stdio::null())
                    .spawn();
                started.unwrap().wait().unwrap();
            }
        });
        let opened: Result<Vec<()>, _> = (0..300).map(|_| profile.open().map(drop)).collect();
        stop.store(true, Ordering::Relaxed);
        opened.unwrap();
    });
}
