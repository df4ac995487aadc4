//! People, and the conversation with one of them.

use ratatui_core::layout::Rect;

use super::super::calls::{Call, CallState};
use super::super::happened::{Person, Standing};
use super::super::layout::shape;
use super::super::rows::Tone;
use super::super::screen::{Focus, Screen};
use super::super::text;
use super::pen::Pen;

/// Everybody: who is chosen (`>`), who is talked to, calls, how certain it is who they are, how much is new.
pub(super) fn people(screen: &Screen, area: Rect, pen: &mut Pen<'_>) {
    pen.clear(area);
    let bar = if pen.is_ascii() { "|" } else { "│" };
    let inner = area.width.saturating_sub(1);
    let list = screen.people.list();
    let is_here = screen.focus == Focus::People;
    let title = match is_here {
        true => format!("[People {}]", list.len()),
        false => format!("People {}", list.len()),
    };
    let title_tone = if is_here { Tone::Bold } else { Tone::Dim };
    pen.row(area, 0, &[(title, title_tone)]);
    let height = usize::from(area.height.saturating_sub(1)).max(1);
    let page = screen.people.at().checked_div(height).unwrap_or(0);
    let first = page.saturating_mul(height);
    let shown = list.iter().enumerate().skip(first).take(height);
    for (y, (at, person)) in shown.enumerate() {
        let is_chosen = at == screen.people.at();
        let row = person_row(screen, person, is_chosen, inner.into());
        let tone = match (is_chosen && is_here, person.unread) {
            (true, _) => Tone::Chosen,
            (false, 1..) => Tone::Bold,
            (false, 0) => Tone::Plain,
        };
        pen.row(area, y.saturating_add(1), &[(row, tone)]);
    }
    if list.is_empty() {
        pen.row(area, 1, &[("nobody yet".to_owned(), Tone::Dim)]);
        pen.row(area, 2, &[("/call LINK".to_owned(), Tone::Dim)]);
    }
    for y in 0..usize::from(area.height) {
        pen.row_at(area, inner, y, &[(bar.to_owned(), Tone::Dim)]);
    }
}

fn person_row(screen: &Screen, person: &Person, is_chosen: bool, columns: usize) -> String {
    let is_open = screen.open == Some(person.key);
    let mark = match (is_chosen, is_open) {
        (true, _) => ">",
        (false, true) => "=",
        (false, false) => " ",
    };
    let standing = match person.standing {
        Standing::Verified => "",
        Standing::NotVerified => "?",
    };
    let call = screen.calls.with(person.key);
    let call = call.map_or("", |(_, call)| call_mark(call, screen.settings.ascii));
    let unread = match person.unread {
        0 => String::new(),
        1..=999 => format!(" {}", person.unread),
        _ => " 999+".to_owned(),
    };
    let marks = format!("{standing}{call}{unread}");
    let room = columns
        .saturating_sub(2)
        .saturating_sub(text::width(&marks));
    let name = text::fit(
        &person.name,
        room,
        if screen.settings.ascii { "~" } else { "…" },
    );
    format!("{mark} {}{marks}", text::pad(&name, room))
}

const fn call_mark(call: &Call, is_ascii: bool) -> &'static str {
    match (&call.state, is_ascii) {
        (CallState::Going, true) => "*",
        (CallState::Going, false) => "●",
        (CallState::Lost { .. }, true) => "o",
        (CallState::Lost { .. }, false) => "○",
        (CallState::Calling | CallState::Reached | CallState::Deciding, true) => "~",
        (CallState::Calling | CallState::Reached | CallState::Deciding, false) => "◌",
    }
}

/// What the rules above and below the conversation are made of: they tell how certain it is who is there.
pub(super) const fn dash(standing: Option<Standing>, is_ascii: bool) -> &'static str {
    match (standing, is_ascii) {
        (Some(Standing::NotVerified), true) => "~",
        (Some(Standing::NotVerified), false) => "╌",
        (Some(Standing::Verified) | None, true) => "-",
        (Some(Standing::Verified) | None, false) => "─",
    }
}

pub(super) const fn standing_words(standing: Standing) -> (&'static str, Tone) {
    match standing {
        Standing::Verified => ("verified", Tone::Good),
        Standing::NotVerified => ("not verified", Tone::Doubtful),
    }
}

/// Who is talked to.
pub(super) fn head(screen: &Screen, area: Rect, pen: &mut Pen<'_>) {
    let standing = screen.open.map(|key| screen.standing(key));
    let dash = dash(standing, pen.is_ascii());
    let rule = dash.repeat(area.width.into());
    let Some((key, standing)) = screen.open.zip(standing) else {
        let row = [("nobody is open ".to_owned(), Tone::Dim), (rule, Tone::Dim)];
        return pen.row(area, 0, &row);
    };
    let (words, tone) = standing_words(standing);
    let room = usize::from(area.width)
        .saturating_sub(text::width(words))
        .saturating_sub(8);
    let name = text::fit(
        screen.name(key),
        room,
        if pen.is_ascii() { "~" } else { "…" },
    );
    let is_here = screen.focus == Focus::Talk;
    let name = if is_here { format!("[{name}]") } else { name };
    // What they are called comes last: no name can look like what is certain about it.
    let row = [
        (format!("{dash} {words}: "), tone),
        (format!("{name} "), Tone::Bold),
        (rule, tone),
    ];
    pen.row(area, 0, &row);
}

/// What was said.
pub(super) fn entries(screen: &Screen, area: Rect, pen: &mut Pen<'_>) {
    let Some(conversation) = screen.conversation() else {
        let lines = match screen.people.list().is_empty() {
            true => FIRST,
            false => WELCOME,
        };
        let rows = lines.into_iter().flat_map(|line| {
            let rows = text::wrap(line, area.width.into()).into_iter();
            rows.map(|row| line.get(row).unwrap_or_default().to_owned())
        });
        for (y, row) in rows.enumerate() {
            pen.row(area, y, &[(row, Tone::Dim)]);
        }
        return;
    };
    let shape = shape(screen, area.width);
    let count = |before: Option<&_>, entry: &_| shape.count(before, entry);
    let mut rows = Vec::new();
    for (before, entry, first, taken) in conversation.visible(area.height.into(), &count) {
        let all = shape.rows(before, entry).into_iter();
        rows.extend(all.skip(first).take(taken));
    }
    if rows.is_empty() {
        let text = match conversation.is_empty() {
            true => "nothing was said yet",
            false if conversation.is_loading() => "loading",
            false => "",
        };
        return pen.row(area, 0, &[(text.to_owned(), Tone::Dim)]);
    }
    // What is there stands at the bottom.
    let above = usize::from(area.height).saturating_sub(rows.len());
    for (y, row) in rows.iter().enumerate() {
        pen.row(area, above.saturating_add(y), row);
    }
}

const WELCOME: [&str; 4] = [
    "Tab chooses somebody, Enter opens.",
    "/call LINK calls somebody new.",
    "/address shows your link, for others to call.",
    "F1 shows all keys and commands.",
];
/// As long as nobody is known.
const FIRST: [&str; 4] = [
    "Nobody is known here yet.",
    "/address shows your link: give it to somebody.",
    "/call LINK calls whoever gave you theirs.",
    "F1 shows all keys and commands.",
];
