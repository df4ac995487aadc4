//! Files in a call in line mode.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Instant;

use clap::Args;
use node::call::{By, FileError, FileEvent, FileId, FileTold, Reason, Speaker, Way};

use super::{Chat, Now};
use crate::downloads;
use crate::event::FileStands;
use crate::failure::{Failure, failed};
use crate::ui::{filter, size};

/// Where files of others go.
#[derive(Args, Clone, Debug)]
pub(crate) struct Inbox {
    /// Where files go that you take [default: your downloads]
    #[arg(long, value_name = "FOLDER", hide_short_help = true)]
    pub(crate) files: Option<PathBuf>,
}

/// What becomes of files that are offered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Takes {
    /// The person says.
    Asked,
    /// Those of people whose fingerprint was compared are taken.
    Verified,
}

/// The files of a call.
#[derive(Default)]
pub(super) struct Files {
    entries: BTreeMap<FileId, Entry>,
    /// What was asked for and is not known yet.
    pub(super) handing: Option<Handing>,
    /// What is to be offered after that.
    pub(super) to_offer: Vec<PathBuf>,
    /// Why one of ours did not come.
    pub(super) failure: Option<Failure>,
    /// What was offered in this call.
    ours: Vec<FileId>,
}

pub(super) type Handing = Pin<Box<dyn Future<Output = Handed> + Send>>;

/// What became of something that was asked for.
pub(super) enum Handed {
    Offered(PathBuf, Result<FileId, FileError>),
    Accepted(FileId, Result<(), FileError>),
}

/// A file, under the number that the person gives it by.
struct Entry {
    id: FileId,
    /// From 1.
    number: usize,
    name: String,
    size: u64,
    state: State,
    /// Since when it has been on its way, and how much was there before.
    began: Option<(Instant, u64)>,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum State {
    /// Nothing was told of it yet.
    New,
    Offered,
    OnWay,
    Done,
    /// It does not come.
    Over,
}

impl Entry {
    fn is_open(&self) -> bool {
        !matches!(self.state, State::Done | State::Over)
    }

    /// The name, for a sentence.
    fn called(&self) -> String {
        match self.name.is_empty() {
            true => "of an earlier call".to_owned(),
            false => filter::name(&self.name),
        }
    }

    /// Learns what is told of it, in this call for the first time.
    fn learn(&mut self, file: Option<(String, u64)>) {
        if let (true, Some((name, size))) = (self.name.is_empty(), file) {
            (self.name, self.size) = (name, size);
        }
    }
}

impl Files {
    fn entry(&mut self, id: FileId) -> &mut Entry {
        let number = self.entries.len().saturating_add(1);
        self.entries.entry(id).or_insert_with(|| Entry {
            id,
            number,
            // One that was over in an earlier call has none.
            name: String::new(),
            size: 0,
            state: State::New,
            began: None,
        })
    }

    /// The file of this number, or else the last of those that `wants` wants.
    fn find(&self, number: Option<&str>, wants: impl Fn(&Entry) -> bool) -> Option<&Entry> {
        let wanted = self.entries.values().filter(|entry| wants(entry));
        match number {
            Some(number) => {
                let number = number.parse::<usize>().ok()?;
                let mut wanted = wanted;
                wanted.find(|entry| entry.number == number)
            }
            None => wanted.max_by_key(|entry| entry.number),
        }
    }

    /// Whether all that was to be sent is over.
    pub(super) fn is_over(&self) -> bool {
        let is_open = |id: &FileId| self.entries.get(id).is_some_and(Entry::is_open);
        self.to_offer.is_empty() && self.handing.is_none() && !self.ours.iter().any(is_open)
    }

    /// How many of ours are there.
    pub(super) fn sent(&self) -> usize {
        let is_done = |entry: &Entry| entry.state == State::Done;
        let is_there = |id: &&FileId| self.entries.get(*id).is_some_and(is_done);
        self.ours.iter().filter(is_there).count()
    }
}

impl Chat<'_> {
    /// Does what a line about files says; `None`: it is none.
    pub(super) async fn order(
        &mut self,
        text: &str,
        speaker: &Speaker,
        now: &mut Now,
    ) -> Option<Result<(), Failure>> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim();
        Some(match word {
            "/send" if rest.is_empty() => self.ui.warn("which file? /send PATH"),
            "/send" => {
                now.files.to_offer.push(PathBuf::from(rest));
                Ok(())
            }
            "/accept" => self.accept(rest, speaker, now),
            "/decline" | "/cancel" => {
                let number = (!rest.is_empty()).then_some(rest);
                let is_offered =
                    |entry: &Entry| entry.id.way() == Way::In && entry.state == State::Offered;
                let is_wanted = |entry: &Entry| match word {
                    "/decline" => is_offered(entry),
                    _ => entry.is_open(),
                };
                let Some(id) = now.files.find(number, is_wanted).map(|entry| entry.id) else {
                    return Some(self.ui.warn("there is no such file"));
                };
                speaker.cancel_file(id).await;
                let entry = now.files.entry(id);
                entry.state = State::Over;
                let number = entry.number;
                let event = FileStands::new(number, id, "cancelled");
                self.ui.waited();
                self.ui.note(format_args!("file {number} is cancelled"));
                self.ui.event(&event)
            }
            _ => return None,
        })
    }

    fn accept(&mut self, rest: &str, speaker: &Speaker, now: &mut Now) -> Result<(), Failure> {
        let (first, other) = rest.split_once(' ').unwrap_or((rest, ""));
        let is_number = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit());
        let (number, folder) = match is_number {
            true => (Some(first), other.trim()),
            false => (None, rest),
        };
        let is_offered = |entry: &Entry| entry.id.way() == Way::In && entry.state == State::Offered;
        let Some(id) = now.files.find(number, is_offered).map(|entry| entry.id) else {
            return self.ui.warn("there is no such file to take");
        };
        let into = match folder {
            "" => self.folder(),
            folder => PathBuf::from(folder),
        };
        take(id, into, speaker, now);
        Ok(())
    }

    /// Where files go.
    fn folder(&self) -> PathBuf {
        self.inbox.clone().unwrap_or_else(downloads::folder)
    }

    /// Begins to offer the next file.
    pub(super) fn offer_next(speaker: &Speaker, now: &mut Now) {
        if now.with.is_none() || now.files.handing.is_some() || now.files.to_offer.is_empty() {
            return;
        }
        let (path, speaker) = (now.files.to_offer.remove(0), speaker.clone());
        now.files.handing = Some(Box::pin(async move {
            let offered = speaker.offer_file(path.clone()).await;
            Handed::Offered(path, offered)
        }));
    }

    pub(super) fn handed(&mut self, handed: Handed, now: &mut Now) -> Result<(), Failure> {
        match handed {
            Handed::Offered(path, Ok(id)) => {
                now.files.ours.push(id);
                let entry = now.files.entry(id);
                let number = entry.number;
                entry.name = name_of(&path);
                entry.size = path.metadata().map_or(0, |metadata| metadata.len());
                if entry.state != State::New {
                    // It goes on already.
                    return Ok(());
                }
                let (name, bytes) = (entry.called(), size(entry.size));
                entry.state = State::Offered;
                let event = FileStands::new(number, id, "offered").file(&entry.name, entry.size);
                self.ui.note(format_args!(
                    "file {number}, {name}, {bytes}, is offered: waiting for them to take it"
                ));
                self.ui.event(&event)
            }
            Handed::Accepted(id, Ok(())) => {
                now.files.entry(id).state = State::OnWay;
                Ok(())
            }
            Handed::Offered(path, Err(error)) => {
                let failure = not_sent(&error, &name_of(&path));
                self.ui.warn(&failure.text)?;
                now.files.failure.get_or_insert(failure);
                Ok(())
            }
            Handed::Accepted(id, Err(error)) => {
                let number = now.files.entry(id).number;
                self.ui.warn(&format!(
                    "file {number} is not taken: {error}; /accept {number} FOLDER takes another place"
                ))
            }
        }
    }

    /// Shows what happened to a file.
    pub(super) fn file(
        &mut self,
        told: FileTold,
        speaker: &Speaker,
        now: &mut Now,
    ) -> Result<(), Failure> {
        let id = told.id;
        let is_verified = now
            .with
            .as_ref()
            .is_some_and(|with| with.compared().is_some());
        let takes = self.takes == Takes::Verified && is_verified;
        let folder = self.folder();
        let is_free = now.files.handing.is_none();
        let entry = now.files.entry(id);
        entry.learn(told.file);
        let number = entry.number;
        let event = FileStands::new(number, id, standing(&told.what));
        match told.what {
            FileEvent::Offered {
                name, size: bytes, ..
            } => {
                (entry.name, entry.size, entry.state) = (name, bytes, State::Offered);
                self.ui.event(&event.file(&entry.name, bytes))?;
                let (name, bytes) = (entry.called(), size(bytes));
                if takes && is_free {
                    self.ui.note(format_args!(
                        "file {number}, {name}, {bytes}, is taken into {}",
                        shown(&folder)
                    ));
                    take(id, folder, speaker, now);
                    return Ok(());
                }
                self.ui.note(format_args!(
                    "they have a file for you, {name}, {bytes}: /accept {number} takes it into {}, \
                     /decline {number} does not",
                    shown(&folder)
                ));
                Ok(())
            }
            FileEvent::Accepted { done } => {
                entry.state = State::OnWay;
                entry.began = Some((Instant::now(), done));
                if done > 0 {
                    let (name, done) = (entry.called(), size(done));
                    self.ui.note(format_args!(
                        "file {number}, {name}, goes on: they have {done} of it"
                    ));
                }
                self.ui.event(&event.done(done, None))
            }
            FileEvent::Progress { done, of } => {
                entry.state = State::OnWay;
                let (since, before) = *entry.began.get_or_insert_with(|| (Instant::now(), done));
                let seconds = since.elapsed().as_secs_f64();
                let speed = speed(done.saturating_sub(before), seconds);
                let percent = done.saturating_mul(100).checked_div(of).unwrap_or(100);
                self.ui.wait(format_args!(
                    "file {number}, {}: {percent} % of {}, {}/s (/cancel {number} ends it)",
                    entry.called(),
                    size(of),
                    size(speed)
                ));
                self.ui.event(&event.done(done, Some(of)))
            }
            FileEvent::Done { path } => {
                entry.state = State::Done;
                let name = entry.called();
                self.ui.waited();
                match id.way() {
                    Way::Out => self
                        .ui
                        .note(format_args!("file {number}, {name}, is there")),
                    Way::In => self
                        .ui
                        .note(format_args!("file {number} has come: {}", shown(&path))),
                }
                self.ui.event(&event.path(&path))
            }
            FileEvent::Declined => {
                entry.state = State::Over;
                self.ui.waited();
                let text = format!("file {number}, {}, was declined", entry.called());
                self.ui.warn(&text)?;
                let failure = Failure::unavailable(text).hint("they did not want it: ask them");
                now.files.failure.get_or_insert(failure);
                self.ui.event(&event)
            }
            FileEvent::Failed { by, reason, why } => {
                entry.state = State::Over;
                self.ui.waited();
                let text = why_ended(by, reason, why.as_ref());
                let text = format!("file {number}, {}, ended: {text}", entry.called());
                self.ui.warn(&text)?;
                if id.way() == Way::Out {
                    let failure = Failure::new(reason.kind(), text.as_str());
                    now.files.failure.get_or_insert(failure);
                }
                self.ui.event(&event.text(text))
            }
            _ => Ok(()),
        }
    }
}

fn take(id: FileId, into: PathBuf, speaker: &Speaker, now: &mut Now) {
    let speaker = speaker.clone();
    now.files.handing = Some(Box::pin(async move {
        let accepted = speaker.accept_file(id, into).await;
        Handed::Accepted(id, accepted)
    }));
}

/// Waits for ever if nothing is asked for.
pub(super) async fn handing(handing: &mut Option<Handing>) -> Handed {
    let Some(running) = handing else {
        return std::future::pending().await;
    };
    let handed = running.await;
    *handing = None;
    handed
}

const fn standing(what: &FileEvent) -> &'static str {
    match what {
        FileEvent::Offered { .. } => "offered",
        FileEvent::Accepted { .. } => "accepted",
        FileEvent::Declined => "declined",
        FileEvent::Progress { .. } => "progress",
        FileEvent::Done { .. } => "done",
        _ => "failed",
    }
}

pub(crate) fn not_sent(error: &FileError, name: &str) -> Failure {
    let name = filter::name(name);
    let failure = failed(error, error.kind()).text(format!("{name} is not sent: {error}"));
    match error {
        FileError::NoFile => failure.hint("is the path right?"),
        FileError::Folder => failure.hint("make an archive of it, with tar or zip, and send that"),
        FileError::Unreadable { .. } => failure.hint("may you read it?"),
        _ => failure,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "only shown"
)]
pub(crate) fn speed(bytes: u64, seconds: f64) -> u64 {
    (bytes as f64 / seconds.max(0.001)) as u64
}

/// Why there is no whole file, in words.
pub(crate) fn why_ended(by: By, reason: Reason, why: Option<&FileError>) -> String {
    match (why, by) {
        (Some(error), _) => error.to_string(),
        (None, By::Us) => format!("{reason}, here"),
        (None, By::Them) => format!("{reason}, there"),
    }
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

fn shown(path: &Path) -> String {
    filter::harmless(&path.to_string_lossy())
}
