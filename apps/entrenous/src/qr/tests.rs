#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "sizes of a few hundred"
)]

use std::io;
use std::path::Path;

use clap::Parser;
use rqrr::{MetaData, PreparedImage};

use super::*;
use crate::args::Cli;
use crate::qr::file::{Existing, save};
#[cfg(unix)]
use crate::tmux::Terminal;

/// What a decoder that is none of ours reads in an image.
fn decode(edge: usize, is_dark: impl Fn(usize, usize) -> bool) -> Option<(String, MetaData)> {
    let mut image = PreparedImage::prepare_from_greyscale(edge, edge, |x, y| match is_dark(x, y) {
        true => 0,
        false => 255,
    });
    let grid = image.detect_grids().into_iter().next()?;
    let (meta, text) = grid.decode().ok()?;
    Some((text, meta))
}

/// The text, and of how many modules along one side.
fn read(edge: usize, is_dark: impl Fn(usize, usize) -> bool) -> Option<(String, usize)> {
    let (text, meta) = decode(edge, is_dark)?;
    Some((text, meta.version.to_size()))
}

/// What is read off a terminal: each character is two modules, `dark` tells which of its halves are.
fn read_terminal(shown: &str, dark: impl Fn(char) -> [bool; 2]) -> Option<(String, usize)> {
    let rows: Vec<Vec<[bool; 2]>> = shown
        .lines()
        .map(|line| line.chars().map(&dark).collect())
        .collect();
    let (columns, scale) = (rows[0].len(), 4);
    assert!(rows.iter().all(|row| row.len() == columns), "a square");
    assert_eq!(rows.len(), columns.div_ceil(2));
    read(columns * scale, |x, y| {
        rows[y / scale / 2][x / scale][y / scale % 2]
    })
}

/// Which halves of a character have the colour of the letter.
fn halves(c: char) -> [bool; 2] {
    match c {
        '█' => [true, true],
        '▀' => [true, false],
        '▄' => [false, true],
        ' ' => [false, false],
        other => panic!("{other:?}"),
    }
}

fn card() -> String {
    // as long as a card with a server on it
    format!("ENTRENOUS:C/{}", "AEBAGBAFAYDQQCIK".repeat(22))
}

fn texts() -> Vec<String> {
    vec![
        card(),
        "entrenous:r/meet.example:7447/Wq5u0YvTqz7g3Zb0pQ0tqk1o1x0c3v5b7n9m1l2k3j4#tiger+zebra"
            .into(),
        "X".into(),
        "à bientôt".into(),
    ]
}

#[test]
fn a_camera_reads_what_a_terminal_shows_in_black_and_white() {
    for text in texts() {
        let qr = Qr::new(&text).unwrap();
        let shown = qr.draw(Paper::Color);
        let bare: String = shown
            .lines()
            .map(|line| {
                let line = line.strip_prefix("\x1b[38;5;16;48;5;231m").unwrap();
                format!("{}\n", line.strip_suffix("\x1b[0m").unwrap())
            })
            .collect();
        assert_eq!(read_terminal(&bare, halves), Some((text, qr.width)));
    }
}

#[test]
fn a_camera_reads_what_a_terminal_shows_without_colour_dark_or_light() {
    for text in texts() {
        let qr = Qr::new(&text).unwrap();
        let read_as = Some((text, qr.width));
        let dark = qr.draw(Paper::Dark);
        let bright_letters = |c| halves(c).map(|half| !half);
        assert_eq!(read_terminal(&dark, bright_letters), read_as);
        assert_eq!(read_terminal(&qr.draw(Paper::Light), halves), read_as);
        assert!(!dark.contains('\x1b'));
    }
}

#[test]
fn a_camera_reads_the_picture() {
    for text in texts() {
        let qr = Qr::new(&text).unwrap();
        let file = qr.picture().unwrap();
        let mut decoder = png::Decoder::new(io::Cursor::new(&file[..]));
        decoder.set_transformations(png::Transformations::IDENTITY);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(info.bit_depth, png::BitDepth::One);
        assert_eq!(info.color_type, png::ColorType::Grayscale);
        let edge = (qr.width + 8) * 8;
        assert_eq!((info.width, info.height), (edge as u32, edge as u32));
        let is_dark =
            |x: usize, y: usize| pixels[y * info.line_size + x / 8] >> (7 - x % 8) & 1 == 0;
        assert_eq!(read(edge, is_dark), Some((text, qr.width)));
    }
}

#[test]
fn a_card_is_one_alphanumeric_segment_and_fits_80_columns() {
    let card = card();
    let qr = Qr::new(&card).unwrap();
    assert!(qr.size().0 <= 80, "{:?}", qr.size());
    // the same text as bytes takes a larger code
    assert!(Qr::new(&card.to_ascii_lowercase()).unwrap().width > qr.width);
    // its first bits: mode 0010, and the length in 11: the segment is all of the text
    let bits = encode(card.as_bytes(), Version::Normal(10), EcLevel::L).unwrap();
    let bytes = bits.into_bytes();
    let first = u16::from_be_bytes([bytes[0], bytes[1]]);
    assert_eq!(first >> 12, 0b0010);
    assert_eq!(usize::from(first << 4 >> 5), card.len());
}

#[test]
fn a_code_has_its_limit_and_not_a_byte_more() {
    assert_eq!(Qr::new(&"A".repeat(4296)).unwrap().width, 177);
    let failure = Qr::new(&"A".repeat(4297)).unwrap_err();
    assert_eq!(failure.text, "4297 bytes are more than a QR code holds");
    assert_eq!(Qr::new(&"a".repeat(2953)).unwrap().width, 177);
    assert!(Qr::new(&"a".repeat(2954)).is_err());
}

#[test]
fn room_that_is_left_is_used_for_correction() {
    // 25 characters fill version 1 at the lowest level, 10 at the highest; as ISO 18004 numbers levels
    for (length, level) in [(10, 2), (11, 3), (25, 1)] {
        let qr = Qr::new(&"A".repeat(length)).unwrap();
        let edge = qr.edge() * 4;
        let (_, meta) = decode(edge, |x, y| qr.is_dark(x / 4, y / 4)).unwrap();
        assert_eq!((meta.version.to_size(), meta.ecc_level), (21, level));
    }
}

#[test]
fn the_ground_of_a_terminal_is_known_if_it_says() {
    assert!(is_light("0;15") && is_light("0;default;7"));
    assert!(!is_light("15;0") && !is_light("") && !is_light("15;default"));
}

#[test]
fn debug_output_does_not_contain_the_code() {
    assert_eq!(format!("{:?}", Qr::new("secret").unwrap()), "Qr");
}

/// An empty folder of its own, gone when dropped.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("entrenous-qr-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_file_is_not_overwritten_unless_told() {
    let folder = Folder::new("keep");
    let path = folder.0.join("code.png");
    std::fs::write(&path, "mine").unwrap();
    let failure = save("text", &path, Existing::Keep).unwrap_err();
    assert!(failure.text.ends_with("code.png is there already"));
    assert!(failure.hint.is_some());
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    save("text", &path, Existing::Replace).unwrap();
    assert!(std::fs::read(&path).unwrap().starts_with(b"\x89PNG"));
    let nowhere = save("text", &folder.0.join("no/code.png"), Existing::Keep);
    assert!(nowhere.unwrap_err().text.contains("cannot write"));
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_a_picture() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new("mode");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let path = folder.0.join("new.png");
    save("text", &path, Existing::Keep).unwrap();
    assert_eq!(mode(&path), 0o600);
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    save("text", &path, Existing::Replace).unwrap();
    assert_eq!(mode(&path), 0o600, "what was there before leaves no mode");
}

/// Shows a code, where a test below has it run; says nothing elsewhere.
#[test]
fn shows_in_a_terminal() {
    let Ok(text) = std::env::var("ENTRENOUS_TEST_SHOWS") else {
        return;
    };
    let mut ui = Ui::new(&Cli::parse_from(["entrenous", "demo"]).global);
    if let Err(failure) = show(&text, "--qr-file PATH", &mut ui) {
        ui.fail(&failure);
    }
    std::process::exit(0);
}

/// The rows of a terminal of so many columns on which `text` is shown; `None` where there is no tmux.
#[cfg(unix)]
fn shown(name: &str, text: &str, columns: usize) -> Option<Vec<String>> {
    let terminal = Terminal::sized(name, columns, 24)?;
    let program = std::env::current_exe().unwrap();
    terminal.enter(&format!(
        "clear; ENTRENOUS_TEST_SHOWS={text} {} --exact qr::tests::shows_in_a_terminal --nocapture; \
         echo \"shown $?.\"",
        program.display()
    ));
    let screen = terminal.wait_for("shown 0.");
    let rows = screen.lines().skip_while(|row| *row != "running 1 test");
    Some(rows.skip(1).map(str::to_owned).collect())
}

#[cfg(unix)]
#[test]
fn a_camera_reads_a_real_terminal() {
    let Some(rows) = shown("qr", "HELLO", 80) else {
        return;
    };
    let rows = rows.iter().take(15).map(|row| format!("{row:<29}\n"));
    let read = read_terminal(&rows.collect::<String>(), halves);
    assert_eq!(read, Some(("HELLO".into(), 21)));
}

#[cfg(unix)]
#[test]
fn a_terminal_that_is_too_narrow_shows_nothing_but_the_reason() {
    let Some(rows) = shown("narrow", "HELLO", 28) else {
        return;
    };
    let screen = rows.concat();
    assert!(!screen.contains(['█', '▀', '▄']), "{screen}");
    assert!(
        screen.contains("29 columns wide, this terminal 28"),
        "{screen}"
    );
    assert!(screen.contains("--qr-file PATH"), "{screen}");
}
