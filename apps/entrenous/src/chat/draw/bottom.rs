//! What is below a conversation: notices, commands, what is typed, the status.

use ratatui_core::layout::Rect;

use super::super::calls::{Call, CallState};
use super::super::editor::Editor;
use super::super::happened::{Mode, Retry, Standing};
use super::super::layout::{self, typed_columns};
use super::super::rows::Tone;
use super::super::screen::{Focus, Screen, offered as commands};
use super::super::text;
use super::pen::Pen;
use super::talk::{dash, standing_words};

/// What the program says.
pub(super) fn notice(screen: &Screen, area: Rect, pen: &mut Pen<'_>) {
    let Some(text) = layout::notice(screen) else {
        return;
    };
    let is_trouble = text.starts_with('!');
    let tone = if is_trouble { Tone::Bad } else { Tone::Bold };
    let width = usize::from(area.width);
    let rows = text::wrap(&text, width);
    let last = usize::from(area.height).saturating_sub(1);
    let is_cut = rows.len() > usize::from(area.height);
    for (y, row) in rows.into_iter().enumerate() {
        let mut row = text.get(row).unwrap_or_default().to_owned();
        if is_cut && y == last {
            row = format!("{}..", text::fit(&row, width.saturating_sub(2), ""));
        }
        pen.row(area, y, &[(row, tone)]);
    }
}

/// Commands that what is typed can become.
pub(super) fn offered(screen: &Screen, area: Rect, pen: &mut Pen<'_>) {
    let all = commands(screen.input.text());
    for (y, (name, argument, what)) in all.into_iter().enumerate() {
        let usage = text::pad(&format!("/{name} {argument}"), 20);
        let row = [(usage, Tone::Bold), (what.to_owned(), Tone::Dim)];
        pen.row(area, y, &row);
    }
}

/// Above what is typed: to whom it goes, and how far it is certain who that is.
pub(super) fn rule(screen: &Screen, area: Rect, pen: &mut Pen<'_>) {
    let standing = screen.open.map(|key| screen.standing(key));
    let dash = dash(standing, pen.is_ascii());
    let line = dash.repeat(area.width.into());
    let (words, tone) = match (&screen.search, screen.too_long(), screen.open) {
        (Some(search), ..) => (format!("find: {}", search.standing()), Tone::Bold),
        (None, Some(beyond), _) => (format!("{beyond} bytes TOO LONG"), Tone::Bad),
        (None, None, _) if screen.is_command() => match commands(screen.input.text()).len() {
            0 => ("no such command (// says a /)".to_owned(), Tone::Doubtful),
            1 => ("a command (Tab completes)".to_owned(), Tone::Bold),
            all => (format!("one of {all} commands (Tab completes)"), Tone::Bold),
        },
        (None, None, None) => ("nobody to talk to".to_owned(), Tone::Dim),
        (None, None, Some(key)) => {
            let name = text::fit(screen.name(key), NAME, "~");
            match screen.standing(key) {
                Standing::Verified => (format!("to {name}"), Tone::Good),
                Standing::NotVerified => (format!("not verified: to {name}"), Tone::Doubtful),
            }
        }
    };
    let row = [
        (format!("{dash} "), tone),
        (format!("{words} "), tone),
        (line, tone),
    ];
    pen.row(area, 0, &row);
}

/// What is typed, and where the cursor is in it.
pub(super) fn input(screen: &Screen, area: Rect, pen: &mut Pen<'_>) -> Option<(u16, u16)> {
    let (editor, prompt) = match &screen.search {
        Some(search) => (&search.editor, "/ "),
        None => (&screen.input, "> "),
    };
    let is_here = screen.search.is_some() || screen.focus == Focus::Input;
    let cursor = typed(editor, prompt, area, pen);
    cursor.filter(|_| is_here)
}

/// The rows of `editor` in `area` with the one that has the cursor, behind `prompt`.
pub(super) fn typed(
    editor: &Editor,
    prompt: &str,
    area: Rect,
    pen: &mut Pen<'_>,
) -> Option<(u16, u16)> {
    let rows = editor.rows(typed_columns(area.width));
    let height = usize::from(area.height);
    let first = rows.row.saturating_add(1).saturating_sub(height);
    for (y, row) in rows.rows.into_iter().skip(first).take(height).enumerate() {
        let prompt = if y == 0 && first == 0 { prompt } else { "  " };
        let text = editor.text().get(row).unwrap_or_default();
        let row = [
            (prompt.to_owned(), Tone::Bold),
            (text.to_owned(), Tone::Plain),
        ];
        pen.row(area, y, &row);
    }
    let x = u16::try_from(rows.column.saturating_add(2)).ok()?;
    let y = u16::try_from(rows.row.saturating_sub(first)).ok()?;
    Some((area.x.saturating_add(x), area.y.saturating_add(y)))
}

/// The call, how certain it is who is there, what waits; at the right, where help is.
pub(super) fn status(screen: &Screen, area: Rect, pen: &mut Pen<'_>) {
    let mut parts = Vec::new();
    match screen.asks.len() {
        0 => {}
        asks => parts.push((format!("[F2: {asks} to decide] "), Tone::Bold)),
    }
    let help = match screen.people.unread_but(screen.open) {
        0 => " F1 help".to_owned(),
        unread => format!(" {unread} new, F1 help"),
    };
    let (call, tone) = call(screen);
    parts.push((call, tone));
    let right = u16::try_from(text::width(&help)).unwrap_or_default();
    let right = area.width.saturating_sub(right);
    let left = Rect::new(area.x, area.y, right, area.height);
    pen.row(left, 0, &parts);
    pen.row_at(area, right, 0, &[(help, Tone::Dim)]);
}

fn call(screen: &Screen) -> (String, Tone) {
    let theirs = screen.open.and_then(|key| screen.calls.with(key));
    let Some((_, call)) = theirs.or_else(|| screen.calls.nameless()) else {
        return ("no call".to_owned(), Tone::Dim);
    };
    let standing = call.with.map(|key| standing_words(screen.standing(key)).0);
    let standing = standing.unwrap_or("unknown");
    match &call.state {
        CallState::Calling => (format!("calling {}", call.path), Tone::Doubtful),
        CallState::Reached => {
            let text = "waiting for them to take the call (/hangup stops)";
            (text.to_owned(), Tone::Doubtful)
        }
        CallState::Deciding => ("waiting for a decision".to_owned(), Tone::Doubtful),
        CallState::Going => {
            let mode = mode(call);
            (format!("{standing}, {mode}, {}", call.path), Tone::Plain)
        }
        CallState::Lost { retry: None, .. } => {
            ("LOST: waiting for them to call".to_owned(), Tone::Bad)
        }
        CallState::Lost {
            retry: Some(retry),
            since_ms,
        } => {
            let Retry {
                number,
                of,
                after_s,
            } = retry;
            let since_s = screen.now_ms.saturating_sub(*since_ms) / 1_000;
            let text = match after_s.saturating_sub(since_s) {
                0 => format!("LOST: calling again ({number} of {of})"),
                left_s => format!("LOST: again in {left_s} s ({number} of {of})"),
            };
            (text, Tone::Bad)
        }
    }
}

const fn mode(call: &Call) -> &'static str {
    match call.mode {
        Some(Mode::Kamune) => "Kamune",
        Some(Mode::Ours {
            is_post_quantum: true,
        }) => "PQ ratchet",
        Some(Mode::Ours {
            is_post_quantum: false,
        }) => "ratchet, not PQ",
        None => "opening",
    }
}

/// Columns of a name above what is typed.
const NAME: usize = 16;
