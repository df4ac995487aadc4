use zeroize::Zeroizing;

/// Cuts what comes into lines, and keeps no more of one than a line may have.
#[derive(Debug, Default)]
pub(in crate::daemon) struct Lines {
    /// It may hold a passphrase.
    begun: Zeroizing<Vec<u8>>,
    is_too_long: bool,
}

/// One line, without its end.
#[derive(Debug, Eq, PartialEq)]
pub(in crate::daemon) enum Line {
    Whole(Zeroizing<Vec<u8>>),
    /// It had more bytes than [`Lines::MOST`].
    TooLong,
}

impl Lines {
    /// Bytes of a line, without its end.
    pub(in crate::daemon) const MOST: usize = 1 << 20;

    /// Takes of `bytes` what belongs to the line that has begun: so many bytes, and the line if it is whole.
    pub(in crate::daemon) fn take(&mut self, bytes: &[u8]) -> (usize, Option<Line>) {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let piece = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or(bytes);
        // One more, for a carriage return.
        let room = Self::MOST
            .saturating_add(1)
            .saturating_sub(self.begun.len());
        match piece.get(..room) {
            Some(_) if piece.len() > room => self.is_too_long = true,
            _ => self.begun.extend_from_slice(piece),
        }
        let taken = piece.len().saturating_add(usize::from(end.is_some()));
        (taken, end.and_then(|_| self.end()))
    }

    /// The line that has begun, when the input ends; `None` if none has.
    pub(in crate::daemon) fn end(&mut self) -> Option<Line> {
        let mut line = std::mem::take(&mut self.begun);
        let is_too_long = std::mem::take(&mut self.is_too_long);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        match is_too_long || line.len() > Self::MOST {
            true => Some(Line::TooLong),
            false => Some(Line::Whole(line)),
        }
    }

    /// Whether a line has begun.
    pub(in crate::daemon) fn has_begun(&self) -> bool {
        self.is_too_long || !self.begun.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(input: &[u8], at_a_time: usize) -> Vec<Line> {
        let mut lines = Lines::default();
        let mut cut = Vec::new();
        for mut piece in input.chunks(at_a_time) {
            while !piece.is_empty() {
                let (taken, line) = lines.take(piece);
                piece = &piece[taken..];
                cut.extend(line);
            }
        }
        if lines.has_begun() {
            cut.extend(lines.end());
        }
        cut
    }

    fn whole(text: &str) -> Line {
        Line::Whole(Zeroizing::new(text.as_bytes().to_vec()))
    }

    #[test]
    fn lines_are_taken_at_the_limit_and_not_one_byte_above() {
        let most = "x".repeat(Lines::MOST);
        let input = format!("one\r\n\n{most}\r\n{most}x\n{most}{most}\nlast");
        for at_a_time in [7, 8192, input.len()] {
            assert_eq!(
                cut(input.as_bytes(), at_a_time),
                [
                    whole("one"),
                    whole(""),
                    whole(&most),
                    Line::TooLong,
                    Line::TooLong,
                    whole("last")
                ]
            );
        }
    }

    #[test]
    fn what_is_kept_of_a_line_without_an_end_is_bounded() {
        let mut lines = Lines::default();
        for _ in 0..100 {
            assert_eq!(lines.take(&[b'x'; 65_536]), (65_536, None));
            assert!(lines.begun.len() <= Lines::MOST + 1);
        }
        assert_eq!(lines.take(b"\nnext"), (1, Some(Line::TooLong)));
        assert!(!lines.has_begun());
    }
}
