//! Names that are safe.

use alloc::string::String;

/// A name of 1 to 255 bytes that means one file in one folder on every system, from text of anyone's.
/// A name that is one already stays as it is.
///
/// # Spec
///
/// `spec/23-files.md` 4.
pub(crate) fn clean(text: &str) -> String {
    let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = last.chars().filter(|&letter| !is_hidden(letter));
    let mut name: String = kept.map(plain).collect();
    trim(&mut name);
    cut(&mut name);
    if is_device(&name) {
        name.insert(0, '_');
        cut(&mut name);
    }
    if name.is_empty() {
        name.push_str("file");
    }
    name
}

/// What nobody sees, or what turns the direction of what is seen.
const fn is_hidden(letter: char) -> bool {
    matches!(
        letter,
        '\u{0}'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
    )
}

const fn plain(letter: char) -> char {
    match letter {
        '<' | '>' | ':' | '"' | '|' | '?' | '*' => '_',
        other => other,
    }
}

/// Windows drops spaces and dots at the end; Unix hides what begins with a dot.
fn trim(name: &mut String) {
    let end = name.trim_end_matches([' ', '.']).len();
    name.truncate(end);
    let spaces = name.chars().take_while(|&letter| letter == ' ').count();
    name.drain(..spaces);
    if name.starts_with('.') {
        name.replace_range(..1, "_");
    }
}

fn cut(name: &mut String) {
    name.truncate(name.floor_char_boundary(MOST));
    trim(name);
}

/// Whether Windows takes it for a device.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let stem = stem.trim_end_matches(' ');
    if DEVICES
        .iter()
        .any(|device| stem.eq_ignore_ascii_case(device))
    {
        return true;
    }
    let Some((port, number)) = stem.split_at_checked(3) else {
        return false;
    };
    let is_port = port.eq_ignore_ascii_case("com") || port.eq_ignore_ascii_case("lpt");
    let mut letters = number.chars();
    let is_number = letters.next().is_some_and(|letter| {
        letter.is_ascii_digit() || matches!(letter, '\u{b9}' | '\u{b2}' | '\u{b3}')
    });
    is_port && is_number && letters.next().is_none()
}

const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];
const MOST: usize = 255;
