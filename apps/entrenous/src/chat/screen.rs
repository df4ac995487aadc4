//! The screen as a machine: what it takes, what it wants done.

mod commands;
mod happened;
mod keys;

use std::collections::VecDeque;

use super::action::{Action, ForTerminal, Input, Notify, Settings};
use super::ask::Ask;
use super::calls::Calls;
use super::conversation::{Conversation, Count};
use super::editor::{Edit, Editor};
use super::happened::{Address, EntryNumber, From, PersonKey, Place, Standing};
use super::layout::Layout;
use super::notices::Notices;
use super::people::People;
use super::rows::Shape;
use super::search::Search;
use super::text;
pub(super) use commands::offered;

/// All that is on the screen. A plain value: it reads no clock and touches no terminal.
///
/// Hand every [`Input`] to [`take`](Self::take), do what it returns, and [`draw`](super::draw()) when something
/// was taken.
#[derive(Debug)]
pub(crate) struct Screen {
    pub(super) settings: Settings,
    /// Where files go if nobody says otherwise; `~/` is the home of the owner.
    folder: String,
    pub(super) columns: u16,
    pub(super) rows: u16,
    pub(super) now_ms: u64,
    pub(super) people: People,
    pub(super) calls: Calls,
    pub(super) notices: Notices,
    /// Who is talked to.
    pub(super) open: Option<PersonKey>,
    /// Conversations that are loaded; the one that was open last is the last.
    rooms: Vec<(PersonKey, Conversation)>,
    /// What is being typed to whoever is talked to.
    pub(super) input: Editor,
    /// What was being typed to others, so that nothing goes to the wrong one.
    drafts: Vec<(PersonKey, Editor)>,
    pub(super) focus: Focus,
    pub(super) asks: VecDeque<Ask>,
    pub(super) overlay: Option<Overlay>,
    pub(super) address: Option<Shown>,
    pub(super) search: Option<Search>,
    /// When Ctrl-C was pressed once.
    leaving_ms: Option<u64>,
    /// What was told to be seen last.
    seen: Option<(PersonKey, EntryNumber)>,
    rang_ms: Option<u64>,
    actions: Vec<Action>,
}

/// Where keys go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Focus {
    Input,
    People,
    Talk,
}

/// What lies over everything else; `usize`: how many rows it was scrolled.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Overlay {
    Help(usize),
    /// The first question.
    Ask(usize),
    Address(usize),
}

/// The owner's address, harmless, with its QR code.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) address: Address,
    pub(super) qr: Option<Vec<String>>,
}

impl Screen {
    /// Empty, at 80x24, before the first [`Input::Tick`].
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            folder: "~/Downloads".to_owned(),
            columns: 80,
            rows: 24,
            now_ms: 0,
            people: People::default(),
            calls: Calls::default(),
            notices: Notices::default(),
            open: None,
            rooms: Vec::new(),
            input: Editor::new(),
            drafts: Vec::new(),
            focus: Focus::Input,
            asks: VecDeque::new(),
            overlay: None,
            address: None,
            search: None,
            leaving_ms: None,
            seen: None,
            rang_ms: None,
            actions: Vec::new(),
        }
    }

    /// Offers to put files into `folder`.
    pub(crate) fn with_folder(mut self, folder: String) -> Self {
        self.folder = folder;
        self
    }

    /// Takes one input, and returns what is to be done, in this order. Never fails: hostile text is made
    /// harmless, and what does not fit the state of things changes nothing.
    pub(crate) fn take(&mut self, input: Input) -> Vec<Action> {
        match input {
            Input::Key(press) => self.press(press),
            Input::Paste(text) => self.paste(&text),
            Input::Resize { columns, rows } => (self.columns, self.rows) = (columns, rows),
            Input::Tick(now_ms) => {
                self.now_ms = now_ms;
                self.notices.tick(now_ms);
            }
            Input::Happened(happened) => self.happened(happened),
        }
        self.settle();
        std::mem::take(&mut self.actions)
    }

    /// Whether something on it goes or changes by time alone.
    pub(super) fn changes_by_time(&self) -> bool {
        self.notices.shown().is_some() || self.calls.is_counting()
    }

    /// What follows from what is seen now.
    fn settle(&mut self) {
        let Some(with) = self.open else { return };
        let words = self.search.as_ref().and_then(Search::words);
        let hits = words.and_then(|words| Some(self.conversation()?.hits(words)));
        if let Some(search) = &mut self.search {
            search.found(hits.unwrap_or_default());
        }
        let Some(conversation) = self.room(with) else {
            return;
        };
        let (wants, follows, last) = (
            conversation.wants(),
            conversation.follows(),
            conversation.last(),
        );
        if let Some(place) = wants {
            self.actions.push(Action::Load { with, place });
        }
        if let Some(number) = last.filter(|_| follows) {
            if let Some(person) = self.people.get_mut(with) {
                person.unread = 0;
            }
            if self.seen.replace((with, number)) != Some((with, number)) {
                self.actions.push(Action::Seen { with, number });
            }
        }
    }

    /// Talks to somebody from now on.
    fn open(&mut self, key: PersonKey) {
        self.people.choose(key);
        self.focus = Focus::Input;
        if self.open == Some(key) {
            return;
        }
        self.search = None;
        let draft = self.take_draft(key);
        let input = std::mem::replace(&mut self.input, draft);
        if let Some(before) = self.open.replace(key) {
            self.drafts.push((before, input));
            self.bound_drafts();
        }
        match self.rooms.iter().position(|(with, _)| *with == key) {
            Some(at) => {
                let room = self.rooms.remove(at);
                self.rooms.push(room);
            }
            None => {
                if self.rooms.len() >= ROOMS {
                    self.rooms.remove(0);
                }
                self.rooms.push((key, Conversation::asked()));
                self.actions.push(Action::Open(key));
            }
        }
    }

    /// Loads the latest of who is talked to again, as it is not here.
    fn reopen(&mut self) {
        let Some(key) = self.open else { return };
        if let Some(conversation) = self.room(key) {
            *conversation = Conversation::asked();
            self.actions.push(Action::Open(key));
        }
    }

    fn take_draft(&mut self, key: PersonKey) -> Editor {
        let at = self.drafts.iter().position(|(with, _)| *with == key);
        at.map_or_else(Editor::new, |at| self.drafts.remove(at).1)
    }

    /// Those in which nothing stands go first.
    fn bound_drafts(&mut self) {
        while self.drafts.len() > DRAFTS {
            let empty = self.drafts.iter().position(|(_, draft)| draft.is_empty());
            self.drafts.remove(empty.unwrap_or(0));
        }
    }

    fn paste(&mut self, text: &str) {
        let full = match (self.overlay, &mut self.search) {
            (Some(Overlay::Ask(_)), _) => {
                if let Some(ask) = self.asks.front_mut() {
                    ask.paste(text);
                }
                return;
            }
            (Some(_), _) => return,
            (None, Some(search)) => {
                let edit = search.editor.insert(text);
                search.changed();
                edit
            }
            (None, None) => {
                self.focus = Focus::Input;
                self.input.insert(text)
            }
        };
        if full == Edit::Full {
            self.too_much();
        }
    }

    fn too_much(&mut self) {
        let most = text::size(u64::try_from(super::editor::MOST).unwrap_or(u64::MAX));
        let text =
            format!("not taken: more than {most} cannot be typed; send it as a file, /send PATH");
        self.say(&text);
    }

    /// Scrolls the conversation: up for a negative number.
    fn scroll(&mut self, by: isize) {
        self.with_open(|conversation, height, count| match by < 0 {
            true => conversation.up(by.unsigned_abs(), height, count),
            false => conversation.down(by.unsigned_abs(), count),
        });
    }

    /// Rows that a page key moves.
    fn page(&self) -> isize {
        let height = Layout::of(self).map_or(1, |layout| layout.talk.height);
        isize::try_from(height.saturating_sub(1).max(1)).unwrap_or(1)
    }

    fn see_newest(&mut self) {
        let mut is_here = true;
        self.with_open(|conversation, _, _| is_here = conversation.follow());
        if !is_here {
            self.reopen();
        }
    }

    /// Shows an entry that was found.
    fn bring(&mut self, number: EntryNumber) {
        if let Some(search) = &mut self.search {
            search.at = Some(number);
        }
        self.with_open(|conversation, height, count| conversation.bring(number, height, count));
    }

    fn load_older(&mut self) {
        let Some(with) = self.open else { return };
        match self.room(with).and_then(Conversation::older) {
            Some(place) => self.actions.push(Action::Load { with, place }),
            None => self.say("this is the beginning"),
        }
    }

    fn with_open(&mut self, act: impl FnOnce(&mut Conversation, usize, Count<'_>)) {
        if let Some(key) = self.open {
            self.with_room(key, act);
        }
    }

    /// Has `act` change a conversation that is loaded.
    fn with_room(&mut self, key: PersonKey, act: impl FnOnce(&mut Conversation, usize, Count<'_>)) {
        let layout = Layout::of(self);
        let talk = layout.map(|layout| layout.talk).unwrap_or_default();
        let (settings, name) = (self.settings, self.name(key).to_owned());
        let shape = Shape {
            settings: &settings,
            columns: talk.width.into(),
            name: &name,
            now_ms: self.now_ms,
            find: None,
        };
        if let Some(conversation) = self.room(key) {
            act(conversation, talk.height.into(), &|before, entry| {
                shape.count(before, entry)
            });
        }
    }

    fn room(&mut self, key: PersonKey) -> Option<&mut Conversation> {
        let mut rooms = self.rooms.iter_mut();
        rooms.find(|(with, _)| *with == key).map(|(_, room)| room)
    }

    /// The conversation with who is talked to.
    pub(super) fn conversation(&self) -> Option<&Conversation> {
        let mut rooms = self.rooms.iter();
        let found = rooms.find(|(with, _)| Some(*with) == self.open);
        found.map(|(_, room)| room)
    }

    /// What the owner calls somebody; harmless.
    pub(super) fn name(&self, key: PersonKey) -> &str {
        let person = self.people.get(key);
        person.map_or("somebody", |person| &person.name)
    }

    pub(super) fn standing(&self, key: PersonKey) -> Standing {
        let person = self.people.get(key);
        person.map_or(Standing::NotVerified, |person| person.standing)
    }

    /// Bytes of what is typed beyond what a message can have.
    pub(super) fn too_long(&self) -> Option<usize> {
        let beyond = self.input.text().len().checked_sub(self.settings.most)?;
        (beyond > 0 && !self.is_command()).then_some(beyond)
    }

    /// Whether what is typed is for the program.
    pub(super) fn is_command(&self) -> bool {
        let text = self.input.text();
        text.starts_with('/') && !text.starts_with("//")
    }

    fn say(&mut self, text: &str) {
        self.notices.say(text, self.now_ms);
    }

    /// Tells the owner, who may look elsewhere, that something came: not more often than every few
    /// seconds, whatever others do.
    fn ring(&mut self) {
        let rang = self.rang_ms.map(|rang| self.now_ms.saturating_sub(rang));
        if rang.is_some_and(|since| since < RING_MS) {
            return;
        }
        let ring = match self.settings.notify {
            Notify::No => return,
            Notify::Bell => ForTerminal::Bell,
            Notify::Desktop => ForTerminal::Notify("entrenous: something came".to_owned()),
        };
        self.rang_ms = Some(self.now_ms);
        self.actions.push(Action::Terminal(ring));
    }

    /// Copies what was said last of what is seen, or what was found.
    fn copy_seen(&mut self) {
        let found = self.search.as_ref().and_then(|search| search.at);
        let Some(conversation) = self.conversation() else {
            return;
        };
        let entry = match found {
            Some(number) => conversation.entries().find(|entry| entry.number == number),
            None => conversation.seen(),
        };
        let copied = entry.map(|entry| {
            let text = super::conversation::said(entry).to_owned();
            (text, entry.from == From::Them)
        });
        if let Some((text, is_theirs)) = copied {
            let whose = if is_theirs { "theirs" } else { "yours" };
            self.copy(text, &format!("copied a message of {whose}"));
        }
    }

    fn copy(&mut self, text: String, notice: &str) {
        let copy = ForTerminal::Copy(text);
        self.actions.push(Action::Terminal(copy));
        self.say(notice);
    }

    fn search_far(&mut self) {
        let (Some(with), Some(first)) =
            (self.open, self.conversation().and_then(Conversation::first))
        else {
            return;
        };
        let Some(search) = &mut self.search else {
            return;
        };
        let Some(words) = search.words().map(str::to_owned) else {
            return;
        };
        if search.far == super::search::Far::No {
            search.far = super::search::Far::Asked;
            let before = first;
            self.actions.push(Action::Search {
                with,
                words,
                before,
            });
        }
    }

    /// A page of a search is the answer to it; any other says nothing of it.
    fn arrived(&mut self, with: PersonKey, place: Place) {
        if let Place::Around(number) = place
            && self.open == Some(with)
            && let Some(search) = &mut self.search
        {
            search.far = super::search::Far::No;
            search.at = Some(number);
        }
    }
}

/// Conversations that are loaded at a time.
const ROOMS: usize = 8;
/// People to whom something is being typed, but for the one who is talked to.
const DRAFTS: usize = 32;
const RING_MS: u64 = 3_000;
