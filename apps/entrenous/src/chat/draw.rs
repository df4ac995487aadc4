//! Draws a screen. It decides nothing, and draws the same for the same screen.

mod bottom;
mod help;
mod overlay;
mod pen;
mod talk;

use ratatui_core::terminal::Frame;

use super::layout::{LEAST, Layout};
use super::rows::Tone;
use super::screen::Screen;
use pen::Pen;

/// Draws `screen` on `frame`; nothing outside of its area.
pub(crate) fn draw(screen: &Screen, frame: &mut Frame<'_>) {
    let mut pen = Pen::new(frame.buffer_mut(), screen.settings);
    let Some(layout) = Layout::of(screen) else {
        return too_small(screen, &mut pen);
    };
    talk::head(screen, layout.head, &mut pen);
    talk::entries(screen, layout.talk, &mut pen);
    bottom::notice(screen, layout.notice, &mut pen);
    bottom::offered(screen, layout.offered, &mut pen);
    bottom::rule(screen, layout.rule, &mut pen);
    let typing = bottom::input(screen, layout.input, &mut pen);
    bottom::status(screen, layout.status, &mut pen);
    let mut cursor = typing;
    if let Some(people) = layout.people {
        talk::people(screen, people, &mut pen);
    }
    if screen.overlay.is_some() {
        cursor = overlay::draw(screen, &mut pen);
    }
    let area = frame.area();
    if let Some(cursor) = cursor.filter(|(x, y)| *x < area.width && *y < area.height) {
        frame.set_cursor_position(cursor);
    }
}

fn too_small(screen: &Screen, pen: &mut Pen<'_>) {
    let (columns, rows) = (screen.columns, screen.rows);
    for (y, text) in [
        "too small".to_owned(),
        format!("{}x{} is needed,", LEAST.0, LEAST.1),
        format!("this is {columns}x{rows}"),
    ]
    .into_iter()
    .enumerate()
    {
        pen.row(pen.area(), y, &[(text, Tone::Plain)]);
    }
}
