use std::path::Path;

use node::Node;
use node::call::{Calls, Ending, FileEvent, FileId, Heard, Known, Message, Talk, Told};

use super::super::wrong;
use crate::failure::{Failure, failed};

/// One side of a call, and what it was told that nobody asked for yet.
pub(super) struct Side {
    talk: Talk,
    told: Vec<Told>,
}

impl Side {
    pub(super) const fn new(talk: Talk) -> Self {
        let told = Vec::new();
        Self { talk, told }
    }

    /// Whoever calls next.
    pub(super) async fn of(calls: &mut Calls) -> Result<Self, Failure> {
        while let Some(heard) = calls.next().await {
            if let Heard::Talk(talk) = heard {
                return Ok(Self::new(talk));
            }
        }
        Err(wrong("nobody waits for calls any more"))
    }

    /// The first told that `pick` wants; the others stay.
    async fn until<T>(&mut self, pick: impl Fn(&Told) -> Option<T>) -> Result<T, Failure> {
        let mut told = self.told.iter().enumerate();
        if let Some((at, picked)) = told.find_map(|(at, told)| Some((at, pick(told)?))) {
            self.told.remove(at);
            return Ok(picked);
        }
        while let Some(told) = self.talk.next().await {
            if let Some(picked) = pick(&told) {
                return Ok(picked);
            }
            self.told.push(told);
        }
        Err(wrong("a call ended before its time"))
    }

    /// What is told next, whatever it is.
    pub(super) async fn next(&mut self) -> Option<Told> {
        self.talk.next().await
    }

    /// With whom, once it has begun.
    pub(super) async fn established(&mut self) -> Result<Known, Failure> {
        self.until(|told| match told {
            Told::Established { with, .. } => Some(with.clone()),
            _ => None,
        })
        .await
    }

    /// Says `text`: the number of the line.
    pub(super) async fn say(&self, text: &'static str) -> Result<u64, Failure> {
        let said = self.talk.speaker().say(text.into()).await;
        said.map_err(|error| failed(&error, error.kind()))
    }

    pub(super) async fn heard(&mut self) -> Result<Vec<u8>, Failure> {
        self.until(|told| match told {
            Told::Message(Message { text, .. }) => Some(text.clone()),
            _ => None,
        })
        .await
    }

    /// Until the other side keeps the line of this number.
    pub(super) async fn delivered(&mut self, line: u64) -> Result<(), Failure> {
        self.until(|told| match told {
            Told::Delivered(lines) => lines.contains(&line).then_some(()),
            _ => None,
        })
        .await
    }

    /// Until the connection is gone.
    pub(super) async fn lost(&mut self) -> Result<(), Failure> {
        self.until(|told| matches!(told, Told::Lost { .. }).then_some(()))
            .await
    }

    /// Until there is one again: whether the session goes on.
    pub(super) async fn back(&mut self) -> Result<bool, Failure> {
        self.until(|told| match told {
            Told::Back { resumed, .. } => Some(*resumed),
            _ => None,
        })
        .await
    }

    pub(super) async fn offered(&mut self) -> Result<(FileId, String), Failure> {
        self.until(|told| match told {
            Told::File(file) => match &file.what {
                FileEvent::Offered { name, .. } => Some((file.id, name.clone())),
                _ => None,
            },
            _ => None,
        })
        .await
    }

    pub(super) async fn offer(&self, path: &Path) -> Result<FileId, Failure> {
        let offered = self.talk.speaker().offer_file(path.to_owned()).await;
        offered.map_err(|error| failed(&error, error.kind()))
    }

    pub(super) async fn accept(&self, id: FileId, into: &Path) -> Result<(), Failure> {
        let accepted = self.talk.speaker().accept_file(id, into.to_owned()).await;
        accepted.map_err(|error| failed(&error, error.kind()))
    }

    /// Until the file is whole there.
    pub(super) async fn done(&mut self, id: FileId) -> Result<(), Failure> {
        let is_whole = self.until(|told| match told {
            Told::File(file) if file.id == id => match &file.what {
                FileEvent::Done { .. } => Some(true),
                FileEvent::Failed { .. } | FileEvent::Declined => Some(false),
                _ => None,
            },
            _ => None,
        });
        match is_whole.await? {
            true => Ok(()),
            false => Err(wrong("a file did not come")),
        }
    }

    /// Nobody who was introduced is wanted.
    pub(super) async fn refuse(&self) {
        self.talk.refuse().await;
    }

    /// Says goodbye once everything is there.
    pub(super) async fn finish(&self) {
        self.talk.speaker().finish().await;
    }

    pub(super) async fn ended(&mut self) -> Result<Ending, Failure> {
        self.until(|told| match told {
            Told::Ended { how, .. } => Some(how.clone()),
            _ => None,
        })
        .await
    }
}

/// All that `node` keeps of what was said with `known`.
pub(super) async fn kept(node: &Node, known: &Known) -> Result<Vec<Vec<u8>>, Failure> {
    let lines = node.lines(known, node::Page::Last(100)).await;
    let lines = lines.map_err(|error| failed(&error, error.kind()))?;
    Ok(lines.into_iter().map(|line| line.text).collect())
}
