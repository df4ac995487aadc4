//! What happens outside.

use super::super::action::Action;
use super::super::ask::{About, Ask};
use super::super::calls::{Call, CallState};
use super::super::happened::{
    Address, CallNumber, Entry, Established, FileNumber, FileState, Fingerprint, From, Happened,
    Introduction, Mode, PersonKey, Retry, Standing, What, Who,
};
use super::super::text;
use super::{Overlay, Screen, Shown};
use crate::ui::filter;

impl Screen {
    pub(super) fn happened(&mut self, happened: Happened) {
        match happened {
            Happened::People(people) => self.people.set(people),
            Happened::Page(page) => {
                let (with, place) = (page.with, page.place);
                self.with_room(with, |room, height, count| room.page(page, height, count));
                self.arrived(with, place);
            }
            Happened::NotFound { with, words } => self.not_found(with, &words),
            Happened::Calling { call, with, place } => self.calling(call, with, &place),
            Happened::Reached(call) => self.reached(call),
            Happened::Introduced(introduction) => self.introduced(*introduction),
            Happened::Established(established) => self.established(&established),
            Happened::Entry { with, entry } => self.entry(with, entry),
            Happened::State {
                with,
                number,
                state,
            } => {
                if let Some(room) = self.room(with) {
                    room.state(number, state);
                }
            }
            Happened::File { with, file, state } => self.file_state(with, file, &state),
            Happened::NotSaid { to, text, why } => self.not_said(to, &text, &why),
            Happened::Lost { call, why, retry } => self.lost(call, &why, retry),
            Happened::Back { call, same_session } => self.back_again(call, same_session),
            Happened::Ended {
                call,
                why,
                advice,
                waiting,
            } => self.ended(call, &why, advice.as_deref(), waiting),
            Happened::Address(address) => self.address(*address),
            Happened::Fingerprint { with, fingerprint } => self.compare(with, fingerprint),
            Happened::Notice(text) => self.say(&text),
            Happened::Trouble { text, advice } => self.notices.trouble(&text, advice.as_deref()),
        }
    }

    fn not_found(&mut self, with: PersonKey, words: &str) {
        if self.open == Some(with)
            && let Some(search) = &mut self.search
            && search.words() == Some(words)
        {
            search.far = super::super::search::Far::Nothing;
        }
    }

    fn calling(&mut self, call: CallNumber, with: Option<PersonKey>, place: &str) {
        let path = text::line(place);
        self.calls.put(
            call,
            Call {
                with,
                state: CallState::Calling,
                path,
                is_mine: true,
                mode: None,
            },
        );
    }

    fn reached(&mut self, number: CallNumber) {
        let call = self.calls.get_mut(number);
        if let Some(call) = call.filter(|call| call.state == CallState::Calling) {
            call.state = CallState::Reached;
        }
    }

    fn introduced(&mut self, introduction: Introduction) {
        let call = introduction.call;
        let callers = self.asks.iter().filter(|ask| ask.call().is_some());
        if callers.count() >= ASKS {
            self.actions.push(Action::Refuse { call });
            return self.say("somebody was refused: too many wait for you already");
        }
        match self.calls.get_mut(call) {
            Some(call) => call.state = CallState::Deciding,
            None => self.calls.put(
                call,
                Call {
                    with: None,
                    state: CallState::Deciding,
                    path: String::new(),
                    is_mine: false,
                    mode: None,
                },
            ),
        }
        let claim = filter::name(&introduction.claim);
        match &introduction.who {
            Who::Changed { name } => {
                let name = filter::name(name);
                self.notices.trouble(
                    &format!(
                        "{name} has ANOTHER KEY here than the one you know: a new device, somebody else of \
                         that name, or somebody who pretends to be them"
                    ),
                    Some("F2 compares"),
                );
            }
            Who::Known { name } => {
                let name = filter::name(name);
                self.say(&format!("{name} waits for you (F2 decides)"));
            }
            Who::Unknown => self.say(&format!(
                "somebody you do not know, who goes by {claim}, waits for you (F2 decides)"
            )),
        }
        self.ask(Ask::person(introduction));
    }

    /// Asks now if the owner does nothing else, or else when they want.
    fn ask(&mut self, ask: Ask) {
        self.ring();
        // Who waits goes before what can wait, but not before what is on the screen.
        let at = match ask.call() {
            Some(_) => {
                let is_shown = matches!(self.overlay, Some(Overlay::Ask(_)));
                let mut waiting = self.asks.iter().skip(usize::from(is_shown));
                let before = waiting.position(|ask| ask.call().is_none());
                before.map_or(self.asks.len(), |at| {
                    at.saturating_add(usize::from(is_shown))
                })
            }
            None => self.asks.len(),
        };
        self.asks.insert(at, ask);
        let is_idle = self.overlay.is_none() && self.search.is_none() && self.input.is_empty();
        if is_idle && at == 0 {
            self.overlay = Some(Overlay::Ask(0));
        }
    }

    fn established(&mut self, established: &Established) {
        let Established {
            call,
            with,
            name,
            standing,
            path,
            mode,
            resumed,
        } = established;
        self.forget_ask(|ask| ask.call() == Some(*call));
        let was_mine = self.calls.remove(*call).is_some_and(|call| call.is_mine);
        self.calls.put(
            *call,
            Call {
                with: Some(*with),
                state: CallState::Going,
                path: text::line(path),
                is_mine: was_mine,
                mode: Some(*mode),
            },
        );
        self.people.met(*with, name, *standing);
        let name = filter::name(self.name(*with));
        let standing = match standing {
            Standing::Verified => "",
            Standing::NotVerified => ", not verified (/verify)",
        };
        let resumed = if *resumed { ", as before" } else { "" };
        let mode = match mode {
            Mode::Kamune => "; their program acknowledges nothing",
            Mode::Ours { .. } => "",
        };
        self.say(&format!("in a call with {name}{standing}{resumed}{mode}"));
        let is_idle = self.input.is_empty() && self.overlay.is_none() && self.search.is_none();
        if self.open.is_none() || (was_mine && is_idle) {
            self.open(*with);
        }
    }

    fn entry(&mut self, with: PersonKey, entry: Entry) {
        let is_theirs = entry.from == From::Them && !matches!(entry.what, What::Note(_));
        let offer = match &entry.what {
            What::File(file) if is_theirs && file.state == FileState::Offered => Some(file.clone()),
            _ => None,
        };
        if let Some(room) = self.room(with) {
            room.add(entry);
        }
        if !is_theirs {
            return;
        }
        if let Some(person) = self.people.get_mut(with) {
            // What is seen at once is set back by `settle`.
            person.unread = person.unread.saturating_add(1);
        }
        self.ring();
        if let Some(mut file) = offer {
            let name = self.name(with).to_owned();
            file.name = text::name(&file.name);
            let size = text::size(file.bytes);
            let what = filter::name(&file.name);
            let who = filter::name(&name);
            let files = self.asks.iter().filter(|ask| ask.call().is_none());
            if files.count() < ASKS {
                self.say(&format!("{who} offers {what}, {size} (F2 decides)"));
                self.ask(Ask::file(with, name, file, &self.folder));
            }
        }
    }

    fn file_state(&mut self, with: PersonKey, file: FileNumber, state: &FileState) {
        if *state != FileState::Offered {
            self.forget_file(file);
        }
        if let Some(room) = self.room(with) {
            room.file(file, state);
        }
    }

    pub(super) fn forget_file(&mut self, number: FileNumber) {
        self.forget_ask(
            |ask| matches!(&ask.about, About::File { file, .. } if file.number == number),
        );
    }

    /// Puts back what was typed, before what was typed since.
    fn not_said(&mut self, to: PersonKey, text: &str, why: &str) {
        let name = filter::name(self.name(to));
        self.notices.trouble(
            &format!("not sent to {name}: {why}"),
            Some("What you typed is back in its line"),
        );
        // A command would be one again.
        let text = match text.starts_with('/') {
            true => format!("/{text}"),
            false => text.to_owned(),
        };
        if self.open != Some(to) && !self.drafts.iter().any(|(with, _)| *with == to) {
            self.drafts.push((to, super::Editor::new()));
            self.bound_drafts();
        }
        let draft = match self.open == Some(to) {
            true => Some(&mut self.input),
            false => {
                let mut drafts = self.drafts.iter_mut();
                drafts.find(|(with, _)| *with == to).map(|(_, draft)| draft)
            }
        };
        if let Some(draft) = draft {
            let since = match draft.is_empty() {
                true => String::new(),
                false => format!("\n{}", draft.text()),
            };
            draft.set(&format!("{text}{since}"));
        }
    }

    fn lost(&mut self, number: CallNumber, why: &str, retry: Option<Retry>) {
        let Some(call) = self.calls.get_mut(number) else {
            return;
        };
        let was_lost = matches!(call.state, CallState::Lost { .. });
        let since_ms = self.now_ms;
        call.state = CallState::Lost { retry, since_ms };
        let with = call.with;
        if !was_lost {
            let name = with.map_or("somebody", |with| self.name(with));
            let name = filter::name(name);
            self.say(&format!(
                "no connection to {name}: {why}; what you say waits"
            ));
        }
    }

    fn back_again(&mut self, number: CallNumber, same_session: bool) {
        let Some(call) = self.calls.get_mut(number) else {
            return;
        };
        call.state = CallState::Going;
        let with = call.with;
        let name = filter::name(with.map_or("somebody", |with| self.name(with)));
        let session = if same_session {
            ""
        } else {
            ", in a new session"
        };
        self.say(&format!("connected to {name} again{session}"));
    }

    fn ended(&mut self, number: CallNumber, why: &str, advice: Option<&str>, waiting: usize) {
        self.forget_ask(|ask| ask.call() == Some(number));
        let call = self.calls.remove(number);
        let with = call.and_then(|call| call.with);
        let whose = with.map_or_else(String::new, |with| {
            format!(" with {}", filter::name(self.name(with)))
        });
        let waiting = match waiting {
            0 => String::new(),
            1 => "; 1 message waits for another".to_owned(),
            more => format!("; {more} messages wait for another"),
        };
        let text = format!("the call{whose} is over: {why}{waiting}");
        match advice {
            None => self.say(&text),
            Some(advice) => self.notices.trouble(&text, Some(advice)),
        }
    }

    fn address(&mut self, mut address: Address) {
        let qr = crate::qr::rows(&address.link, self.settings.color);
        address.link = text::line(&address.link);
        let Fingerprint { emoji, words, hex } = &mut address.fingerprint;
        for text in emoji.iter_mut().chain([words, hex]) {
            *text = text::line(text);
        }
        self.address = Some(Shown { address, qr });
        self.overlay = Some(Overlay::Address(0));
    }

    fn compare(&mut self, with: PersonKey, fingerprint: Fingerprint) {
        let name = self.name(with).to_owned();
        self.forget_ask(|ask| matches!(&ask.about, About::Compare { .. }));
        self.asks.push_front(Ask::compare(with, name, fingerprint));
        self.overlay = Some(Overlay::Ask(0));
    }

    /// Questions that nobody waits for any more. If one of them is on the screen, it goes.
    fn forget_ask(&mut self, is_it: impl Fn(&Ask) -> bool) {
        let is_shown = matches!(self.overlay, Some(Overlay::Ask(_)));
        if is_shown && self.asks.front().is_some_and(&is_it) {
            self.overlay = None;
        }
        self.asks.retain(|ask| !is_it(ask));
    }
}

/// How many people may wait for a decision, and how many files.
const ASKS: usize = 16;
