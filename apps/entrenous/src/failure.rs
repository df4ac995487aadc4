use std::error::Error;
use std::process::ExitCode;

use kernel::Kind;

/// Why a command ends without what was asked for: what to show, and the exit code.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Failure {
    /// What is wrong: lower case, no period.
    pub(crate) text: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// Causes, outermost first; shown with `--verbose`.
    pub(crate) causes: Vec<String>,
    /// Chooses the exit code.
    pub(crate) why: Why,
}

/// Whose turn it is after a failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Why {
    /// The command was called wrongly.
    Usage,
    /// The person stopped it.
    Interrupted,
    /// Whoever read our output has read enough.
    Closed,
    /// Everything else, as the layers below say it.
    Kind(Kind),
}

impl Failure {
    pub(crate) fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self::because_of(Why::Kind(kind), text)
    }

    /// The arguments lack something, or contradict what is on stdin.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::because_of(Why::Usage, text)
    }

    /// The person can correct it.
    pub(crate) fn input(text: impl Into<String>) -> Self {
        Self::new(Kind::BadInput, text)
    }

    /// Network, server or peer is away; later may work.
    pub(crate) fn unavailable(text: impl Into<String>) -> Self {
        Self::new(Kind::Unavailable, text)
    }

    pub(crate) fn interrupted() -> Self {
        Self::because_of(Why::Interrupted, "stopped")
    }

    pub(crate) fn closed() -> Self {
        Self::because_of(Why::Closed, "output is closed")
    }

    /// Says it more precisely.
    #[must_use]
    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Keeps `error` and what it names as its sources, for `--verbose`.
    #[must_use]
    pub(crate) fn because(mut self, error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            if self.causes.last().unwrap_or(&self.text) != &text {
                self.causes.push(text);
            }
            next = error.source();
        }
        self
    }

    /// The one place where exit codes are chosen.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.why {
            Why::Closed => 0,
            Why::Kind(Kind::BadInput) => 1,
            Why::Usage => 2,
            Why::Kind(Kind::Unavailable) => 3,
            Why::Kind(Kind::PeerMisbehaved) => 4,
            Why::Kind(Kind::Exhausted) => 5,
            Why::Kind(Kind::Bug) => 70,
            Why::Interrupted => INTERRUPTED,
        })
    }

    /// The name of the cause in `--json` output.
    pub(crate) fn kind_name(&self) -> &'static str {
        match self.why {
            Why::Usage => "usage",
            Why::Interrupted => "interrupted",
            Why::Closed => "closed",
            Why::Kind(kind) => kind.name(),
        }
    }

    fn because_of(why: Why, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            hint: None,
            causes: Vec::new(),
            why,
        }
    }
}

/// What a layer below says, and what it says the caller can do.
pub(crate) fn failed(error: &(dyn Error + 'static), kind: Kind) -> Failure {
    Failure::new(kind, error.to_string()).because(error)
}

/// Exit code after Ctrl-C: 128 and the number of the signal, as shells have it.
pub(crate) const INTERRUPTED: u8 = 130;
