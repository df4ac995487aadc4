//! Questions to a person at a terminal. What they ask for always has a flag as well.

#[cfg(unix)]
mod bytes;
mod editor;
mod keys;
mod words;

use std::io;
use std::time::Duration;

use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::stop::Stop;
use crate::ui::Ui;
pub(crate) use editor::Accept;
pub(crate) use editor::Typed;
pub(crate) use words::{Question, words};

/// Asks for a line that does not appear on the screen. `flag` is what to use without a terminal.
pub(crate) async fn hidden(
    ui: &mut Ui,
    stop: &mut Stop,
    label: &str,
    flag: &str,
) -> Result<Zeroizing<String>, Failure> {
    // Off before the question appears: whoever types fast would see the first letters.
    let _echo = if ui.can_ask() { echo::off() } else { None };
    ask(ui, stop, label, flag, rpassword::read_password).await
}

/// Asks for a line.
pub(crate) async fn line(
    ui: &mut Ui,
    stop: &mut Stop,
    label: &str,
    flag: &str,
) -> Result<Zeroizing<String>, Failure> {
    ask(ui, stop, label, flag, read_line).await
}

async fn ask(
    ui: &mut Ui,
    stop: &mut Stop,
    label: &str,
    flag: &str,
    read: fn() -> io::Result<String>,
) -> Result<Zeroizing<String>, Failure> {
    if !ui.can_ask() {
        return Err(nobody(label, flag));
    }
    ui.ask(&format!("{label}:"));
    let mut answer = tokio::task::spawn_blocking(move || read().map(Zeroizing::new));
    let answer = tokio::select! {
        () = stop.wanted() => {
            // A hidden prompt hears Ctrl-C itself, and then puts the terminal back.
            let _ = timeout(SETTLE, &mut answer).await;
            None
        }
        answer = &mut answer => Some(answer),
    };
    match answer {
        Some(Ok(Ok(answer))) => Ok(answer),
        Some(Ok(Err(error))) if error.kind() != io::ErrorKind::Interrupted => {
            ui.end_line();
            Err(Failure::input("no answer")
                .hint(format!("or use `{flag}`"))
                .because(&error))
        }
        _ => {
            ui.end_line();
            Err(Failure::interrupted())
        }
    }
}

fn nobody(label: &str, flag: &str) -> Failure {
    let what = label.split(" (").next().unwrap_or(label).to_lowercase();
    Failure::usage(format!("no {what}, and nobody to ask for it"))
        .hint(format!("give it with `{flag}`"))
}

fn read_line() -> io::Result<String> {
    let mut line = String::new();
    if io::stdin().read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok(line)
}

/// For a prompt that was interrupted to put the terminal back.
const SETTLE: Duration = Duration::from_millis(200);

/// The terminal's habit of showing what is typed.
#[cfg(unix)]
mod echo {
    use std::io;

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    /// Echo is off until this is dropped, however the question ends.
    pub(super) struct Off(Termios);

    /// `None` if the terminal cannot; then what is typed is hidden a moment later.
    pub(super) fn off() -> Option<Off> {
        let before = tcgetattr(io::stdin()).ok()?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Now, &hidden).ok()?;
        Some(Off(before))
    }

    impl Drop for Off {
        fn drop(&mut self) {
            // A terminal that is gone needs no echo.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
        }
    }
}

#[cfg(not(unix))]
mod echo {
    pub(super) fn off() -> Option<()> {
        None
    }
}
