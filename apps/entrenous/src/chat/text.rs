//! Text of others as rows of cells.

use std::ops::Range;

use kernel::Time;
use ratatui_core::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

use crate::ui::filter;

/// One line without anything that a terminal obeys; line ends become spaces.
pub(super) fn line(text: &str) -> String {
    bounded(&filter::harmless(&text.replace(['\n', '\r'], " ")))
}

/// The same in several lines, `\n` between them; what is beyond [`MOST`] bytes is left out.
pub(super) fn lines(text: &str) -> String {
    let end = text.floor_char_boundary(MOST);
    let kept = text.get(..end).unwrap_or_default();
    let lines = kept.lines().map(|line| bounded(&filter::harmless(line)));
    let mut shown = lines.collect::<Vec<_>>().join("\n");
    if end < text.len() {
        shown.push('…');
    }
    shown
}

/// A name: one line of at most 64 characters, none of which hides.
pub(super) fn name(name: &str) -> String {
    bounded(&filter::plain_name(name))
}

/// No cell holds more than [`CLUSTER`] characters, however many marks are put on one letter.
fn bounded(line: &str) -> String {
    let clusters = line.graphemes(true);
    let cut = |cluster: &'_ str| match cluster.char_indices().nth(CLUSTER) {
        Some((end, _)) => end,
        None => cluster.len(),
    };
    clusters
        .map(|cluster| cluster.get(..cut(cluster)).unwrap_or_default())
        .collect()
}

/// Columns that `text` takes.
pub(super) fn width(text: &str) -> usize {
    text.graphemes(true).map(cells).sum()
}

/// Columns that one character takes, with its marks; as drawing counts them.
pub(super) fn cells(cluster: &str) -> usize {
    match cluster.contains(char::is_control) {
        true => 0,
        false => cluster.cell_width().into(),
    }
}

/// `text` in at most `columns`; if it has to be cut, it ends with `end`.
pub(super) fn fit(text: &str, columns: usize, end: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(width(end));
    let mut used = 0_usize;
    let mut kept = String::new();
    for cluster in text.graphemes(true) {
        used = used.saturating_add(cells(cluster));
        if used > room {
            break;
        }
        kept.push_str(cluster);
    }
    if width(end) <= columns {
        kept.push_str(end);
    }
    kept
}

/// `text` with spaces behind it up to `columns`.
pub(super) fn pad(text: &str, columns: usize) -> String {
    let gap = columns.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(gap))
}

/// Where the rows of `line` are, none wider than `columns` unless a single character is. Broken between
/// words if that works; the space at which it is broken is in no row.
pub(super) fn wrap(line: &str, columns: usize) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    let mut row = Begun::default();
    for (at, cluster) in line.grapheme_indices(true) {
        let width = cells(cluster);
        while row.used.saturating_add(width) > columns && at > row.start {
            match row.space.take() {
                _ if cluster == " " => {
                    rows.push(row.start..at);
                    row = Begun::at(at);
                    break;
                }
                Some((space, used)) => {
                    rows.push(row.start..space);
                    row.start = space.saturating_add(1);
                    row.used = row.used.saturating_sub(used);
                }
                None => {
                    rows.push(row.start..at);
                    row = Begun::at(at);
                }
            }
        }
        let begins = at == row.start;
        if cluster == " " && begins && !rows.is_empty() {
            // The row before ended here.
            row.start = at.saturating_add(1);
            continue;
        }
        row.used = row.used.saturating_add(width);
        if cluster == " " && !begins {
            row.space = Some((at, row.used));
        }
    }
    rows.push(row.start..line.len());
    rows
}

/// A row that goes on.
#[derive(Default)]
struct Begun {
    start: usize,
    used: usize,
    /// The last space in it, and the columns up to behind it.
    space: Option<(usize, usize)>,
}

impl Begun {
    fn at(start: usize) -> Self {
        Self {
            start,
            ..Self::default()
        }
    }
}

/// Where `words` are in `line`, whatever their case; not overlapping.
pub(super) fn find(line: &str, words: &str) -> Vec<Range<usize>> {
    let words: Vec<char> = words.chars().flat_map(char::to_lowercase).collect();
    let Some(first) = words.first() else {
        return Vec::new();
    };
    let folded: Vec<(usize, char)> = line
        .char_indices()
        .flat_map(|(at, c)| c.to_lowercase().map(move |c| (at, c)))
        .collect();
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut rest = folded.as_slice();
    while let Some((head, tail)) = rest.split_first() {
        let is_here = head.1 == *first
            && rest.len() >= words.len()
            && rest.iter().zip(&words).all(|((_, a), b)| a == b);
        if !is_here {
            rest = tail;
            continue;
        }
        rest = rest.get(words.len()..).unwrap_or_default();
        // A letter that folds to several is found whole.
        let end = rest
            .iter()
            .map(|(at, _)| *at)
            .find(|at| *at > head.0)
            .unwrap_or(line.len());
        found.push(head.0..end);
    }
    found
}

/// The day and the minute of a moment, at a place that is `offset_s` ahead of UTC: `2026-11-29`, `18:02`.
pub(super) fn moment(at_ms: u64, offset_s: i64) -> (String, String) {
    let local = at_ms.saturating_add_signed(offset_s.saturating_mul(1000));
    let text = crate::event::rfc3339(Time::from_ms(local));
    let part = |range: Range<usize>| text.get(range).unwrap_or_default().to_owned();
    (part(0..10), part(11..16))
}

/// A number of bytes, for people.
pub(super) fn size(bytes: u64) -> String {
    let mut unit = "B";
    let mut tenths = bytes.saturating_mul(10);
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if tenths < 10_240 {
            break;
        }
        tenths /= 1024;
        unit = larger;
    }
    let (whole, tenth) = (tenths / 10, tenths % 10);
    match unit {
        "B" => format!("{whole} B"),
        _ => format!("{whole}.{tenth} {unit}"),
    }
}

/// Longest text that is kept of an entry, in bytes; a message has less.
pub(super) const MOST: usize = 1 << 16;
/// Characters in a cell. A family of emoji has some ten.
const CLUSTER: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(line: &str, columns: usize) -> Vec<&str> {
        let rows = wrap(line, columns);
        rows.into_iter().map(|row| line.get(row).unwrap()).collect()
    }

    #[test]
    fn lines_break_between_words_or_within_long_ones() {
        assert_eq!(wrapped("", 4), [""]);
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrapped("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrapped("  a", 7), ["  a"]);
        assert_eq!(wrapped("日本語 a", 4), ["日本", "語 a"]);
        assert_eq!(wrapped(" abc日", 4), [" abc", "日"]);
        assert_eq!(wrapped("日", 1), ["日"], "a row holds something");
    }

    #[test]
    fn characters_that_belong_together_stay_together() {
        assert_eq!(wrapped("ab👩‍🚀e\u{301}x", 4), ["ab👩‍🚀", "e\u{301}x"]);
    }

    #[test]
    fn a_cell_holds_a_bounded_number_of_marks() {
        let zalgo = format!("a{}b", "\u{301}".repeat(1000));
        assert_eq!(line(&zalgo).chars().count(), CLUSTER + 1);
        assert_eq!(width(&line(&zalgo)), 2);
        assert_eq!(line("👩‍👩‍👧‍👦"), "👩‍👩‍👧‍👦");
    }

    #[test]
    fn what_is_too_long_is_cut_where_it_says_so() {
        assert_eq!(fit("abcdef", 6, "…"), "abcdef");
        assert_eq!(fit("abcdef", 4, "…"), "abc…");
        assert_eq!(fit("日本語", 4, "…"), "日…");
        assert_eq!(fit("abc", 1, ".."), "");
        let [fits, long] = [MOST, MOST + 1].map(|bytes| lines(&"x".repeat(bytes)));
        assert_eq!(fits.len(), MOST);
        assert!(long.ends_with("x…"));
    }

    #[test]
    fn words_are_found_whatever_their_case() {
        let found = |line: &str, words| {
            let found = find(line, words).into_iter();
            found.map(|hit| (hit.start, hit.end)).collect::<Vec<_>>()
        };
        assert_eq!(found("Ab aB", "ab"), [(0, 2), (3, 5)]);
        assert_eq!(found("aaa", "aa"), [(0, 2)]);
        assert_eq!(found("ÄÖ", "äö"), [(0, 4)]);
        assert_eq!(found("İx", "x"), [(2, 3)]);
        assert!(find("ab", "abc").is_empty() && find("ab", "").is_empty());
    }

    #[test]
    fn moments_and_sizes_are_readable() {
        let ms = 1_764_410_523_000;
        let text = |offset| moment(ms, offset);
        assert_eq!(text(0), ("2025-11-29".into(), "10:02".into()));
        assert_eq!(text(50_400), ("2025-11-30".into(), "00:02".into()));
        assert_eq!(moment(u64::MAX, 0).0, "9999-12-31");
        assert_eq!(moment(0, -3600).0, "1970-01-01");
        let sizes = [0, 1023, 1024, 1_572_864, u64::MAX].map(size);
        assert_eq!(sizes[..4], ["0 B", "1023 B", "1.0 KiB", "1.5 MiB"]);
    }
}
