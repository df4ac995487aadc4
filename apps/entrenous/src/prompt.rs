//! Questions to a person at a terminal. What they ask for always has a flag as well.

use std::io;

use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::stop::Stop;
use crate::ui::Ui;

/// Asks for a line that does not appear on the screen. `flag` is what to use without a terminal.
pub(crate) async fn hidden(
    ui: &mut Ui,
    stop: &mut Stop,
    label: &str,
    flag: &str,
) -> Result<Zeroizing<String>, Failure> {
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
        let what = label.to_lowercase();
        return Err(
            Failure::usage(format!("no {what}, and nobody to ask for it"))
                .hint(format!("give it with `{flag}`")),
        );
    }
    ui.ask(&format!("{label}:"));
    let answer = tokio::task::spawn_blocking(move || read().map(Zeroizing::new));
    let answer = tokio::select! {
        () = stop.wanted() => None,
        answer = answer => Some(answer),
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

fn read_line() -> io::Result<String> {
    let mut line = String::new();
    if io::stdin().read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok(line)
}
