//! QR codes: on the terminal, and as a picture.

mod file;

use kernel::Kind;
use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::ui::{Canvas, Ui};
pub(crate) use file::{Existing, save};

/// A text as a square of modules. It is as secret as the text.
pub(crate) struct Qr {
    /// Row by row; `true` is dark.
    modules: Zeroizing<Vec<bool>>,
    width: usize,
}

/// Shows `text` as a QR code on stdout, which must be wide enough. `flag` is what to use instead, and
/// completes "save it as a picture with ". Programs are shown nothing: they have the text.
///
/// # Errors
///
/// The terminal is too narrow, or `text` is longer than a QR code holds; nothing was shown then.
pub(crate) fn show(text: &str, flag: &str, ui: &mut Ui) -> Result<(), Failure> {
    if ui.is_json() {
        return Ok(());
    }
    let (qr, canvas) = (Qr::new(text)?, ui.canvas());
    let (columns, rows) = qr.size();
    if let Some((has, _)) = canvas.size.filter(|(has, _)| *has < columns) {
        let text = format!("the QR code is {columns} columns wide, this terminal {has}");
        return Err(Failure::input(text).hint(format!(
            "make the window wider or its letters smaller, or save it as a picture with `{flag}`"
        )));
    }
    if canvas.size.is_some_and(|(_, has)| has < rows) {
        ui.note(format_args!(
            "the QR code has {rows} rows: make the window higher to see all of it"
        ));
    }
    ui.print(qr.draw(Paper::of(canvas)).as_bytes())
}

/// `text` as rows of characters, two modules in each, for whoever draws a screen: dark modules in the colour of
/// letters if `is_light`, else in that of the ground. `None` if it is longer than a code holds.
pub(crate) fn rows(text: &str, is_light: bool) -> Option<Vec<String>> {
    let paper = if is_light { Paper::Light } else { Paper::Dark };
    let drawn = Qr::new(text).ok()?.draw(paper);
    Some(drawn.lines().map(str::to_owned).collect())
}

/// What a code is drawn on with characters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Paper {
    /// Black and white, whatever the terminal's own colours are.
    Color,
    /// The terminal's colours: bright letters on a dark ground, or the other way round.
    Dark,
    Light,
}

impl Paper {
    fn of(canvas: Canvas) -> Self {
        let ground = std::env::var("COLORFGBG").unwrap_or_default();
        match canvas.color {
            true => Self::Color,
            false if is_light(&ground) => Self::Light,
            false => Self::Dark,
        }
    }
}

/// Whether `COLORFGBG`, which some terminals set, has a light colour at its end: the ground.
fn is_light(ground: &str) -> bool {
    matches!(ground.rsplit(';').next(), Some("7" | "15"))
}

impl Qr {
    /// `text` in the smallest code that holds it, with as much correction as that has room for. If all
    /// its characters allow, as those of a card do, it is one alphanumeric segment.
    pub(crate) fn new(text: &str) -> Result<Self, Failure> {
        let bytes = text.as_bytes();
        let fits = |level| move |version: &i16| encode(bytes, Version::Normal(*version), level);
        let too_long = || {
            let bytes = bytes.len();
            Failure::input(format!("{bytes} bytes are more than a QR code holds"))
        };
        let version = (1..=40).find(|version| fits(EcLevel::L)(version).is_some());
        let version = version.ok_or_else(too_long)?;
        let levels = [EcLevel::H, EcLevel::Q, EcLevel::M, EcLevel::L];
        let code = levels
            .into_iter()
            .find_map(|level| QrCode::with_bits(fits(level)(&version)?, level).ok());
        let code = code.ok_or_else(too_long)?;
        let width = code.width();
        let modules = code.into_colors().into_iter();
        Ok(Self {
            modules: Zeroizing::new(modules.map(|color| color == Color::Dark).collect()),
            width,
        })
    }

    /// Columns and rows of characters that it takes.
    fn size(&self) -> (usize, usize) {
        let edge = self.edge();
        (edge, edge.div_ceil(2))
    }

    /// Modules along one side, with the quiet zone.
    fn edge(&self) -> usize {
        self.width.saturating_add(QUIET.saturating_mul(2))
    }

    /// Whether a module is dark; counted from the corner of the quiet zone, which is not.
    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < self.width);
        let (Some(x), Some(y)) = (inside(x), inside(y)) else {
            return false;
        };
        let at = y.saturating_mul(self.width).saturating_add(x);
        self.modules.get(at).copied().unwrap_or_default()
    }

    /// Two modules in each character, one above the other.
    fn draw(&self, paper: Paper) -> Zeroizing<String> {
        let (columns, rows) = self.size();
        let (begin, end) = match paper {
            Paper::Color => (BLACK_ON_WHITE, PLAIN),
            Paper::Dark | Paper::Light => ("", ""),
        };
        let row = columns
            .saturating_mul('█'.len_utf8())
            .saturating_add(begin.len())
            .saturating_add(end.len())
            .saturating_add(1);
        let mut text = Zeroizing::new(String::with_capacity(row.saturating_mul(rows)));
        for y in (0..self.edge()).step_by(2) {
            text.push_str(begin);
            for x in 0..columns {
                let [upper, lower] = [y, y.saturating_add(1)].map(|y| self.is_dark(x, y));
                // The character's own colour is dark, but for bright letters on a dark ground.
                let [upper, lower] = match paper {
                    Paper::Color | Paper::Light => [upper, lower],
                    Paper::Dark => [!upper, !lower],
                };
                text.push(match (upper, lower) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            text.push_str(end);
            text.push('\n');
        }
        text
    }

    /// A PNG file: one bit for a pixel, [`PIXELS`] pixels for a module.
    fn picture(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let edge = self.edge();
        // A module is a byte wide, and as many rows high.
        let rows = (0..edge).map(|y| {
            (0..edge).map(move |x| match self.is_dark(x, y) {
                true => 0,
                false => u8::MAX,
            })
        });
        let mut pixels = Zeroizing::new(Vec::with_capacity(
            edge.saturating_mul(edge).saturating_mul(PIXELS),
        ));
        for row in rows {
            (0..PIXELS).for_each(|_| pixels.extend(row.clone()));
        }
        let mut file = Zeroizing::new(Vec::new());
        let side = u32::try_from(edge.saturating_mul(PIXELS)).unwrap_or(u32::MAX);
        let mut encoder = png::Encoder::new(&mut *file, side, side);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let written = encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(&pixels));
        match written {
            Ok(()) => Ok(file),
            Err(error) => Err(Failure::new(Kind::Bug, "no picture of it").because(&error)),
        }
    }
}

impl std::fmt::Debug for Qr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Qr")
    }
}

/// `bytes` as the content of a code of that size; `None` if they do not fit.
fn encode(bytes: &[u8], version: Version, level: EcLevel) -> Option<Bits> {
    let mut bits = Bits::new(version);
    let pushed = match bytes.iter().all(|byte| ALPHANUMERIC.contains(byte)) {
        true => bits.push_alphanumeric_data(bytes),
        false => bits.push_optimal_data(bytes),
    };
    pushed.ok()?;
    bits.push_terminator(level).ok()?;
    Some(bits)
}

/// Light modules around a code, by which a camera finds it.
const QUIET: usize = 4;
/// Pixels along one side of a module; a byte of the picture.
const PIXELS: usize = 8;
const ALPHANUMERIC: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
/// Of the 256 colours, not of the 16 that themes change.
const BLACK_ON_WHITE: &str = "\x1b[38;5;16;48;5;231m";
const PLAIN: &str = "\x1b[0m";

#[cfg(test)]
mod tests;
