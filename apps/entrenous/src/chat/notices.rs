//! What the program says besides the conversation.

use std::collections::VecDeque;

use super::text;

/// One thing that is said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Notice {
    /// Harmless.
    pub(super) text: String,
    pub(super) is_trouble: bool,
    /// When it goes by itself; trouble does not.
    until_ms: Option<u64>,
}

/// What was said and is still shown, oldest first.
#[derive(Debug, Default)]
pub(super) struct Notices(VecDeque<Notice>);

impl Notices {
    pub(super) fn say(&mut self, text: &str, now_ms: u64) {
        let until = now_ms.saturating_add(SHOWN_MS);
        self.push(text::line(text), Some(until));
    }

    /// Says what did not work, and what to do about it, until somebody has read it.
    pub(super) fn trouble(&mut self, text: &str, advice: Option<&str>) {
        let text = match advice {
            Some(advice) => format!("{text}. {}", begun(advice)),
            None => text.to_owned(),
        };
        self.push(text::line(&text), None);
    }

    /// The newest, and how many there are behind it.
    pub(super) fn shown(&self) -> Option<(&Notice, usize)> {
        let behind = self.0.len().saturating_sub(1);
        self.0.back().map(|notice| (notice, behind))
    }

    /// Somebody has read the newest. `false`: there was none.
    pub(super) fn read(&mut self) -> bool {
        self.0.pop_back().is_some()
    }

    pub(super) fn tick(&mut self, now_ms: u64) {
        self.0
            .retain(|notice| notice.until_ms.is_none_or(|until| until > now_ms));
    }

    fn push(&mut self, text: String, until_ms: Option<u64>) {
        let is_trouble = until_ms.is_none();
        self.0.retain(|notice| notice.text != text);
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back(Notice {
            text,
            is_trouble,
            until_ms,
        });
    }
}

/// As a sentence begins.
fn begun(text: &str) -> String {
    let mut rest = text.chars();
    let first = rest.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(rest).collect()
}

const MOST: usize = 8;
const SHOWN_MS: u64 = 12_000;
