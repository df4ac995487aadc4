//! A terminal that gives each key at once.

use std::io::{self, Write};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

/// Keys come one at a time and do not show; what is pasted says so. Until this is dropped, however the
/// question ends; Ctrl-C stays a signal, so that it is heard where all others are.
#[derive(Debug)]
pub(crate) struct Raw(Termios);

impl Raw {
    pub(super) fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        let line = LocalModes::ECHO | LocalModes::ICANON | LocalModes::IEXTEN;
        raw.local_modes.remove(line);
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        // Keys that stop the program where it stands, without a chance to put the terminal back.
        raw.special_codes[SpecialCodeIndex::VSUSP] = DISABLED;
        raw.special_codes[SpecialCodeIndex::VQUIT] = DISABLED;
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        tell(PASTES_MARKED);
        Ok(Self(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        tell(PASTES_PLAIN);
        // A terminal that is gone needs no modes.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// A terminal that does not know it ignores it.
fn tell(sequence: &str) {
    let mut terminal = io::stderr().lock();
    let _ = terminal
        .write_all(sequence.as_bytes())
        .and_then(|()| terminal.flush());
}

const PASTES_MARKED: &str = "\x1b[?2004h";
const PASTES_PLAIN: &str = "\x1b[?2004l";
/// `_POSIX_VDISABLE`
#[cfg(any(target_os = "linux", target_os = "android"))]
const DISABLED: u8 = 0;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const DISABLED: u8 = 0xff;
