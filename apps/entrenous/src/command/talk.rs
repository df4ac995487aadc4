//! A call in line mode: what is typed is said, what comes is shown.

mod ask;
mod lines;

use std::pin::Pin;

use channel::End;
use kernel::Kind;
use node::Node;
use node::call::{Calls, Ending, Introduced, Retry, SayError, Speaker, Talk, Told};

use crate::event::{CallEnded, CallEstablished, CallResumed, ConnectionLost};
use crate::failure::{Failure, failed};
use crate::stop::Stop;
use crate::ui::{Ui, filter};
use ask::{Answer, refused};
pub(crate) use lines::{Line, Lines};

/// What a call is held with.
pub(crate) struct Chat<'a> {
    pub(crate) ui: &'a mut Ui,
    pub(crate) stop: &'a mut Stop,
    pub(crate) lines: &'a mut Lines,
    /// Whether the input has ended.
    pub(crate) is_read: bool,
}

/// How it went.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) how: Ending,
    pub(crate) unsent: usize,
    /// Whether there was a call at all.
    pub(crate) began: bool,
    /// Who was not taken, and what to say of that.
    pub(crate) refused: Option<Failure>,
}

/// What is known of the call that goes on.
#[derive(Default)]
struct Now {
    /// With whom, once there is a call.
    name: Option<String>,
    saying: Option<Saying>,
    refused: Option<Failure>,
    is_lost: bool,
    is_finishing: bool,
    is_stopping: bool,
}

type Saying = Pin<Box<dyn Future<Output = Result<(), SayError>> + Send>>;

impl Chat<'_> {
    /// Holds `talk` until it is over. Whoever calls meanwhile, at `calls`, is hung up on.
    pub(crate) async fn hold(
        &mut self,
        mut talk: Talk,
        mut calls: Option<&mut Calls>,
    ) -> Result<Outcome, Failure> {
        let mut now = Now::default();
        let speaker = talk.speaker().clone();
        loop {
            let reads = now.name.is_some() && now.saying.is_none() && !now.is_finishing;
            tokio::select! {
                biased;
                () = self.stop.wanted(), if !now.is_stopping => {
                    now.is_stopping = true;
                    speaker.close().await;
                }
                told = talk.next() => {
                    let over = self.told(told, &mut talk, &mut now).await?;
                    if let Some(outcome) = over {
                        return Ok(outcome);
                    }
                }
                said = saying(&mut now.saying) => self.said(said)?,
                other = another(&mut calls) => {
                    if let Some(source) = other.source() {
                        self.ui.note(format_args!("hung up on {source}: one call at a time"));
                    }
                }
                line = self.lines.next(), if reads => self.typed(line, &speaker, &mut now).await?,
            }
        }
    }

    /// Takes a line of the person.
    async fn typed(
        &mut self,
        line: Option<Line>,
        speaker: &Speaker,
        now: &mut Now,
    ) -> Result<(), Failure> {
        match line {
            Some(Line::Text(text)) if text != QUIT => {
                let speaker = speaker.clone();
                now.saying = Some(Box::pin(async move { speaker.say(text.into()).await }));
                Ok(())
            }
            Some(Line::TooLong(bytes)) => {
                let most = Speaker::MOST;
                self.said(Err(SayError::TooLong { bytes, most }))
            }
            Some(Line::NoText) => self.ui.warn("a line was not sent: it is no text (UTF-8)"),
            end @ (Some(Line::Text(_)) | None) => {
                now.is_finishing = true;
                self.is_read = end.is_none();
                if now.is_lost {
                    self.ui.note(format_args!(
                        "ending once what you said is sent (Ctrl-C ends at once)"
                    ));
                }
                speaker.finish().await;
                Ok(())
            }
        }
    }

    fn said(&mut self, said: Result<(), SayError>) -> Result<(), Failure> {
        match said {
            Err(error @ SayError::TooLong { .. }) => self.ui.warn(&format!(
                "a line was not sent: {error}; cut it, or send it as several lines"
            )),
            // That it is over is told by the talk itself.
            Ok(()) | Err(_) => Ok(()),
        }
    }

    async fn told(
        &mut self,
        told: Option<Told>,
        talk: &mut Talk,
        now: &mut Now,
    ) -> Result<Option<Outcome>, Failure> {
        let mut next = told;
        loop {
            let Some(told) = next else {
                return Err(Failure::new(Kind::Bug, "a call ended without a word"));
            };
            match told {
                Told::Introduced(who) => match self.decide(&who, talk, now).await? {
                    // What came in place of the answer.
                    Some(instead) => {
                        next = instead;
                        continue;
                    }
                    None => return Ok(None),
                },
                Told::Ended { how, unsent } => return self.over(how, unsent, now).map(Some),
                other => self.goes_on(other, now)?,
            }
            return Ok(None);
        }
    }

    async fn decide(
        &mut self,
        who: &Introduced,
        talk: &mut Talk,
        now: &mut Now,
    ) -> Result<Option<Option<Told>>, Failure> {
        let answer = self.ask(who, talk).await?;
        match answer {
            Answer::Yes(seen) => {
                talk.accept(seen).await;
                self.ui.wait(format_args!(
                    "waiting for them to take the call, 2 min at most (Ctrl-C stops)"
                ));
            }
            Answer::No | Answer::Nobody => {
                now.refused = Some(refused(who, matches!(answer, Answer::No)));
                talk.refuse().await;
            }
            Answer::Told(told) => return Ok(Some(told)),
            // The loop hears of it, too.
            Answer::Stopped => {}
        }
        Ok(None)
    }

    fn goes_on(&mut self, told: Told, now: &mut Now) -> Result<(), Failure> {
        match told {
            Told::Established { with, resumed } => {
                self.ui.waited();
                self.ui.event(&CallEstablished::new(&with, resumed))?;
                let name = with.name().to_string();
                let standing = match with.compared() {
                    Some(_) => "",
                    None => ", not verified",
                };
                self.ui.note(format_args!(
                    "you talk to {}{standing}: each line is sent; {QUIT}, Ctrl-C or the end of input ends",
                    filter::name(&name)
                ));
                now.name = Some(name);
                Ok(())
            }
            Told::Message(message) => {
                let name = now.name.as_deref().unwrap_or_default();
                self.ui.spoken(name, &message)
            }
            Told::Lost { why, retry } => {
                self.ui.event(&ConnectionLost::new(why, retry))?;
                self.lost(why, retry, now);
                Ok(())
            }
            Told::Back { resumed } => {
                now.is_lost = false;
                self.ui.waited();
                let same_session = resumed;
                self.ui.event(&CallResumed { same_session })?;
                self.ui.note(format_args!(
                    "connected again; what was on its way when the connection broke may be lost"
                ));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn lost(&mut self, why: End, retry: Option<Retry>, now: &mut Now) {
        if !std::mem::replace(&mut now.is_lost, true) {
            self.ui.note(format_args!(
                "{why}; what you type waits until there is another"
            ));
        }
        match retry {
            Some(retry) => self.ui.wait(format_args!(
                "calling again in {} s, attempt {} of {} (Ctrl-C ends the call)",
                retry.after.as_secs(),
                retry.number,
                retry.of
            )),
            None => self.ui.wait(format_args!(
                "waiting 5 min for them to call again (Ctrl-C ends the call)"
            )),
        }
    }

    fn over(&mut self, how: Ending, unsent: usize, now: &mut Now) -> Result<Outcome, Failure> {
        self.ui.waited();
        self.ui.event(&CallEnded::new(&how, unsent))?;
        Ok(Outcome {
            how,
            unsent,
            began: now.name.is_some(),
            refused: now.refused.take(),
        })
    }
}

impl Outcome {
    /// What it means to the person: nothing is wrong with a call that either side closed.
    pub(crate) fn judge(self) -> Result<(), Failure> {
        let Self {
            how,
            unsent,
            began,
            refused,
        } = self;
        if let Some(refused) = refused {
            return Err(refused);
        }
        match (&how, began) {
            (Ending::Channel(End::Left | End::Closed), true) if unsent == 0 => Ok(()),
            (Ending::Channel(End::Left), false) => Err(Failure::interrupted()),
            (Ending::Channel(End::Left | End::Closed), true) => Err(Failure::unavailable(format!(
                "the call is over, and {unsent} of your lines were not sent"
            ))
            .hint("call again, and say them again")),
            (Ending::Channel(End::Lost | End::Closed), false) => {
                Err(Failure::unavailable("they hung up before the call began")
                    .hint("did they refuse you, or not decide in time? Ask them, and call again"))
            }
            _ => Err(explained(&how, unsent)),
        }
    }
}

fn explained(how: &Ending, unsent: usize) -> Failure {
    let mut failure = failed(how, how.kind());
    if unsent > 0 {
        failure.text = format!("{}; {unsent} of your lines were not sent", failure.text);
    }
    failure.hint(match how {
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
    })
}

async fn saying(saying: &mut Option<Saying>) -> Result<(), SayError> {
    let Some(running) = saying else {
        return std::future::pending().await;
    };
    let said = running.await;
    *saying = None;
    said
}

/// The next who calls, if calls are taken.
async fn another(calls: &mut Option<&mut Calls>) -> Talk {
    if let Some(calls) = calls
        && let Some(talk) = calls.next().await
    {
        return talk;
    }
    std::future::pending().await
}

/// Shows who the owner of the profile is, for whoever is asked at the other side.
pub(crate) async fn tell_own(node: &Node, ui: &mut Ui) {
    if ui.can_ask() {
        let own = node.fingerprint_in_calls().await;
        ui.note(format_args!(
            "if they are asked whether it is you, their screen must show:"
        ));
        ui.note(format_args!("  {}", own.to_emoji()));
        ui.note(format_args!("  {}", own.to_words()));
    }
}

/// Ends a call when it is typed.
pub(crate) const QUIT: &str = "/quit";
