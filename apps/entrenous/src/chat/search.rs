//! Looking for words in a conversation.

use super::editor::Editor;
use super::happened::EntryNumber;

/// What is looked for, and where it is.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) editor: Editor,
    /// In what is loaded, oldest first.
    hits: Vec<EntryNumber>,
    /// The one that is shown.
    pub(super) at: Option<EntryNumber>,
    pub(super) far: Far,
}

/// Whether older ones, which are not loaded, were looked through.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Far {
    No,
    /// It is under way.
    Asked,
    /// There is nothing there.
    Nothing,
}

impl Search {
    pub(super) fn new(words: &str) -> Self {
        Self {
            editor: Editor::one_line(words),
            hits: Vec::new(),
            at: None,
            far: Far::No,
        }
    }

    /// What is looked for, if it is anything.
    pub(super) fn words(&self) -> Option<&str> {
        let words = self.editor.text().trim();
        (!words.is_empty()).then_some(words)
    }

    /// The words are others now.
    pub(super) fn changed(&mut self) {
        self.at = None;
        self.far = Far::No;
    }

    /// What is loaded has changed.
    pub(super) fn found(&mut self, hits: Vec<EntryNumber>) {
        self.hits = hits;
    }

    /// The hit before the one that is shown, or the last.
    pub(super) fn older(&self) -> Option<EntryNumber> {
        let mut before = self.hits.iter().rev();
        before
            .find(|hit| self.at.is_none_or(|at| **hit < at))
            .copied()
    }

    pub(super) fn newer(&self) -> Option<EntryNumber> {
        let at = self.at?;
        self.hits.iter().find(|hit| **hit > at).copied()
    }

    /// Where one is, in words.
    pub(super) fn standing(&self) -> String {
        let place = self
            .at
            .and_then(|at| self.hits.iter().position(|hit| *hit == at));
        let (of, far) = (self.hits.len(), self.far);
        match (self.words(), place, far) {
            (None, ..) => "type what to look for".to_owned(),
            (_, _, Far::Asked) => "looking further back".to_owned(),
            (_, None, Far::Nothing) => "nothing found".to_owned(),
            (_, None, Far::No) => format!("{of} here; Enter looks back"),
            (_, Some(place), far) => {
                let end = if far == Far::Nothing {
                    ", no older"
                } else {
                    ""
                };
                format!("{} of {of}{end}", place.saturating_add(1))
            }
        }
    }
}
