use std::path::PathBuf;

use clap::Args;
use node::{AddError, JoinError, Joined, Node, words};
use rendezvous::bucket::{Line, Passphrase};
use zeroize::Zeroizing;

use super::contacts::{not_added, tell_added};
use super::home::away;
use crate::args::{Global, TEMPLATE};
use crate::config::Given;
use crate::failure::{Failure, failed};
use crate::message::{self, read_source};
use crate::profile::{Opened, Opening};
use crate::prompt::{self, Accept, Question};
use crate::stop::Stop;
use crate::ui::Ui;

/// Follow an invitation
#[derive(Args, Debug)]
#[command(help_template = TEMPLATE, before_long_help = EXAMPLES, after_long_help = NOTES)]
pub(crate) struct Join {
    /// The line, with its words or without; - for stdin; asked for if left out
    #[arg(value_name = "LINE")]
    line: Option<Zeroizing<String>>,
    /// Where the words are, if they came apart, - for stdin
    #[arg(long, value_name = "PATH")]
    words_file: Option<PathBuf>,
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    #[command(next_help_heading = "Servers")]
    given: Given,
}

impl Join {
    pub(crate) async fn run(
        &self,
        global: &Global,
        ui: &mut Ui,
        mut stop: Stop,
    ) -> Result<(), Failure> {
        let stop = &mut stop;
        let (line, passphrase) = self.line_and_words(ui, stop).await?;
        let Opened { node, .. } = self.opening.open(global, &self.given, ui, stop).await?;
        ui.wait(format_args!(
            "looking into the bucket at {} (Ctrl-C stops)",
            line.host()
        ));
        let joined = tokio::select! {
            () = stop.wanted() => Err(Failure::interrupted()),
            joined = follow(&node, line, passphrase, ui) => joined,
        };
        ui.waited();
        joined?;
        node.close()
            .await
            .map_err(|error| failed(&error, error.kind()))
    }

    async fn line_and_words(
        &self,
        ui: &mut Ui,
        stop: &mut Stop,
    ) -> Result<(Line, Passphrase), Failure> {
        let from_stdin = [
            self.line.as_ref().is_some_and(|line| line.as_str() == "-"),
            self.words_file
                .as_deref()
                .is_some_and(|path| path.as_os_str() == "-"),
            self.opening.takes_stdin(),
        ];
        if from_stdin.iter().filter(|takes| **takes).count() > 1 {
            return Err(Failure::usage(
                "line, words and passphrase cannot come from one stdin",
            ));
        }
        let text = match self.line.as_ref().map(|line| line.as_str()) {
            Some("-") => text_of(&message::read(Some("-"), ui, stop).await?)?,
            Some(text) => Zeroizing::new(text.to_owned()),
            None => {
                prompt::line(ui, stop, "The line that you were sent", "entrenous join -").await?
            }
        };
        // Who was sent both in one text may give both.
        let text = text.trim();
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        let (line, joined) = Line::read(first).map_err(|error| {
            failed(&error, error.kind())
                .text(format!("this is no line of an invitation: {error}"))
                .hint("it begins with entrenous:r/ and is one long word")
        })?;
        let below = (!rest.is_empty()).then(|| typed(rest)).transpose()?;
        let is_argument = self.line.as_ref().is_some_and(|line| line.as_str() != "-");
        if is_argument && (joined.is_some() || below.is_some()) {
            ui.warn("other users of this machine can see what is given as an argument")?;
        }
        if joined.is_some() && below.is_some() {
            return Err(Failure::usage("the line has its words already")
                .hint("leave out what stands below it"));
        }
        let words = match (joined.or(below), &self.words_file) {
            (Some(words), None) => words,
            (Some(_), Some(_)) => {
                return Err(
                    Failure::usage("the line has its words already").hint("leave out --words-file")
                );
            }
            (None, Some(path)) => {
                let bytes = read_source(path, "words", 4096, stop).await?;
                typed(&text_of(&bytes)?)?
            }
            (None, None) => ask(ui, stop).await?,
        };
        Ok((line, words))
    }
}

async fn ask(ui: &mut Ui, stop: &mut Stop) -> Result<Passphrase, Failure> {
    let question = Question {
        label: "Words (Tab completes)",
        flag: "--words-file PATH",
        accept: Accept::Anything,
    };
    let answer = prompt::words(ui, stop, &question).await?;
    match &answer.phrase {
        Some(phrase) => typed(&phrase.to_text()),
        None => typed(&answer.text),
    }
}

fn typed(text: &str) -> Result<Passphrase, Failure> {
    words::typed(text).map_err(|error| failed(&error, error.kind()))
}

fn text_of(bytes: &[u8]) -> Result<Zeroizing<String>, Failure> {
    let text =
        std::str::from_utf8(bytes).map_err(|_| Failure::input("what was given is no text"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

async fn follow(node: &Node, line: Line, words: Passphrase, ui: &mut Ui) -> Result<(), Failure> {
    let mut joining = node.join(line, words).map_err(|error| refused(&error))?;
    loop {
        match joining.next().await.map_err(|error| refused(&error))? {
            Joined::Done(added) => {
                ui.waited();
                tell_added(&added, ui)?;
                ui.note(format_args!("they have your card now, and will be told"));
                return Ok(());
            }
            Joined::Found => ui.wait(format_args!("asking for the invitation (Ctrl-C stops)")),
            Joined::Again(_) => ui.detail(format_args!("trying again")),
            Joined::Trouble { at, error } => ui.detail(format_args!("{at}: {error}")),
            _ => {}
        }
    }
}

fn refused(error: &JoinError) -> Failure {
    let failure = failed(error, error.kind());
    match error {
        JoinError::Rendezvous(failure_there) => match failure_there.name() {
            "no_invitation" => failure
                .text("no invitation for these words in this bucket")
                .hint(
                    "mistyped, expired, or not left yet: compare the words with whoever sent them",
                ),
            "no_such_bucket" => failure.hint("ask for a new invitation; a bucket lasts two days"),
            "away" | "busy" => {
                failure.hint("is the network there? `entrenous doctor`; then try again")
            }
            _ => failure,
        },
        JoinError::Gone => failure.hint("ask for a new one"),
        JoinError::TooLate => failure.hint("send them your card: `entrenous id --card`"),
        JoinError::Open(_) | JoinError::Check(_) => {
            failure.hint("do not use it; ask for a new one, on another channel")
        }
        JoinError::Call(call) => away(call, failure, "then try again: it goes on where this ended"),
        JoinError::Add(AddError::Own) => failure
            .text("this is your own invitation")
            .hint("pass the line on to somebody else"),
        JoinError::Add(add) => not_added(add),
        _ => failure,
    }
}

const EXAMPLES: &str = "\
Examples:
  entrenous join                              asks for line and words
  entrenous join - < line                     line and words in one text
  entrenous join - --words-file words < line  line and words came apart";

const NOTES: &str = "\
The words may be typed with spaces or dashes, in any case, by their first three
letters, and with one letter wrong. Both of you then hold each other's contact
card; the inviter is told, now or when they are back. You need no server.

If it is cut, do it again: it goes on where it ended, and uses nothing up twice.

Exit code 1: nothing opens, or the invitation is used up; 3: a server is away;
4: what lies there is not what it should be.";
