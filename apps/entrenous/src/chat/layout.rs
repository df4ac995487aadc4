//! Which part of the screen is where.

use ratatui_core::layout::Rect;

use super::rows::Shape;
use super::screen::{Focus, Screen, offered};
use super::text;

/// The areas of a screen. None reaches beyond it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Layout {
    /// Everybody, at the left; on a narrow screen over the rest, and only while keys go there.
    pub(super) people: Option<Rect>,
    /// One row: who is talked to.
    pub(super) head: Rect,
    pub(super) talk: Rect,
    pub(super) notice: Rect,
    /// Commands that what is typed can become.
    pub(super) offered: Rect,
    /// One row above what is typed.
    pub(super) rule: Rect,
    pub(super) input: Rect,
    /// One row.
    pub(super) status: Rect,
}

impl Layout {
    /// `None`: the screen is smaller than [`LEAST`].
    pub(super) fn of(screen: &Screen) -> Option<Self> {
        let (columns, rows) = (screen.columns, screen.rows);
        if columns < LEAST.0 || rows < LEAST.1 {
            return None;
        }
        let is_wide = columns >= WIDE;
        let left = if is_wide { PEOPLE } else { 0 };
        let width = columns.saturating_sub(left);
        let above = rows.saturating_sub(1);
        let people = match (is_wide, screen.focus) {
            (true, _) => Some(Rect::new(0, 0, PEOPLE, above)),
            (false, Focus::People) => Some(Rect::new(0, 0, columns, above)),
            (false, _) => None,
        };
        // From below: what is typed, its rule, commands, notices; the rest is the conversation's.
        let mut y = above;
        let mut take = |wanted: usize, most: u16| {
            let height = u16::try_from(wanted).unwrap_or(most).min(most);
            let height = height.min(y.saturating_sub(HEAD_AND_TALK));
            y = y.saturating_sub(height);
            Rect::new(left, y, width, height)
        };
        let input = take(typed_rows(screen, width), (rows / 3).clamp(1, 8));
        let rule = take(1, 1);
        let offers = if screen.search.is_some() || !screen.is_command() {
            0
        } else {
            offered(screen.input.text()).len()
        };
        let offered = take(offers, if rows < LOW { 2 } else { 6 });
        let notice = take(notice_rows(screen, width), 4);
        Some(Self {
            people,
            head: Rect::new(left, 0, width, 1),
            talk: Rect::new(left, 1, width, y.saturating_sub(1)),
            notice,
            offered,
            rule,
            input,
            status: Rect::new(0, above, columns, 1),
        })
    }
}

/// How entries are shown on `screen`.
pub(super) fn shape(screen: &Screen, columns: u16) -> Shape<'_> {
    let search = screen.search.as_ref();
    Shape {
        settings: &screen.settings,
        columns: columns.into(),
        name: screen.open.map_or("", |key| screen.name(key)),
        now_ms: screen.now_ms,
        find: search.and_then(|search| search.words()),
    }
}

/// Columns of what is typed: the prompt takes two.
pub(super) fn typed_columns(width: u16) -> usize {
    width.saturating_sub(2).into()
}

fn typed_rows(screen: &Screen, width: u16) -> usize {
    match &screen.search {
        Some(_) => 1,
        None => screen.input.rows(typed_columns(width)).rows.len(),
    }
}

/// The notice, and what is behind it, in words.
pub(super) fn notice(screen: &Screen) -> Option<String> {
    let (notice, behind) = screen.notices.shown()?;
    let mark = if notice.is_trouble { "! " } else { "* " };
    let close = match (notice.is_trouble, behind) {
        (false, 0) => String::new(),
        (true, 0) => " [Esc]".to_owned(),
        (_, more) => format!(" [Esc, {more} more]"),
    };
    Some(format!("{mark}{}{close}", notice.text))
}

fn notice_rows(screen: &Screen, width: u16) -> usize {
    let notice = notice(screen);
    notice.map_or(0, |notice| text::wrap(&notice, width.into()).len())
}

/// Columns and rows of the smallest screen.
pub(super) const LEAST: (u16, u16) = (40, 10);
/// Columns from which people are always shown.
const WIDE: u16 = 64;
/// Columns of people, with the line behind them.
const PEOPLE: u16 = 22;
/// Rows below which commands get less.
const LOW: u16 = 16;
/// Rows that are never taken from the conversation and its head.
const HEAD_AND_TALK: u16 = 3;
