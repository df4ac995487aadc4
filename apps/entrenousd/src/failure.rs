use std::process::ExitCode;

use kernel::Kind;

/// Why a command ends without success: what happened, what to do, and the exit code.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Failure {
    pub(crate) text: String,
    pub(crate) hint: Option<String>,
    pub(crate) why: Why,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Why {
    Kind(Kind),
    /// A second signal cut the orderly stop short.
    Interrupted,
}

impl Failure {
    pub(crate) fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            hint: None,
            why: Why::Kind(kind),
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn interrupted() -> Self {
        Self {
            text: "stopped without waiting for requests to end".into(),
            hint: None,
            why: Why::Interrupted,
        }
    }

    pub(crate) const fn kind_name(&self) -> &'static str {
        match self.why {
            Why::Kind(kind) => kind.name(),
            Why::Interrupted => "interrupted",
        }
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self.why {
            Why::Kind(Kind::BadInput) => 1,
            Why::Kind(Kind::Unavailable) => 3,
            Why::Kind(Kind::PeerMisbehaved) => 4,
            Why::Kind(Kind::Exhausted) => 5,
            Why::Kind(Kind::Bug) => 70,
            Why::Interrupted => 130,
        })
    }
}
