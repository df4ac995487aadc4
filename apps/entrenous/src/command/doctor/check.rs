use kernel::Kind;

use crate::failure::{Failure, Why};
use crate::ui::Tone;

/// What one look came to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Check {
    /// One or two words.
    pub(super) name: String,
    pub(super) verdict: Verdict,
    /// What was seen: lower case, no period.
    pub(super) text: String,
    /// The next step.
    pub(super) hint: Option<String>,
    /// Whose turn it is if it fails.
    pub(super) kind: Kind,
}

/// How good it is, the best first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Verdict {
    Ok,
    /// Good to know; nothing is wrong.
    Info,
    Warn,
    Fail,
}

impl Check {
    pub(super) fn ok(name: &str, text: impl Into<String>) -> Self {
        Self::new(Verdict::Ok, name, text)
    }

    pub(super) fn info(name: &str, text: impl Into<String>) -> Self {
        Self::new(Verdict::Info, name, text)
    }

    pub(super) fn warn(name: &str, text: impl Into<String>) -> Self {
        Self::new(Verdict::Warn, name, text)
    }

    /// Something that the person can mend.
    pub(super) fn fail(name: &str, text: impl Into<String>) -> Self {
        Self::new(Verdict::Fail, name, text)
    }

    /// Something that is away.
    pub(super) fn away(name: &str, text: impl Into<String>) -> Self {
        let check = Self::new(Verdict::Fail, name, text);
        let kind = Kind::Unavailable;
        Self { kind, ..check }
    }

    /// A failure of something that other commands do as well.
    pub(super) fn refused(name: &str, failure: &Failure) -> Self {
        let check = Self::new(Verdict::Fail, name, &*failure.text);
        let kind = match failure.why {
            Why::Kind(kind) => kind,
            _ => Kind::BadInput,
        };
        let hint = failure.hint.clone();
        Self {
            hint,
            kind,
            ..check
        }
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn is_failed(&self) -> bool {
        self.verdict == Verdict::Fail
    }

    /// As a person reads it.
    pub(super) fn row(&self) -> [String; 3] {
        let text = match &self.hint {
            Some(hint) => format!("{}; {hint}", self.text),
            None => self.text.clone(),
        };
        [self.verdict.name().to_owned(), self.name.clone(), text]
    }

    fn new(verdict: Verdict, name: &str, text: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            verdict,
            text: text.into(),
            hint: None,
            kind: Kind::BadInput,
        }
    }
}

impl Verdict {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }

    pub(super) const fn tone(self) -> Tone {
        match self {
            Self::Ok => Tone::Good,
            Self::Info => Tone::Plain,
            Self::Warn => Tone::Doubtful,
            Self::Fail => Tone::Bad,
        }
    }
}
