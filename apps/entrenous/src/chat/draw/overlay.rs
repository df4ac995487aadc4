//! What lies over everything else.

use std::ops::Range;

use ratatui_core::layout::Rect;

use super::super::ask::{About, Ask};
use super::super::happened::{Fingerprint, Who};
use super::super::rows::{Row, Tone};
use super::super::screen::{Overlay, Screen, Shown};
use super::super::text;
use super::bottom::typed;
use super::help;
use super::pen::Pen;
use crate::ui::filter;

/// Draws the overlay; returns where one types in it.
pub(super) fn draw(screen: &Screen, pen: &mut Pen<'_>) -> Option<(u16, u16)> {
    let area = pen.area();
    let width = area.width.saturating_sub(2).min(WIDTH);
    let room = usize::from(width.saturating_sub(4));
    let (title, body, scroll, ask) = match screen.overlay? {
        Overlay::Help(row) => {
            let title = "Keys and commands (Esc closes)";
            (title, keys(room, pen.is_ascii()), row, None)
        }
        Overlay::Address(row) => {
            let shown = screen.address.as_ref()?;
            let title = "You (y copies the link, Esc closes)";
            (title, address(shown, area, pen), row, None)
        }
        Overlay::Ask(row) => {
            let ask = screen.asks.front()?;
            (
                title(ask),
                question(ask, room, pen.is_ascii()),
                row,
                Some(ask),
            )
        }
    };
    // An address brings its own rows, as wide as its code.
    let widest = body.iter().map(row_width).max().unwrap_or(0);
    let wanted = u16::try_from(widest.saturating_add(4)).unwrap_or(u16::MAX);
    let width = width.max(wanted).min(area.width);
    let below = ask.map_or(0, |ask| below_rows(ask, width));
    let rows = body
        .len()
        .saturating_add(usize::from(below))
        .saturating_add(2);
    let height = u16::try_from(rows).unwrap_or(u16::MAX).min(area.height);
    let frame = Rect::new(
        area.x.saturating_add(area.width.saturating_sub(width) / 2),
        area.y
            .saturating_add(area.height.saturating_sub(height) / 2),
        width,
        height,
    );
    pen.clear(frame);
    let inner = Rect::new(
        frame.x.saturating_add(2),
        frame.y.saturating_add(1),
        width.saturating_sub(4),
        height.saturating_sub(2),
    );
    let text_height = inner.height.saturating_sub(below);
    let text_area = Rect {
        height: text_height,
        ..inner
    };
    let hidden = body.len().saturating_sub(text_height.into());
    let first = scroll.min(hidden);
    let more = hidden.saturating_sub(first);
    border(frame, title, more, ask.is_some(), pen);
    for (y, row) in body.iter().skip(first).enumerate() {
        pen.row(text_area, y, row);
    }
    if matches!(screen.overlay, Some(Overlay::Address(_))) {
        paper(screen, text_area, first, pen);
    }
    ask.and_then(|ask| {
        let y = inner.y.saturating_add(text_height);
        below_text(
            ask,
            Rect {
                y,
                height: below,
                ..inner
            },
            pen,
        )
    })
}

/// A frame with a title, whether there is more below, and how one chooses in it.
fn border(frame: Rect, title: &str, more: usize, asks: bool, pen: &mut Pen<'_>) {
    let [corner, dash, bar] = match pen.is_ascii() {
        true => ["+", "-", "|"],
        false => ["+", "─", "│"],
    };
    let [top_left, top_right, low_left, low_right] = match pen.is_ascii() {
        true => [corner; 4],
        false => ["┌", "┐", "└", "┘"],
    };
    let inner = usize::from(frame.width.saturating_sub(2));
    let line = |text: String, left: &str, right: &str| {
        let text = text::fit(&text, inner, "");
        let rest = dash.repeat(inner.saturating_sub(text::width(&text)));
        format!("{left}{text}{rest}{right}")
    };
    let choosing = "Tab, Enter choose";
    let low = match (more, asks) {
        (0, false) => String::new(),
        (0, true) => format!("{dash} {choosing} "),
        (more, false) => format!("{dash} PgDn: {more} more rows "),
        (more, true) => format!("{dash} PgDn: {more} more; {choosing} "),
    };
    let top = line(format!("{dash} {title} "), top_left, top_right);
    let low = line(low, low_left, low_right);
    let last = usize::from(frame.height.saturating_sub(1));
    pen.row(frame, 0, &[(top, Tone::Bold)]);
    pen.row(frame, last, &[(low, Tone::Bold)]);
    for y in 1..last {
        let bar = [(bar.to_owned(), Tone::Bold)];
        pen.row(frame, y, &bar);
        pen.row_at(frame, frame.width.saturating_sub(1), y, &bar);
    }
}

fn keys(room: usize, is_ascii: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    let lines = help::help().into_iter();
    for (keys, what) in lines.filter(|(keys, _)| !is_ascii || keys.is_ascii()) {
        if keys.is_empty() {
            rows.push(vec![(what.to_owned(), Tone::Bold)]);
            continue;
        }
        let keys = text::pad(&format!("  {keys}"), HELP_KEYS);
        let is_narrow = room < HELP_KEYS.saturating_mul(2);
        let indent = if is_narrow { 4 } else { HELP_KEYS };
        let mut label = keys;
        if is_narrow {
            rows.push(vec![(label, Tone::Bold)]);
            label = " ".repeat(indent);
        }
        for part in text::wrap(what, room.saturating_sub(indent)) {
            let part = what.get(part).unwrap_or_default().to_owned();
            rows.push(vec![(label, Tone::Bold), (part, Tone::Plain)]);
            label = " ".repeat(indent);
        }
    }
    rows
}

/// The QR code if there is room for it, and all of the address in words.
fn address(shown: &Shown, area: Rect, pen: &Pen<'_>) -> Vec<Row> {
    let plain = |text: &str| vec![(text.to_owned(), Tone::Plain)];
    let room = usize::from(area.width.saturating_sub(6));
    let mut rows = Vec::new();
    match &shown.qr {
        Some(_) if pen.is_ascii() => {
            rows.extend(wrapped(
                "no QR code without Unicode: use the link",
                room,
                Tone::Dim,
            ));
        }
        Some(qr) => {
            let columns = qr.first().map_or(0, |row| text::width(row));
            let high = qr.len().saturating_add(2);
            if columns.saturating_add(4) <= area.width.into() && high <= area.height.into() {
                rows.extend(qr.iter().map(|row| plain(row)));
            } else {
                let needed = format!(
                    "the QR code needs a window of {}x{high}",
                    columns.saturating_add(4)
                );
                rows.extend(wrapped(&needed, room, Tone::Dim));
            }
        }
        None => rows.extend(wrapped(
            "the link is too long for a QR code",
            room,
            Tone::Dim,
        )),
    }
    rows.extend(wrapped(&shown.address.link, room, Tone::Bold));
    rows.extend(wrapped("What others see of you:", room, Tone::Dim));
    rows.extend(print(&shown.address.fingerprint, room, pen.is_ascii()));
    rows
}

/// The part of a QR code that is seen is drawn as on paper.
fn paper(screen: &Screen, area: Rect, first: usize, pen: &mut Pen<'_>) {
    let Some(qr) = screen.address.as_ref().and_then(|shown| shown.qr.as_ref()) else {
        return;
    };
    let columns = qr.first().map_or(0, |row| text::width(row));
    let all = pen.area();
    let fits = columns.saturating_add(4) <= all.width.into()
        && qr.len().saturating_add(2) <= all.height.into();
    if pen.is_ascii() || !fits {
        return;
    }
    let rows = qr.len().saturating_sub(first).min(area.height.into());
    let (Ok(width), Ok(height)) = (u16::try_from(columns), u16::try_from(rows)) else {
        return;
    };
    pen.on_paper(Rect {
        width,
        height,
        ..area
    });
}

const fn title(ask: &Ask) -> &'static str {
    match &ask.about {
        About::Person(introduction) => match introduction.who {
            Who::Known { .. } => "They call",
            Who::Unknown => "Is it them?",
            Who::Changed { .. } => "!! ANOTHER KEY !!",
        },
        About::Compare { .. } => "Is it them?",
        About::File { .. } => "A file for you",
    }
}

fn question(ask: &Ask, room: usize, is_ascii: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    match &ask.about {
        About::Person(introduction) => {
            let claim = filter::name(&introduction.claim);
            let (text, tone) = match &introduction.who {
                Who::Known { name } => (
                    format!("{} wants to talk; you know their key.", filter::name(name)),
                    Tone::Plain,
                ),
                Who::Unknown => (
                    format!(
                        "Somebody you do not know, who goes by {claim}. Their screen must show, as their own key \
                         (/address):"
                    ),
                    Tone::Plain,
                ),
                Who::Changed { name } => (
                    format!(
                        "{} has ANOTHER KEY than the one you know: a new device, somebody else of that name, \
                         or somebody who pretends to be them. They go by {claim}. Ask them another way; \
                         their screen must show (/address):",
                        filter::name(name)
                    ),
                    Tone::Bad,
                ),
            };
            rows.extend(wrapped(&text, room, tone));
            rows.extend(print(&introduction.fingerprint, room, is_ascii));
        }
        About::Compare {
            name, fingerprint, ..
        } => {
            let text = format!(
                "The screen of {} must show, as their own key (/address):",
                filter::name(name)
            );
            rows.extend(wrapped(&text, room, Tone::Plain));
            rows.extend(print(fingerprint, room, is_ascii));
        }
        About::File { name, file, .. } => {
            let text = format!(
                "{} offers you {}, {}. Nobody has looked into it. It goes to:",
                filter::name(name),
                filter::name(&file.name),
                text::size(file.bytes)
            );
            rows.extend(wrapped(&text, room, Tone::Plain));
        }
    }
    rows
}

/// A fingerprint: emoji with room around them, words, hexadecimal.
fn print(fingerprint: &Fingerprint, room: usize, is_ascii: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    if !is_ascii {
        rows.push(Row::new());
        let emoji = fingerprint.emoji.join("   ");
        let emoji = match text::width(&emoji).saturating_add(2) <= room {
            true => emoji,
            false => fingerprint.emoji.join(" "),
        };
        rows.extend(wrapped(&format!("  {emoji}"), room, Tone::Bold));
        rows.push(Row::new());
    }
    rows.extend(wrapped(&fingerprint.words, room, Tone::Bold));
    rows.extend(wrapped(&fingerprint.hex, room, Tone::Dim));
    rows
}

fn wrapped(line: &str, room: usize, tone: Tone) -> Vec<Row> {
    let rows = text::wrap(line, room).into_iter();
    let part = |row: Range<usize>| line.get(row).unwrap_or_default().to_owned();
    rows.map(|row| vec![(part(row), tone)]).collect()
}

fn row_width(row: &Row) -> usize {
    row.iter().map(|(text, _)| text::width(text)).sum()
}

/// Choices in rows: the one that Enter takes in brackets.
fn choices(ask: &Ask, columns: usize) -> Vec<Row> {
    let mut rows = vec![Row::new()];
    let mut used = 0_usize;
    for (at, choice) in ask.choices().iter().enumerate() {
        let (text, tone) = match at == ask.at {
            true => (format!("[{choice}]"), Tone::Chosen),
            false => (format!(" {choice} "), Tone::Plain),
        };
        let width = text::width(&text).saturating_add(1);
        if used > 0 && used.saturating_add(width) > columns {
            rows.push(Row::new());
            used = 0;
        }
        used = used.saturating_add(width);
        if let Some(row) = rows.last_mut() {
            row.extend([(text, tone), (" ".to_owned(), Tone::Plain)]);
        }
    }
    rows
}

/// Rows that are always seen: the path of a file, and the choices.
fn below_rows(ask: &Ask, width: u16) -> u16 {
    let columns = usize::from(width.saturating_sub(4));
    let path = usize::from(matches!(ask.about, About::File { .. }));
    let rows = choices(ask, columns).len().saturating_add(path);
    u16::try_from(rows).unwrap_or(u16::MAX)
}

fn below_text(ask: &Ask, area: Rect, pen: &mut Pen<'_>) -> Option<(u16, u16)> {
    let mut y = 0;
    let mut cursor = None;
    if let About::File { into, .. } = &ask.about {
        let line = Rect {
            height: area.height.min(1),
            ..area
        };
        cursor = typed(into, "> ", line, pen);
        y = 1;
    }
    for row in choices(ask, area.width.into()) {
        pen.row(area, y, &row);
        y = y.saturating_add(1);
    }
    cursor
}

/// Columns of an overlay.
const WIDTH: u16 = 72;
/// Columns of keys in the help.
const HELP_KEYS: usize = 22;
