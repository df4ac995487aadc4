//! The only place that prints. stdout carries results, stderr carries talk.

mod asking;
mod bottom;
mod face;
pub(crate) mod filter;
pub(crate) mod json;
#[cfg(unix)]
mod raw;
mod size;
mod spoken;
mod table;

use std::fmt::Arguments;
use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::args::Global;
use crate::event::Event;
use crate::failure::{Failure, Why};
use bottom::Bottom;
use face::Face;
use filter::Shown;
pub(crate) use size::size;
pub(crate) use spoken::written;
pub(crate) use table::Tone;

/// Where everything goes that a person or a program reads.
#[derive(Debug)]
pub(crate) struct Ui {
    json: bool,
    talk: Talk,
    no_input: bool,
    out: Face,
    err: Face,
    /// What is below everything else on the screen now.
    bottom: Bottom,
}

/// How much is said on stderr.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Talk {
    Little,
    Normal,
    Much,
}

/// How a part of a story is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Voice {
    Plain,
    Title,
}

/// What there is to draw on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Canvas {
    /// Columns and rows, if it is a terminal that says.
    pub(crate) size: Option<(usize, usize)>,
    pub(crate) color: bool,
}

impl Ui {
    pub(crate) fn new(global: &Global) -> Self {
        Self {
            json: global.json,
            talk: match (global.quiet || global.json, global.verbose) {
                (true, _) => Talk::Little,
                (false, true) => Talk::Much,
                (false, false) => Talk::Normal,
            },
            no_input: global.no_input,
            out: Face::new(io::stdout().is_terminal(), global.color),
            err: Face::new(io::stderr().is_terminal(), global.color),
            bottom: Bottom::default(),
        }
    }

    /// Whether stdout is one JSON object per line.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Tells programs; says nothing to people. `event` becomes an object with `event` in it: an
    /// [`Event`], or a struct of its own.
    pub(crate) fn event(&mut self, event: &impl Serialize) -> Result<(), Failure> {
        if !self.json {
            return Ok(());
        }
        let line = json::line(event).map_err(|error| closed(&error))?;
        self.write_out(&line)
    }

    /// Shows result number `number`: what somebody else wrote.
    pub(crate) fn message(&mut self, number: usize, payload: &[u8]) -> Result<(), Failure> {
        if self.json {
            return self.event(&Event::Match {
                number,
                payload,
                text: std::str::from_utf8(payload).ok(),
                at: crate::event::now(),
            });
        }
        let lines = match filter::show(payload) {
            Shown::Text(lines) => lines,
            Shown::Hex(hex) => {
                self.note(format_args!(
                    "message {number} is not text; shown in hexadecimal"
                ));
                vec![hex]
            }
        };
        let text = match self.out.terminal {
            true => framed(number, &lines, self.out.bold()),
            false => format!("{}\n", lines.join("\\n")),
        };
        self.write_out(text.as_bytes())
    }

    /// Writes a result as it is, whatever the mode: a completion script.
    pub(crate) fn print(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.write_out(bytes)
    }

    /// Shows a result: `text`, whole lines of our own making, to people, `event` to programs.
    pub(crate) fn show(&mut self, text: &str, event: &impl Serialize) -> Result<(), Failure> {
        match self.json {
            true => self.event(event),
            false => self.write_out(text.as_bytes()),
        }
    }

    /// Shows a result as rows of cells under each other, made harmless. Programs get events instead.
    pub(crate) fn table<const N: usize>(&mut self, rows: &[[String; N]]) -> Result<(), Failure> {
        self.table_in_tones(rows, &[])
    }

    /// The same, with the first cell of each row in a tone; the words must say it all.
    pub(crate) fn table_in_tones<const N: usize>(
        &mut self,
        rows: &[[String; N]],
        tones: &[Tone],
    ) -> Result<(), Failure> {
        if self.json {
            return Ok(());
        }
        let styles: Vec<_> = tones
            .iter()
            .map(|tone| self.out.style(tone.style()))
            .collect();
        let columns = self.out.terminal.then(|| self.columns());
        let text = table::lines(rows, &styles, columns);
        self.write_out(text.as_bytes())
    }

    /// How stdout can show a picture made of characters.
    pub(crate) fn canvas(&self) -> Canvas {
        Canvas {
            size: face::size(io::stdout()).filter(|_| self.out.terminal),
            color: self.out.color,
        }
    }

    /// Tells people a part of a story, as a result; programs get events instead.
    pub(crate) fn tell(&mut self, voice: Voice, text: &str) -> Result<(), Failure> {
        if self.json {
            return Ok(());
        }
        let style = match voice {
            Voice::Plain => Style::new(),
            Voice::Title => self.out.bold(),
        };
        self.write_out(format!("{style}{text}{style:#}").as_bytes())
    }

    /// Says something on stderr.
    pub(crate) fn note(&mut self, text: Arguments<'_>) {
        if self.talk >= Talk::Normal {
            self.say(Style::new(), "", text);
        }
    }

    /// Says something that only `--verbose` wants to know.
    pub(crate) fn detail(&mut self, text: Arguments<'_>) {
        if self.talk >= Talk::Much {
            self.say(Style::new().dimmed(), "", text);
        }
    }

    /// Writes an entry of a log to stderr, as JSON, unless little is to be said.
    pub(crate) fn log(&mut self, entry: &impl Serialize) {
        if self.talk == Talk::Little && !self.json {
            return;
        }
        if let Ok(line) = json::line(entry) {
            Self::write_err(&String::from_utf8_lossy(&line));
        }
    }

    /// Says what the person may want to change; a program hears it as an event.
    pub(crate) fn warn(&mut self, text: &str) -> Result<(), Failure> {
        if self.json {
            return self.event(&Event::Warning { text });
        }
        self.say(
            AnsiColor::Yellow.on_default(),
            "warning: ",
            format_args!("{text}"),
        );
        Ok(())
    }

    /// Shows `text` as the waiting line, instead of the one before. Only a terminal has one.
    pub(crate) fn wait(&mut self, text: Arguments<'_>) {
        if !self.err.terminal || self.talk < Talk::Normal {
            return;
        }
        let line = Bottom::waiting(&text.to_string(), self.err);
        if !line.shows_the_same(&self.bottom) {
            self.erase();
            self.bottom = line;
            self.draw();
        }
    }

    /// Whether waiting lines are drawn; if not, what changes is worth a note.
    pub(crate) fn shows_waiting(&self) -> bool {
        self.err.terminal && self.talk >= Talk::Normal
    }

    /// Takes the waiting line away.
    pub(crate) fn waited(&mut self) {
        self.erase();
        self.bottom = Bottom::default();
    }

    /// The last words of a command that did not do what was asked for.
    pub(crate) fn fail(&mut self, failure: &Failure) {
        self.waited();
        if failure.why == Why::Closed {
            return;
        }
        if self.json {
            // If even that cannot be written, the exit code still tells.
            let _ = self.event(&Event::error(failure));
            return;
        }
        if failure.why == Why::Interrupted {
            return self.say(Style::new(), "", format_args!("{}", failure.text));
        }
        let red = AnsiColor::Red.on_default().bold();
        self.say(red, "error: ", format_args!("{}", failure.text));
        if self.talk >= Talk::Much {
            for cause in &failure.causes {
                let cause = filter::harmless(cause);
                self.say(Style::new().dimmed(), "cause: ", format_args!("{cause}"));
            }
        }
        if let Some(hint) = &failure.hint {
            self.say(
                AnsiColor::Cyan.on_default(),
                "hint: ",
                format_args!("{hint}"),
            );
        }
    }

    fn say(&mut self, style: Style, word: &str, text: Arguments<'_>) {
        self.erase();
        let style = self.err.style(style);
        // Parts of it may be of a server's or a peer's choice.
        let text = filter::harmless(&text.to_string());
        // A plain note is coloured as a whole, a labelled one in its label.
        let line = match word {
            "" => format!("entrenous: {style}{text}{style:#}\n"),
            word => format!("entrenous: {style}{word}{style:#}{text}\n"),
        };
        Self::write_err(&line);
        self.draw();
    }

    fn write_out(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.erase();
        let mut out = io::stdout().lock();
        out.write_all(bytes)
            .and_then(|()| out.flush())
            .map_err(|error| closed(&error))?;
        self.draw();
        Ok(())
    }

    fn draw(&self) {
        if !self.bottom.is_empty() {
            Self::write_err(&self.bottom.draw());
        }
    }

    fn erase(&self) {
        if !self.bottom.is_empty() {
            Self::write_err(&self.bottom.erase());
        }
    }

    fn columns(&self) -> usize {
        let size = match self.out.terminal {
            true => face::size(io::stdout()),
            false => face::size(io::stderr()),
        };
        size.map_or(USUAL, |(columns, _)| columns)
    }

    /// Talk that cannot be heard is no reason to stop.
    fn write_err(text: &str) {
        let mut err = io::stderr().lock();
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }
}

/// Writes to stdout, for whoever makes all of it.
pub(crate) fn write(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush())
}

/// Says in JSON that the arguments are wrong, before there is a [`Ui`]. `text` is clap's.
pub(crate) fn refuse_arguments(text: &str) {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let failure = Failure::usage(first.trim_start_matches("error: "))
        .hint("`entrenous --help` shows the arguments");
    if let Ok(line) = json::line(&Event::error(&failure)) {
        // If even that cannot be written, the exit code still tells.
        let _ = io::stdout().lock().write_all(&line);
    }
}

/// A message for people: its number once, and a bar on every row, which nobody's text can forge.
fn framed(number: usize, lines: &[String], bold: Style) -> String {
    let mut text = String::new();
    let mut label = format!("{number:>3}");
    let rows = lines.iter().flat_map(|line| filter::rows(line, COLUMNS));
    let empty = lines.is_empty().then(String::new);
    for row in rows.chain(empty) {
        text.push_str(&format!("{bold}{label}{bold:#} | {row}\n"));
        "   ".clone_into(&mut label);
    }
    text
}

/// Nobody reads our output any more; that is an end like any other, unless the disk is full.
fn closed(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::closed(),
        _ => Failure::input("results cannot be written")
            .hint("is the disk behind stdout full?")
            .because(error),
    }
}

/// Columns of a terminal that does not say how many it has.
const USUAL: usize = 80;
/// Width of a message on a terminal, without number and bar.
const COLUMNS: usize = 72;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_a_message_begins_with_the_bar() {
        let lines = [
            "x".repeat(COLUMNS + 1),
            "entrenous: error: not ours".to_owned(),
        ];
        let shown = framed(2, &lines, Style::new());
        let rows: Vec<_> = shown.lines().collect();
        assert_eq!(rows.len(), 3);
        assert!(rows[0].starts_with("  2 | x"), "{shown}");
        assert!(
            rows[1..].iter().all(|row| row.starts_with("    | ")),
            "{shown}"
        );
    }

    #[test]
    fn an_empty_message_still_has_a_row() {
        assert_eq!(framed(1, &[], Style::new()), "  1 | \n");
    }
}
