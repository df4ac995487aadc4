//! The part of [`Ui`] that shows what somebody says in a call.

use anstyle::Style;
use node::call::Message;
use node::{Line, Side, Standing};

use super::filter::{self, Shown};
use super::{USUAL, Ui, face};
use crate::event::{ConversationShown, LineShown, MessageCame, rfc3339};
use crate::failure::Failure;

impl Ui {
    /// Shows what `name` said, as a result.
    pub(crate) fn spoken(&mut self, name: &str, message: &Message) -> Result<(), Failure> {
        if self.json {
            return self.event(&MessageCame::new(name, message));
        }
        let name = filter::name(name);
        let shown = match self.out.terminal {
            true => filter::show(&message.text),
            false => filter::show_all(&message.text),
        };
        let lines = match shown {
            Shown::Text(lines) => lines,
            Shown::Hex(hex) => {
                self.note(format_args!(
                    "this message of {name} is not text; shown in hexadecimal"
                ));
                vec![hex]
            }
        };
        let text = match self.out.terminal {
            true => {
                let columns = face::size(std::io::stdout()).map_or(USUAL, |(columns, _)| columns);
                rows(&name, &lines, columns, self.out.bold())
            }
            false => format!("{name}: {}\n", lines.join("\\n")),
        };
        self.write_out(text.as_bytes())
    }
}

impl Ui {
    /// Shows a line of what was said with `name`, as a result.
    pub(crate) fn line(&mut self, name: &str, line: &Line) -> Result<(), Failure> {
        if self.json {
            return self.event(&LineShown::new(name, line));
        }
        if !self.out.terminal {
            let text = format!("{}\n", written(name, line));
            return self.write_out(text.as_bytes());
        }
        let columns = face::size(std::io::stdout()).map_or(USUAL, |(columns, _)| columns);
        let head = head(name, line);
        let text = rows(&head, &texts(&line.text), columns, self.out.bold());
        self.write_out(text.as_bytes())
    }

    /// Shows how much was said with somebody, as a result.
    pub(crate) fn conversation(&mut self, shown: &ConversationShown<'_>) -> Result<(), Failure> {
        let name = filter::name(shown.name);
        let mut text = format!("{name}: {} lines", shown.lines);
        if shown.unseen > 0 {
            text.push_str(&format!(", {} not seen", shown.unseen));
        }
        if shown.waiting > 0 {
            text.push_str(&format!(", {} wait to be sent", shown.waiting));
        }
        text.push('\n');
        self.show(&text, shown)
    }
}

/// A line of what was said with `name`, in one row.
pub(crate) fn written(name: &str, line: &Line) -> String {
    let text = texts(&line.text).join("\\n");
    format!("{}: {text}", head(name, line))
}

/// When, by whom, and how far it is.
fn head(name: &str, line: &Line) -> String {
    let who = match line.side {
        Side::Own => "you".to_owned(),
        Side::Theirs => filter::name(name),
    };
    let standing = match (line.side, line.standing) {
        (Side::Own, Standing::Waiting) => " (waits)",
        (Side::Own, Standing::Sent) => " (sent)",
        _ => "",
    };
    format!("{} {who}{standing}", rfc3339(line.written))
}

fn texts(payload: &[u8]) -> Vec<String> {
    match filter::show_all(payload) {
        Shown::Text(lines) => lines,
        Shown::Hex(hex) => vec![hex],
    }
}

/// A message for people: behind the name if it fits there, else below it, with a bar on every row, which
/// nobody's text can forge.
fn rows(name: &str, lines: &[String], columns: usize, bold: Style) -> String {
    let width = |text: &str| text.chars().map(filter::width).sum::<usize>();
    let line = match lines {
        [] => Some(""),
        [line] => Some(line.as_str()),
        _ => None,
    };
    let used = width(name).saturating_add(2);
    if let Some(line) = line.filter(|line| used.saturating_add(width(line)) < columns) {
        return format!("{bold}{name}:{bold:#} {line}\n");
    }
    let mut text = format!("{bold}{name}:{bold:#}\n");
    let room = columns.saturating_sub(5).max(1);
    for row in lines.iter().flat_map(|line| filter::rows(line, room)) {
        text.push_str(&format!("  | {row}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_of_a_message_begins_as_one_of_ours() {
        let plain = |lines: &[&str]| {
            let lines: Vec<_> = lines.iter().map(|line| (*line).to_owned()).collect();
            rows("\"Bob\"", &lines, 30, Style::new())
        };
        assert_eq!(plain(&["hello"]), "\"Bob\": hello\n");
        assert_eq!(plain(&[]), "\"Bob\": \n");
        let fits = "x".repeat(22);
        assert_eq!(plain(&[&fits]), format!("\"Bob\": {fits}\n"));
        let long = format!("{fits}x entrenous: error: not ours");
        for shown in [
            plain(&[&long]),
            plain(&["hi", "entrenous: error: not ours"]),
        ] {
            let mut rows = shown.lines();
            assert_eq!(rows.next(), Some("\"Bob\":"));
            let rows: Vec<_> = rows.collect();
            assert!(rows.len() >= 2, "{shown}");
            for row in rows {
                assert!(
                    row.starts_with("  | ") && row.chars().count() < 30,
                    "{shown}"
                );
            }
        }
    }
}
