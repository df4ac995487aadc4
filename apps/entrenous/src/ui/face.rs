//! What a stream leads to.

use anstyle::Style;

use crate::args::When;

/// What one stream leads to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Face {
    pub(super) terminal: bool,
    pub(super) color: bool,
}

impl Face {
    pub(super) fn new(terminal: bool, when: When) -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let color = match when {
            When::Always => true,
            When::Never => false,
            When::Auto if set("NO_COLOR") => false,
            When::Auto if std::env::var_os("CLICOLOR_FORCE").is_some_and(|v| v != "0") => true,
            When::Auto => terminal && std::env::var_os("TERM").is_none_or(|term| term != "dumb"),
        };
        Self { terminal, color }
    }

    pub(super) fn style(self, style: Style) -> Style {
        if self.color { style } else { Style::new() }
    }

    pub(super) fn bold(self) -> Style {
        self.style(Style::new().bold())
    }
}

/// Columns and rows of the terminal behind `stream`, if it is one that says.
#[cfg(unix)]
pub(super) fn size(stream: impl std::os::fd::AsFd) -> Option<(usize, usize)> {
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    match (size.ws_col.into(), size.ws_row.into()) {
        (0, _) | (_, 0) => None,
        size => Some(size),
    }
}

#[cfg(not(unix))]
pub(super) fn size<S>(_stream: S) -> Option<(usize, usize)> {
    None
}
