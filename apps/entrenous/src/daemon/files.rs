//! Files in sessions between two of ours, which Kamune does not have.

use std::path::PathBuf;

use node::call::{By, FileError, FileEvent, FileId, FileTold, Speaker, Way};

use super::call::{CallId, Happened, Live, Stage};
use super::desk::Daemon;
use super::hub::Asker;
use super::log::Level;
use super::protocol::{AcceptFile, Event, Fault, File, FileInfo, Reply, SendFile};

/// What became of something that was wanted of a file.
#[derive(Debug)]
pub(super) enum Handed {
    Offered(Result<FileId, FileError>),
    Accepted(Result<(), FileError>),
}

impl Daemon<'_> {
    /// Offers a file.
    pub(super) fn send_file(&mut self, given: SendFile, asker: &Asker) -> Result<(), Fault> {
        let (call, speaker) = self.speaker(&given.session_id)?;
        let path = PathBuf::from(given.path);
        self.hand(call, asker, async move {
            Handed::Offered(speaker.offer_file(path).await)
        })
    }

    /// Takes a file that is offered.
    pub(super) fn accept_file(&mut self, given: AcceptFile, asker: &Asker) -> Result<(), Fault> {
        let (call, speaker) = self.speaker(&given.session_id)?;
        if given.into.is_empty() {
            let text = "invalid params: into is required";
            return Err(Fault::new("invalid_params", text));
        }
        let id = self.file_of(call, &given.file_id, |id| id.way() == Way::In)?;
        let into = PathBuf::from(given.into);
        self.hand(call, asker, async move {
            Handed::Accepted(speaker.accept_file(id, into).await)
        })
    }

    /// Declines a file, or ends one that is on its way, either way.
    pub(super) fn cancel_file(&mut self, given: &File, asker: &Asker) -> Result<(), Fault> {
        let (call, speaker) = self.speaker(&given.session_id)?;
        let id = self.file_of(call, &given.file_id, |_| true)?;
        // Nothing more is told of it.
        if let Some(live) = self.live(call) {
            live.files.remove(&id);
        }
        self.tasks
            .spawn(async move { speaker.cancel_file(id).await });
        self.reply(asker, Reply::Done { status: "ok" })
    }

    /// Does something with a file that may take a while.
    fn hand(
        &mut self,
        call: CallId,
        asker: &Asker,
        what: impl Future<Output = Handed> + Send + 'static,
    ) -> Result<(), Fault> {
        if self.tasks.len() >= TASKS {
            return Err(failed("too much is done at the same time"));
        }
        let (happens, asker) = (self.happens.clone(), asker.clone());
        self.tasks.spawn(async move {
            let handed = what.await;
            drop(happens.send(Happened::Handed(call, asker, handed)).await);
        });
        Ok(())
    }

    pub(super) fn handed(&mut self, call: CallId, asker: &Asker, handed: Handed) {
        let reply = match handed {
            Handed::Offered(Ok(id)) => {
                if let Some(live) = self.live(call) {
                    live.files.insert(id);
                }
                self.log(Level::Info, "a file was offered");
                let file_id = id.to_string();
                Reply::File { file_id }
            }
            Handed::Accepted(Ok(())) => Reply::Done { status: "ok" },
            Handed::Offered(Err(error)) | Handed::Accepted(Err(error)) => {
                return self.hub.fault(asker, failed(error));
            }
        };
        self.hub.reply(asker, reply);
    }

    /// Something happened to a file.
    pub(super) fn file(&mut self, call: CallId, told: FileTold) {
        let Some(live) = self.live(call) else { return };
        let is_over = matches!(
            told.what,
            FileEvent::Declined | FileEvent::Done { .. } | FileEvent::Failed { .. }
        );
        match is_over {
            true => live.files.remove(&told.id),
            false => live.files.insert(told.id),
        };
        let info = info(live.id.clone(), told);
        self.hub.tell(&Event::File(info));
    }

    fn speaker(&self, session: &str) -> Result<(CallId, Speaker), Fault> {
        let (id, call) = self.find(session)?;
        let wires = call.wires.as_ref();
        let wires = wires.ok_or_else(|| failed("the session is over"))?;
        Ok((id, wires.speaker.clone()))
    }

    fn live(&mut self, call: CallId) -> Option<&mut Live> {
        match &mut self.calls.get_mut(&call)?.stage {
            Stage::Live(live) => Some(live),
            Stage::Opening | Stage::Asked(_) => None,
        }
    }

    /// The file of this id that is `wanted`.
    fn file_of(
        &mut self,
        call: CallId,
        text: &str,
        wanted: fn(&FileId) -> bool,
    ) -> Result<FileId, Fault> {
        let files = self.live(call).map(|live| &live.files);
        let mut files = files.into_iter().flatten();
        let found = files.find(|id| wanted(id) && id.to_string() == text);
        found
            .copied()
            .ok_or_else(|| Fault::new("file_not_found", "there is no such file"))
    }
}

fn info(session_id: String, told: FileTold) -> FileInfo {
    let mut info = FileInfo {
        session_id,
        file_id: told.id.to_string(),
        way: match told.way {
            Way::Out => "out",
            Way::In => "in",
        },
        ..FileInfo::default()
    };
    info.standing = match told.what {
        FileEvent::Offered { name, size, .. } => {
            (info.name, info.size) = (Some(name), Some(size));
            "offered"
        }
        FileEvent::Accepted { done } => {
            info.done = Some(done);
            "accepted"
        }
        FileEvent::Declined => "declined",
        FileEvent::Progress { done, of } => {
            (info.done, info.size) = (Some(done), Some(of));
            "progress"
        }
        FileEvent::Done { path } => {
            info.path = Some(path.to_string_lossy().into_owned());
            "done"
        }
        FileEvent::Failed { by, reason, why } => {
            let side = match by {
                By::Us => "here",
                By::Them => "there",
            };
            info.text = Some(match why {
                Some(error) => error.to_string(),
                None => format!("{reason}, {side}"),
            });
            "failed"
        }
        _ => "failed",
    };
    info
}

fn failed(why: impl std::fmt::Display) -> Fault {
    Fault::new("file_failed", why)
}

/// What is done at the same time beside this: diallings, calls, and files.
const TASKS: usize = 1024;
