//! How a call went, and what that means to the person.

use node::call::{End, Ending};

use crate::failure::{Failure, failed};

/// How it went.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) how: Ending,
    /// Lines that wait for a later call.
    pub(crate) waiting: usize,
    /// Whether there was a call at all.
    pub(crate) began: bool,
    /// Who was not taken, and what to say of that.
    pub(crate) refused: Option<Failure>,
    /// Whether something that was to be said was not, and is not kept.
    pub(super) is_unsaid: bool,
    /// How many files of ours are there, and why one is not.
    pub(super) files: (usize, Option<Failure>),
}

impl Outcome {
    /// What it means to the person who wanted to send so many files.
    pub(crate) fn judge_files(mut self, wanted: usize) -> Result<(), Failure> {
        let (sent, failure) = std::mem::take(&mut self.files);
        match failure {
            _ if sent >= wanted => Ok(()),
            Some(failure) if self.began => Err(failure),
            _ if self.began && self.how == End::Closed.into() => {
                Err(Failure::unavailable("they ended the call before all was there").hint(AGAIN))
            }
            _ if self.began && self.how == End::Left.into() => Err(Failure::interrupted()),
            _ => self.judge(),
        }
    }

    /// What it means to the person: nothing is wrong with a call that either side closed.
    pub(crate) fn judge(self) -> Result<(), Failure> {
        let Self {
            how,
            waiting,
            began,
            refused,
            is_unsaid,
            ..
        } = self;
        if let Some(refused) = refused {
            return Err(refused);
        }
        match (&how, began) {
            (Ending::Channel(End::Closed), true) if is_unsaid => {
                let text = and_waiting("they hung up before all was said", waiting);
                Err(Failure::unavailable(text)
                    .hint("what was not said is not kept: call again, and say the rest"))
            }
            (Ending::Channel(End::Left | End::Closed), true) if waiting == 0 => Ok(()),
            (Ending::Channel(End::Left), false) => Err(Failure::interrupted()),
            (Ending::Channel(End::Left | End::Closed), true) => Err(Failure::unavailable(format!(
                "the call is over, and {waiting} of your lines were not delivered"
            ))
            .hint("they are kept, and sent when you talk the next time")),
            (Ending::Channel(End::Lost | End::Closed), false) => {
                Err(Failure::unavailable("they hung up before the call began")
                    .hint("did they refuse you, or not decide in time? Ask them, and call again"))
            }
            _ => Err(explained(&how, waiting)),
        }
    }
}

fn explained(how: &Ending, waiting: usize) -> Failure {
    let failure = failed(how, how.kind());
    let text = and_waiting(&failure.text, waiting);
    failure.text(text).hint(advice(how))
}

/// What to do about a call that ended so.
pub(crate) const fn advice(how: &Ending) -> &'static str {
    match how {
        Ending::OtherKey => {
            "you were not connected to them: is the address still theirs? Ask them on another way"
        }
        Ending::NotBack | Ending::Channel(End::Lost | End::Silent) => {
            "is the network there? `entrenous doctor`; then call again"
        }
        Ending::Channel(End::Late) => "nobody decided in time: agree on a moment, and call again",
        Ending::Channel(End::NotKept) | Ending::Keep(_) => {
            "is the disk full? `entrenous doctor` looks; then call again"
        }
        Ending::Channel(End::Incompatible { .. }) => "one of you needs a newer program",
        _ => "call again; if it stays so, somebody may stand between",
    }
}

/// `text`, and how many lines wait.
fn and_waiting(text: &str, waiting: usize) -> String {
    match waiting {
        0 => text.to_owned(),
        _ => format!("{text}; {waiting} of your lines wait for the next call"),
    }
}

const AGAIN: &str = "send it again: it goes on where it was";
