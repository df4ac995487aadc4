//! What the owner decides. The first choice of each question changes nothing, so that a key pressed too
//! early does no harm.

use super::action::{Action, Code, Press};
use super::editor::{Edit, Editor};
use super::happened::{CallNumber, File, Fingerprint, Introduction, PersonKey, Who};
use super::text;

/// A question that waits.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) about: About,
    /// Which choice is taken by Enter.
    pub(super) at: usize,
}

#[derive(Debug)]
pub(super) enum About {
    /// Whether somebody who was introduced is wanted.
    Person(Box<Introduction>),
    /// Whether somebody who is known is who they seem.
    Compare {
        with: PersonKey,
        name: String,
        fingerprint: Fingerprint,
    },
    /// Whether a file is taken, and where it goes.
    File {
        with: PersonKey,
        name: String,
        file: File,
        into: Box<Editor>,
    },
}

/// What became of a question by a key.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Answer {
    /// It stays on the screen.
    Open,
    /// It is asked again later.
    Later,
    Decided(Action),
}

impl Ask {
    pub(super) fn person(mut introduction: Introduction) -> Self {
        introduction.claim = text::name(&introduction.claim);
        clean(&mut introduction.fingerprint);
        if let Who::Known { name } | Who::Changed { name } = &mut introduction.who {
            *name = text::name(name);
        }
        Self::new(About::Person(Box::new(introduction)))
    }

    /// `name` is harmless.
    pub(super) fn compare(with: PersonKey, name: String, mut fingerprint: Fingerprint) -> Self {
        clean(&mut fingerprint);
        Self::new(About::Compare {
            with,
            name,
            fingerprint,
        })
    }

    /// `name` and what is in `file` are harmless; `folder` is where it goes if nobody says otherwise.
    pub(super) fn file(with: PersonKey, name: String, file: File, folder: &str) -> Self {
        let folder = folder.trim_end_matches('/');
        let into = Editor::one_line(&format!("{folder}/{}", plain_file_name(&file.name)));
        Self::new(About::File {
            with,
            name,
            file,
            into: Box::new(into),
        })
    }

    const fn new(about: About) -> Self {
        Self { about, at: 0 }
    }

    /// The call in which somebody waits for the answer.
    pub(super) fn call(&self) -> Option<CallNumber> {
        match &self.about {
            About::Person(introduction) => Some(introduction.call),
            _ => None,
        }
    }

    /// What can be chosen. Whoever has another key than before is not taken without comparing.
    pub(super) fn choices(&self) -> &'static [&'static str] {
        match &self.about {
            About::Person(introduction) => match introduction.who {
                Who::Changed { .. } => &["later", "same", "different"],
                Who::Known { .. } => &["later", "talk to them", "refuse"],
                Who::Unknown => &["later", "same", "different", "take without comparing"],
            },
            About::Compare { .. } => &["later", "same", "different"],
            About::File { .. } => &["later", "accept", "decline"],
        }
    }

    pub(super) fn press(&mut self, press: Press) -> Answer {
        let last = self.choices().len().saturating_sub(1);
        match press.code {
            Code::Esc => return Answer::Later,
            Code::Enter => return self.answer(),
            Code::Tab if self.at == last => self.at = 0,
            Code::BackTab if self.at == 0 => self.at = last,
            Code::Tab | Code::Down => self.at = self.at.saturating_add(1).min(last),
            Code::BackTab | Code::Up => self.at = self.at.saturating_sub(1),
            _ => match &mut self.about {
                About::File { into, .. } => {
                    let _: Edit = into.press(press);
                }
                _ if press.code == Code::Right => self.at = self.at.saturating_add(1).min(last),
                _ if press.code == Code::Left => self.at = self.at.saturating_sub(1),
                _ => {}
            },
        }
        Answer::Open
    }

    pub(super) fn paste(&mut self, text: &str) {
        if let About::File { into, .. } = &mut self.about {
            let _: Edit = into.insert(text);
        }
    }

    fn answer(&self) -> Answer {
        let choice = self.choices().get(self.at).copied().unwrap_or_default();
        Answer::Decided(match (&self.about, choice) {
            (_, "later") => return Answer::Later,
            (About::Person(introduction), choice) => {
                let call = introduction.call;
                match choice {
                    "same" => Action::Accept {
                        call,
                        compared: true,
                    },
                    "different" | "refuse" => Action::Refuse { call },
                    _ => Action::Accept {
                        call,
                        compared: false,
                    },
                }
            }
            (About::Compare { with, .. }, choice) => Action::Compared {
                with: *with,
                same: choice == "same",
            },
            (About::File { file, into, .. }, "accept") => {
                let path = into.text().trim().to_owned();
                if path.is_empty() {
                    return Answer::Open;
                }
                let file = file.number;
                Action::AcceptFile { file, path }
            }
            (About::File { file, .. }, _) => Action::DeclineFile(file.number),
        })
    }
}

fn clean(fingerprint: &mut Fingerprint) {
    fingerprint.emoji.truncate(EMOJI);
    for emoji in &mut fingerprint.emoji {
        *emoji = text::name(emoji);
    }
    fingerprint.words = text::line(&fingerprint.words);
    fingerprint.hex = text::line(&fingerprint.hex);
}

/// A name for a file of one's own, whatever somebody else calls it: it leads nowhere, hides from nobody, and
/// has no character that a system takes for something else.
pub(super) fn plain_file_name(name: &str) -> String {
    let is_bad = |c: char| "/\\:*?\"<>|~$`".contains(c) || c == char::REPLACEMENT_CHARACTER;
    let name: String = text::name(name)
        .chars()
        .map(|c| if is_bad(c) { '_' } else { c })
        .collect();
    let name = name
        .trim_start_matches(['.', '-', ' '])
        .trim_end_matches(['.', ' ']);
    match name.is_empty() {
        true => "file".to_owned(),
        false => name.to_owned(),
    }
}

/// Emoji of a fingerprint.
const EMOJI: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_somebody_else_leads_nowhere() {
        for (name, plain) in [
            ("photo.jpg", "photo.jpg"),
            ("../../.ssh/authorized_keys", "_.._.ssh_authorized_keys"),
            (".bashrc", "bashrc"),
            ("-rf", "rf"),
            ("a\u{202e}gpj.exe", "a_gpj.exe"),
            ("C:\\x\n", "C__x_"),
            ("..", "file"),
            ("", "file"),
        ] {
            assert_eq!(plain_file_name(name), plain, "{name:?}");
        }
    }
}
