//! What keys do.

use super::super::action::{Action, Code, ForTerminal, Press};
use super::super::ask::{About, Answer};
use super::super::editor::Edit;
use super::super::search::{Far, Search};
use super::{Focus, Overlay, Screen};

impl Screen {
    pub(super) fn press(&mut self, press: Press) {
        let was_leaving = self.leaving_ms.take();
        match press {
            CTRL_C => return self.leave(was_leaving),
            CTRL_Z => return self.terminal(ForTerminal::Suspend),
            CTRL_L => return self.terminal(ForTerminal::Redraw),
            _ => {}
        }
        if let Some(overlay) = self.overlay {
            return self.press_overlay(overlay, press);
        }
        if self.press_anywhere(press) {
            return;
        }
        if self.search.is_some() {
            return self.press_search(press);
        }
        match (press.code, self.focus) {
            (Code::Esc, _) => self.back(),
            (Code::Tab, Focus::Input) if self.is_command() => self.complete(),
            (Code::Tab, focus) => {
                self.focus = match focus {
                    Focus::Input => Focus::People,
                    Focus::People => Focus::Talk,
                    Focus::Talk => Focus::Input,
                }
            }
            (Code::BackTab, focus) => {
                self.focus = match focus {
                    Focus::Input => Focus::Talk,
                    Focus::People => Focus::Input,
                    Focus::Talk => Focus::People,
                }
            }
            (_, Focus::Input) => self.press_input(press),
            (_, Focus::People) => self.press_people(press),
            (_, Focus::Talk) => self.press_talk(press),
        }
    }

    /// Twice ends the program.
    fn leave(&mut self, was_leaving: Option<u64>) {
        if was_leaving.is_some_and(|at| self.now_ms.saturating_sub(at) < LEAVE_MS) {
            return self.actions.push(Action::Quit);
        }
        self.leaving_ms = Some(self.now_ms);
        self.overlay = None;
        let calls = match self.calls.len() {
            0 => "",
            _ => ", which ends your calls",
        };
        self.say(&format!("Ctrl-C again leaves{calls}"));
    }

    fn terminal(&mut self, what: ForTerminal) {
        self.actions.push(Action::Terminal(what));
    }

    fn press_overlay(&mut self, overlay: Overlay, press: Press) {
        let move_by = match press.code {
            Code::PageDown => Some(PAGE),
            Code::PageUp => Some(-PAGE),
            Code::Down => Some(1),
            Code::Up => Some(-1),
            _ => None,
        };
        match (overlay, press.code) {
            (Overlay::Ask(row), code) => match (code, move_by) {
                (Code::PageDown | Code::PageUp, Some(by)) => {
                    self.overlay = Some(Overlay::Ask(moved(row, by)));
                }
                _ => self.press_ask(press),
            },
            (Overlay::Address(_), Code::Char('y')) => {
                if let Some(shown) = &self.address {
                    let link = shown.address.link.clone();
                    self.copy(link, "copied your link");
                }
            }
            (Overlay::Address(_), Code::Esc | Code::Enter)
            | (Overlay::Help(_), Code::Esc | Code::Enter | Code::F(1) | Code::Char('?' | 'q')) => {
                self.overlay = None;
            }
            (Overlay::Help(row), _) => {
                let row = moved(row, move_by.unwrap_or_default());
                self.overlay = Some(Overlay::Help(row));
            }
            (Overlay::Address(row), _) => {
                let row = moved(row, move_by.unwrap_or_default());
                self.overlay = Some(Overlay::Address(row));
            }
        }
    }

    fn press_ask(&mut self, press: Press) {
        let Some(mut ask) = self.asks.pop_front() else {
            self.overlay = None;
            return;
        };
        match ask.press(press) {
            Answer::Open => self.asks.push_front(ask),
            Answer::Later => {
                self.overlay = None;
                // Who only wanted to look is not asked again.
                if !matches!(ask.about, About::Compare { .. }) {
                    ask.at = 0;
                    self.asks.push_back(ask);
                }
            }
            Answer::Decided(action) => {
                self.overlay = None;
                self.decided(action);
            }
        }
    }

    fn decided(&mut self, action: Action) {
        let different = match &action {
            Action::Compared { with, same: false } => Some(*with),
            _ => None,
        };
        self.actions.push(action);
        if let Some(with) = different {
            let name = crate::ui::filter::name(self.name(with));
            let advice = "Say nothing there that matters, and meet another way";
            self.notices.trouble(
                &format!("whoever is there is not {name}: their fingerprint differs"),
                Some(advice),
            );
            if let Some((number, _)) = self.calls.with(with) {
                self.actions.push(Action::HangUp(number));
            }
        }
    }

    /// Keys that mean the same wherever one is.
    fn press_anywhere(&mut self, press: Press) -> bool {
        match press {
            Press {
                code: Code::F(1), ..
            } => self.overlay = Some(Overlay::Help(0)),
            Press {
                code: Code::F(2), ..
            } => self.decide(),
            Press {
                code: Code::Up,
                alt: true,
                ..
            } => self.neighbour(-1),
            Press {
                code: Code::Down,
                alt: true,
                ..
            } => self.neighbour(1),
            Press {
                code: Code::PageUp, ..
            } => self.scroll(self.page().saturating_neg()),
            Press {
                code: Code::PageDown,
                ..
            } => self.scroll(self.page()),
            Press {
                code: Code::End,
                ctrl: true,
                ..
            } => self.see_newest(),
            CTRL_F => match self.search.is_some() {
                true => self.search_older(),
                false => self.look_for(""),
            },
            _ => return false,
        }
        true
    }

    /// Opens the first question.
    pub(super) fn decide(&mut self) {
        match self.asks.is_empty() {
            true => self.say("there is nothing to decide"),
            false => self.overlay = Some(Overlay::Ask(0)),
        }
    }

    fn neighbour(&mut self, by: isize) {
        if let Some(open) = self.open {
            self.people.choose(open);
            self.people.go(by);
        }
        if let Some(key) = self.people.chosen().map(|person| person.key) {
            self.open(key);
        }
    }

    /// One step back: out of what is on top.
    fn back(&mut self) {
        if self.notices.read() {
            return;
        }
        match self.focus {
            Focus::Input => self.see_newest(),
            Focus::People | Focus::Talk => self.focus = Focus::Input,
        }
    }

    fn press_input(&mut self, press: Press) {
        match press.code {
            Code::Enter if !press.alt => self.enter(),
            Code::Char('?') if self.input.is_empty() => self.overlay = Some(Overlay::Help(0)),
            _ => {
                if self.input.press(press) == Edit::Full {
                    self.too_much();
                }
            }
        }
    }

    fn press_people(&mut self, press: Press) {
        match press.code {
            Code::Up | Code::Char('k') => self.people.go(-1),
            Code::Down | Code::Char('j') => self.people.go(1),
            Code::Home => self.people.go(isize::MIN),
            Code::End => self.people.go(isize::MAX),
            Code::Enter | Code::Right => {
                if let Some(key) = self.people.chosen().map(|person| person.key) {
                    self.open(key);
                }
            }
            Code::Char('?') => self.overlay = Some(Overlay::Help(0)),
            Code::Char('/') => self.begin_command(),
            _ => {}
        }
    }

    fn press_talk(&mut self, press: Press) {
        match press.code {
            Code::Up | Code::Char('k') => self.scroll(-1),
            Code::Down | Code::Char('j') => self.scroll(1),
            Code::Home | Code::Char('g') => self.scroll(isize::MIN),
            Code::End | Code::Char('G') => self.see_newest(),
            Code::Char('/') => self.look_for(""),
            Code::Char('y') => self.copy_seen(),
            Code::Char('?') => self.overlay = Some(Overlay::Help(0)),
            Code::Enter | Code::Char('i') => self.focus = Focus::Input,
            _ => {}
        }
    }

    fn begin_command(&mut self) {
        self.focus = Focus::Input;
        if self.input.is_empty() {
            self.input.insert("/");
        }
    }

    /// Looks for words in the conversation, or asks for them.
    pub(super) fn look_for(&mut self, words: &str) {
        if self.open.is_none() {
            return self.say("open a conversation first: Tab, then Enter");
        }
        self.search = Some(Search::new(words));
        if !words.is_empty() {
            self.settle();
            self.search_older();
        }
    }

    fn press_search(&mut self, press: Press) {
        match press.code {
            Code::Esc => self.search = None,
            Code::Enter | Code::Up => self.search_older(),
            Code::Down => self.search_newer(),
            Code::Tab | Code::BackTab => {}
            Code::Char('y') if press.ctrl => self.copy_seen(),
            _ => {
                let Some(search) = &mut self.search else {
                    return;
                };
                let before = search.editor.text().to_owned();
                if search.editor.press(press) == Edit::Full {
                    return self.too_much();
                }
                if search.editor.text() != before {
                    search.changed();
                }
            }
        }
    }

    fn search_older(&mut self) {
        match self.search.as_ref().and_then(Search::older) {
            Some(number) => self.bring(number),
            None if self.conversation().is_some_and(|it| it.is_whole_before()) => {
                if let Some(search) = &mut self.search {
                    search.far = Far::Nothing;
                }
            }
            None => self.search_far(),
        }
    }

    fn search_newer(&mut self) {
        if let Some(number) = self.search.as_ref().and_then(Search::newer) {
            self.bring(number);
        }
    }
}

fn moved(row: usize, by: isize) -> usize {
    row.saturating_add_signed(by).min(MOST_ROWS)
}

const CTRL_C: Press = Press::ctrl('c');
const CTRL_F: Press = Press::ctrl('f');
const CTRL_L: Press = Press::ctrl('l');
const CTRL_Z: Press = Press::ctrl('z');
const LEAVE_MS: u64 = 5_000;
const PAGE: isize = 5;
/// No overlay has more.
const MOST_ROWS: usize = 200;
