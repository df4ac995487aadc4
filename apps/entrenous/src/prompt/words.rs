//! Asking for words of the list, with completion.

use crate::failure::Failure;
use crate::stop::Stop;
use crate::ui::Ui;

#[cfg(unix)]
use super::bytes::Bytes;
use super::editor::Accept;
#[cfg(unix)]
use super::editor::{Editor, Step};
use super::{Typed, nobody};

/// What is asked for, and what is taken as an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    /// Stands before the answer, without a colon: `Words (Tab completes)`.
    pub(crate) label: &'a str,
    /// What to use without a terminal: `--words-file PATH`.
    pub(crate) flag: &'a str,
    pub(crate) accept: Accept,
}

/// Asks for words, which show on the screen. The terminal is as before when this returns, fails or is
/// dropped.
#[cfg(unix)]
pub(crate) async fn words(
    ui: &mut Ui,
    stop: &mut Stop,
    question: &Question<'_>,
) -> Result<Typed, Failure> {
    let Question { label, flag, .. } = *question;
    if !ui.can_ask() {
        return Err(nobody(label, flag));
    }
    let no_keys = |error: std::io::Error| {
        Failure::unavailable("this terminal gives no keys")
            .hint(format!("use `{flag}`"))
            .because(&error)
    };
    let _raw = Ui::raw().map_err(no_keys)?;
    let bytes = Bytes::new().map_err(no_keys)?;
    let typed = tokio::select! {
        () = stop.wanted() => Err(Failure::interrupted()),
        typed = edit(ui, &bytes, question) => typed,
    };
    let phrase = typed.as_ref().ok().and_then(|typed| typed.phrase.as_ref());
    if let Some(phrase) = phrase {
        // As it was understood.
        ui.typing(label, &phrase.to_text());
    }
    ui.typed();
    typed
}

#[cfg(unix)]
async fn edit(ui: &mut Ui, bytes: &Bytes, question: &Question<'_>) -> Result<Typed, Failure> {
    let Question { label, flag, .. } = *question;
    let mut editor = Editor::new(question.accept);
    loop {
        ui.typing(label, &editor.shown());
        let step = bytes
            .next()
            .await
            .map_or(Step::End, |byte| editor.press(byte));
        match step {
            Step::Draw => {}
            Step::Say(text) => ui.remark(&text),
            Step::Done(typed) => return Ok(typed),
            Step::End => return Err(Failure::input("no answer").hint(format!("or use `{flag}`"))),
        }
    }
}

/// Asks for words; without completion, for which there is no code on this system.
#[cfg(not(unix))]
pub(crate) async fn words(
    ui: &mut Ui,
    stop: &mut Stop,
    question: &Question<'_>,
) -> Result<Typed, Failure> {
    use identity::words::Phrase;

    loop {
        let text = super::line(ui, stop, question.label, question.flag).await?;
        match (Phrase::read(&text), question.accept) {
            (Ok(phrase), _) => {
                let phrase = Some(phrase);
                return Ok(Typed { text, phrase });
            }
            (Err(_), Accept::Anything) if !text.trim().is_empty() => {
                return Ok(Typed { text, phrase: None });
            }
            (Err(error), _) => ui.remark(&error.to_string()),
        }
    }
}

#[cfg(all(test, unix))]
mod tests;
