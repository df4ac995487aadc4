use ratatui_core::buffer::{Buffer, CellWidth};
use ratatui_core::layout::Rect;
use ratatui_core::style::{Color, Modifier, Style};

use super::super::action::Settings;
use super::super::rows::Tone;

/// What draws on the cells of a screen, and only on those.
pub(super) struct Pen<'a> {
    buffer: &'a mut Buffer,
    settings: Settings,
}

impl<'a> Pen<'a> {
    pub(super) const fn new(buffer: &'a mut Buffer, settings: Settings) -> Self {
        Self { buffer, settings }
    }

    pub(super) const fn area(&self) -> Rect {
        self.buffer.area
    }

    pub(super) const fn is_ascii(&self) -> bool {
        self.settings.ascii
    }

    /// Draws `row` as row `y` of `area`, from its left end, as far as it reaches.
    pub(super) fn row(&mut self, area: Rect, y: usize, row: &[(String, Tone)]) {
        self.row_at(area, 0, y, row);
    }

    /// The same from column `x` of `area`.
    pub(super) fn row_at(&mut self, area: Rect, x: u16, y: usize, row: &[(String, Tone)]) {
        let area = area.intersection(self.buffer.area);
        let Some(y) = u16::try_from(y).ok().filter(|y| *y < area.height) else {
            return;
        };
        let (mut x, y) = (area.x.saturating_add(x), area.y.saturating_add(y));
        for (text, tone) in row {
            let room = area.right().saturating_sub(x);
            if room == 0 {
                return;
            }
            let style = self.style(*tone);
            (x, _) = self.buffer.set_stringn(x, y, text, room.into(), style);
        }
    }

    /// Makes `area` empty.
    pub(super) fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        for position in area.positions() {
            if let Some(cell) = self.buffer.cell_mut(position) {
                cell.reset();
            }
        }
        // A wide character at its left reaches into it.
        for y in area.top()..area.bottom() {
            for by in 1..WIDEST {
                let Some(x) = area.x.checked_sub(by) else {
                    break;
                };
                if let Some(cell) = self.buffer.cell_mut((x, y))
                    && cell.cell_width() > by
                {
                    cell.set_symbol(" ");
                }
            }
        }
    }

    /// Black on white, whatever the theme, for a camera.
    pub(super) fn on_paper(&mut self, area: Rect) {
        if self.settings.color {
            let area = area.intersection(self.buffer.area);
            let paper = Style::new().fg(Color::Indexed(16)).bg(Color::Indexed(231));
            self.buffer.set_style(area, paper);
        }
    }

    fn style(&self, tone: Tone) -> Style {
        let plain = Style::new();
        let color = |color| match self.settings.color {
            true => plain.fg(color),
            false => plain,
        };
        match tone {
            Tone::Plain => plain,
            Tone::Bold => plain.add_modifier(Modifier::BOLD),
            Tone::Dim => color(Color::DarkGray),
            Tone::Good => color(Color::Green),
            Tone::Doubtful => color(Color::Yellow),
            Tone::Bad => color(Color::Red).add_modifier(Modifier::BOLD),
            Tone::Found | Tone::Chosen => plain.add_modifier(Modifier::REVERSED),
        }
    }
}

/// Columns that no character exceeds: more than any has that a cell holds.
const WIDEST: u16 = 40;
