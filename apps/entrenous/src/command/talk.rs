//! A call in line mode: what is typed is said, what comes is shown.

mod ask;
mod files;
mod lines;
mod outcome;

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::pin::Pin;

use kernel::Kind;
use node::Node;
use node::call::{
    Calls, End, Ending, Heard, Introduced, Known, Mode, Retry, SayError, Speaker, Talk, Told,
};

use crate::event::{CallEnded, CallEstablished, CallResumed, ConnectionLost, LineSaid, LinesStand};
use crate::failure::{Failure, failed};
use crate::stop::Stop;
use crate::ui::{Ui, filter};
use ask::{Answer, refused};
use files::{Files, handing};
pub(crate) use files::{Inbox, Takes, not_sent, speed, why_ended};
pub(crate) use lines::{Line, Lines};
pub(crate) use outcome::{Outcome, advice};

/// What a call is held with.
pub(crate) struct Chat<'a> {
    pub(crate) node: &'a Node,
    pub(crate) ui: &'a mut Ui,
    pub(crate) stop: &'a mut Stop,
    pub(crate) lines: &'a mut Lines,
    /// Whether the input has ended.
    pub(crate) is_read: bool,
    /// Where files go; else, where the person's downloads are.
    pub(crate) inbox: Option<PathBuf>,
    pub(crate) takes: Takes,
    /// Files to send; then it ends. If there are none, it is for people who talk.
    pub(crate) to_send: Vec<PathBuf>,
}

/// What is known of the call that goes on.
#[derive(Default)]
struct Now {
    /// With whom, once there is a call.
    with: Option<Known>,
    /// The last line of theirs that was shown.
    shown: u64,
    saying: Option<Saying>,
    refused: Option<Failure>,
    files: Files,
    is_lost: bool,
    is_finishing: bool,
    is_stopping: bool,
}

type Saying = Pin<Box<dyn Future<Output = Result<u64, SayError>> + Send>>;

impl Chat<'_> {
    /// Holds `talk` until it is over. Whoever calls meanwhile, at `calls`, is hung up on.
    pub(crate) async fn hold(
        &mut self,
        mut talk: Talk,
        mut calls: Option<&mut Calls>,
    ) -> Result<Outcome, Failure> {
        let mut now = Now::default();
        let speaker = talk.speaker().clone();
        let is_for_files = !self.to_send.is_empty();
        now.files.to_offer = std::mem::take(&mut self.to_send);
        let outcome = loop {
            Self::offer_next(&speaker, &mut now);
            if is_for_files
                && now.files.is_over()
                && !std::mem::replace(&mut now.is_finishing, true)
            {
                speaker.finish().await;
            }
            let is_free = now.saying.is_none() && now.files.handing.is_none();
            let reads = now.with.is_some() && is_free && !now.is_finishing && !is_for_files;
            tokio::select! {
                biased;
                () = self.stop.wanted(), if !now.is_stopping => {
                    now.is_stopping = true;
                    speaker.close().await;
                }
                told = talk.next() => {
                    let over = self.told(told, &mut talk, &mut now).await?;
                    if let Some(outcome) = over {
                        break outcome;
                    }
                }
                said = saying(&mut now.saying) => self.said(said)?,
                handed = handing(&mut now.files.handing) => self.handed(handed, &mut now)?,
                other = another(&mut calls) => {
                    self.ui.note(format_args!(
                        "hung up on {}: one call at a time",
                        caller(&other)
                    ));
                }
                line = self.lines.next(), if reads => self.typed(line, &speaker, &mut now).await?,
            }
        };
        let outcome = Outcome {
            is_unsaid: match now.saying {
                // Known by now: nobody takes it any more.
                Some(saying) => saying.await.is_err(),
                None => false,
            },
            ..outcome
        };
        if let (Some(with), 1..) = (&now.with, now.shown) {
            // That something was seen is not worth a failure.
            drop(self.node.seen(with, now.shown).await);
        }
        Ok(outcome)
    }

    /// The same where no later talk says what is left of the input.
    pub(crate) async fn hold_only(
        &mut self,
        talk: Talk,
        calls: Option<&mut Calls>,
    ) -> Result<Outcome, Failure> {
        let mut outcome = self.hold(talk, calls).await?;
        // At a terminal, whoever types sees that it is over.
        let is_piped = !self.is_read && !io::stdin().is_terminal();
        if is_piped && outcome.began && outcome.how == End::Closed.into() {
            outcome.is_unsaid |= self.lines.is_more().await;
        }
        Ok(outcome)
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
                if let Some(ordered) = self.order(&text, speaker, now).await {
                    return ordered;
                }
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

    fn said(&mut self, said: Result<u64, SayError>) -> Result<(), Failure> {
        match said {
            Err(error @ SayError::TooLong { .. }) => self.ui.warn(&format!(
                "a line was not sent: {error}; cut it, or send it as several lines"
            )),
            Ok(line) => self.ui.event(&LineSaid { line }),
            // That it is over is told by the talk itself.
            Err(_) => Ok(()),
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
                Told::Ended { how, waiting } => return self.over(how, waiting, now).map(Some),
                Told::File(told) => self.file(told, talk.speaker(), now)?,
                other => self.goes_on(other, now).await?,
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

    async fn goes_on(&mut self, told: Told, now: &mut Now) -> Result<(), Failure> {
        match told {
            Told::Established {
                with,
                resumed,
                mode,
                path,
                ..
            } => {
                self.ui.waited();
                self.ui
                    .event(&CallEstablished::new(&with, resumed, mode, &path))?;
                let standing = match with.compared() {
                    Some(_) => "",
                    None => ", not verified",
                };
                self.ui.note(format_args!(
                    "you talk to {}{standing}, by {path}: each line is sent; {QUIT}, Ctrl-C or the end of input ends",
                    filter::name(with.name().as_str())
                ));
                if mode == Mode::Kamune {
                    self.ui.note(format_args!(
                        "their program acknowledges nothing: a line on its way when the connection breaks is lost"
                    ));
                }
                self.earlier(&with).await?;
                now.with = Some(with);
                Ok(())
            }
            Told::Message(message) => {
                now.shown = message.line;
                let name = now.with.as_ref().map_or("", |with| with.name().as_str());
                self.ui.spoken(name, &message)
            }
            Told::Delivered(lines) => self.ui.event(&LinesStand {
                lines: &lines,
                standing: "delivered",
            }),
            Told::Sent(line) => self.ui.event(&LinesStand {
                lines: &[line],
                standing: "sent",
            }),
            Told::Lost { why, retry } => {
                self.ui.event(&ConnectionLost::new(why, retry))?;
                self.lost(why, retry, now);
                Ok(())
            }
            Told::Back { resumed, path } => {
                now.is_lost = false;
                self.ui.waited();
                let same_session = resumed;
                self.ui.event(&CallResumed {
                    same_session,
                    path: path.to_string(),
                })?;
                self.ui.note(format_args!("connected again, by {path}"));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Says what is left of earlier calls.
    async fn earlier(&mut self, with: &Known) -> Result<(), Failure> {
        let summary = self.node.summary(with).await;
        let summary = summary.map_err(|error| failed(&error, error.kind()))?;
        if summary.waiting > 0 {
            self.ui.note(format_args!(
                "lines of earlier calls are sent now: {}",
                summary.waiting
            ));
        }
        if summary.unseen > 0 {
            self.ui.note(format_args!(
                "messages that you have not seen: {}; `entrenous history` shows them",
                summary.unseen
            ));
        }
        Ok(())
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

    fn over(&mut self, how: Ending, waiting: usize, now: &mut Now) -> Result<Outcome, Failure> {
        self.ui.waited();
        self.ui.event(&CallEnded::new(&how, waiting))?;
        Ok(Outcome {
            how,
            waiting,
            began: now.with.is_some(),
            refused: now.refused.take(),
            is_unsaid: false,
            files: (now.files.sent(), now.files.failure.take()),
        })
    }
}

async fn saying(saying: &mut Option<Saying>) -> Result<u64, SayError> {
    let Some(running) = saying else {
        return std::future::pending().await;
    };
    let said = running.await;
    *saying = None;
    said
}

/// The next who calls, if calls are taken.
async fn another(calls: &mut Option<&mut Calls>) -> Talk {
    if let Some(calls) = calls {
        while let Some(heard) = calls.next().await {
            // That a relay is away for a while does not matter in a call.
            if let Heard::Talk(talk) = heard {
                return talk;
            }
        }
    }
    std::future::pending().await
}

/// Where somebody calls from.
pub(crate) fn caller(talk: &Talk) -> String {
    match talk.source() {
        Some(source) => format!("{source}, by {}", talk.path()),
        None => format!("somebody, by {}", talk.path()),
    }
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
