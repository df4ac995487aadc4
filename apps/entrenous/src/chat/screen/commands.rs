//! What is typed: messages, and commands behind a `/`.

use super::super::action::{Action, Callee};
use super::super::ask::{About, Ask};
use super::super::conversation::Conversation;
use super::super::happened::{File, FileState, From, PersonKey, What};
use super::super::text;
use super::{Overlay, Screen};
use crate::ui::filter;

/// A command: its name, what comes behind it, what it does.
pub(crate) type Command = (&'static str, &'static str, &'static str);

/// All commands, as they are offered.
pub(crate) const COMMANDS: [Command; 16] = [
    ("accept", "[PATH]", "take the file they offer"),
    ("address", "", "show where you can be called, as QR"),
    ("call", "[NAME|LINK]", "call somebody"),
    ("cancel", "", "stop the file that is on its way"),
    ("copy", "", "copy the last message that is seen"),
    ("decide", "", "see who or what waits for you"),
    ("decline", "", "do not take the file they offer"),
    ("find", "WORDS", "look for words in what was said"),
    ("hangup", "", "end the call"),
    ("help", "", "show all keys"),
    ("older", "", "load what was said before"),
    ("open", "NAME", "see what was said with somebody"),
    ("quit", "", "leave"),
    ("send", "PATH", "offer them a file"),
    ("verify", "", "compare fingerprints"),
    ("back", "", "see the newest"),
];

/// Which commands what is typed can become.
pub(crate) fn offered(typed: &str) -> Vec<Command> {
    let Some(typed) = typed.strip_prefix('/') else {
        return Vec::new();
    };
    let (name, is_whole) = match typed.split_once([' ', '\n']) {
        Some((name, _)) => (name, true),
        None => (typed, false),
    };
    let fits = |command: &&Command| match is_whole {
        true => command.0 == name,
        false => command.0.starts_with(name),
    };
    COMMANDS.iter().filter(fits).copied().collect()
}

impl Screen {
    /// Takes what is typed, if it can be taken; else it stays.
    pub(super) fn enter(&mut self) {
        let text = self.input.text();
        if text.trim().is_empty() {
            return;
        }
        if self.is_command() {
            let text = text.trim().to_owned();
            if self.command(&text) {
                self.input.take();
            }
            return;
        }
        let Some(to) = self.open else {
            return self.say("nobody is open: Tab to choose somebody, or /call LINK");
        };
        if let Some(beyond) = self.too_long() {
            let most = self.settings.most;
            return self.notices.trouble(
                &format!("not sent: {beyond} bytes too many, a message has at most {most}"),
                Some("Cut it, or send it as a file: /send PATH"),
            );
        }
        let text = self.input.take();
        let text = text.trim_end_matches('\n');
        let text = text.strip_prefix('/').unwrap_or(text).to_owned();
        self.see_newest();
        self.actions.push(Action::Say { to, text });
    }

    /// Does a command. `false`: it stays where it was typed.
    fn command(&mut self, text: &str) -> bool {
        let typed = text.strip_prefix('/').unwrap_or(text);
        let (name, rest) = typed.split_once([' ', '\n']).unwrap_or((typed, ""));
        let rest = rest.trim();
        match (name, self.open) {
            ("quit", _) => self.actions.push(Action::Quit),
            ("help", _) => self.overlay = Some(Overlay::Help(0)),
            ("address", _) => self.actions.push(Action::ShowAddress),
            ("decide", _) => self.decide(),
            ("call", open) => return self.call(rest, open),
            ("hangup", open) => self.hang_up(open),
            ("open", _) => return self.open_named(rest),
            (
                "accept" | "cancel" | "copy" | "decline" | "find" | "older" | "send" | "verify"
                | "back",
                None,
            ) => {
                self.say("open a conversation first: Tab, then Enter");
                return false;
            }
            ("find", _) => self.look_for(rest),
            ("older", _) => self.load_older(),
            ("back", _) => self.see_newest(),
            ("copy", _) => self.copy_seen(),
            ("verify", Some(with)) => self.actions.push(Action::Verify(with)),
            ("send", Some(to)) => return self.send(to, rest),
            ("accept", Some(with)) => self.accept(with, rest),
            ("decline", Some(with)) => match self.offered_file(with) {
                Some(file) => {
                    self.forget_file(file.number);
                    self.actions.push(Action::DeclineFile(file.number));
                }
                None => self.say("they offer no file"),
            },
            ("cancel", Some(_)) => match self.going_file() {
                Some(file) => self.actions.push(Action::CancelFile(file.number)),
                None => self.say("no file is on its way"),
            },
            (name, _) => {
                let name = text::fit(&text::name(name), 20, "…");
                self.say(&format!(
                    "there is no command /{name} (/ lists them); to say it, begin with //"
                ));
                return false;
            }
        }
        true
    }

    fn call(&mut self, whom: &str, open: Option<PersonKey>) -> bool {
        let callee = match (whom, open) {
            ("", Some(key)) => Callee::Person(key),
            ("", None) => {
                self.say("call whom? /call NAME, or /call LINK");
                return false;
            }
            (link, _) if link.contains("://") => Callee::Link(link.to_owned()),
            (name, _) => match self.people.named(name) {
                Some(person) => Callee::Person(person.key),
                // HOST:PORT, maybe; whoever dials it says if it is not.
                None if name.contains(':') => Callee::Link(name.to_owned()),
                None => return self.nobody(name),
            },
        };
        if let Callee::Person(key) = callee {
            if self.calls.with(key).is_some() {
                self.say("there is a call with them already (/hangup ends it)");
                return true;
            }
            self.open(key);
        }
        self.actions.push(Action::Call(callee));
        true
    }

    fn hang_up(&mut self, open: Option<PersonKey>) {
        let theirs = open.and_then(|key| self.calls.with(key));
        match theirs.or_else(|| self.calls.nameless()) {
            Some((number, _)) => self.actions.push(Action::HangUp(number)),
            None => self.say("there is no call with them"),
        }
    }

    fn open_named(&mut self, name: &str) -> bool {
        match self.people.named(name) {
            Some(person) => {
                let key = person.key;
                self.input.take();
                self.open(key);
                // What is typed now is the draft of somebody else.
                false
            }
            None => self.nobody(name),
        }
    }

    fn nobody(&mut self, name: &str) -> bool {
        let name = filter::name(name);
        let several = self
            .people
            .beginning(name.trim_matches('"'))
            .nth(1)
            .is_some();
        self.say(&match several {
            true => format!("several people have a name that begins with {name}"),
            false => format!("you know nobody called {name}"),
        });
        false
    }

    fn send(&mut self, to: PersonKey, path: &str) -> bool {
        if path.is_empty() {
            self.say("which file? /send PATH");
            return false;
        }
        let path = path.to_owned();
        self.actions.push(Action::OfferFile { to, path });
        true
    }

    fn accept(&mut self, with: PersonKey, path: &str) {
        let Some(file) = self.offered_file(with) else {
            return self.say("they offer no file");
        };
        let number = file.number;
        if !path.is_empty() {
            self.forget_file(number);
            let path = path.to_owned();
            return self.actions.push(Action::AcceptFile { file: number, path });
        }
        let is_it =
            |ask: &Ask| matches!(&ask.about, About::File { file, .. } if file.number == number);
        let ask = match self.asks.iter().position(is_it) {
            Some(at) => self.asks.remove(at),
            None => {
                let name = self.name(with).to_owned();
                Some(Ask::file(with, name, file, &self.folder))
            }
        };
        self.asks.extend(ask);
        // The one that is meant comes first.
        self.asks.rotate_right(1.min(self.asks.len()));
        self.overlay = Some(Overlay::Ask(0));
    }

    /// The file that they offered last, and that nobody took.
    fn offered_file(&self, with: PersonKey) -> Option<File> {
        let asked = self.asks.iter().rev().find_map(|ask| match &ask.about {
            About::File {
                with: who, file, ..
            } if *who == with => Some(file.clone()),
            _ => None,
        });
        asked.or_else(|| {
            self.file(|from, file| from == From::Them && file.state == FileState::Offered)
        })
    }

    /// The file that goes, or waits to be taken, last.
    fn going_file(&self) -> Option<File> {
        self.file(|from, file| match file.state {
            FileState::Going { .. } => true,
            FileState::Offered => from != From::Them,
            _ => false,
        })
    }

    fn file(&self, is_it: impl Fn(From, &File) -> bool) -> Option<File> {
        let entries = self.conversation().map(Conversation::entries)?;
        entries.rev().find_map(|entry| match &entry.what {
            What::File(file) if is_it(entry.from, file) => Some(file.clone()),
            _ => None,
        })
    }

    /// Completes the command, or the name behind it, as far as there is one way.
    pub(super) fn complete(&mut self) {
        let typed = self.input.text().to_owned();
        let completed = match typed.split_once(' ') {
            None => {
                let names = offered(&typed)
                    .into_iter()
                    .map(|(name, ..)| name.to_owned());
                common(names.collect()).map(|(name, is_one)| match is_one {
                    true => format!("/{name} "),
                    false => format!("/{name}"),
                })
            }
            Some((command @ ("/call" | "/open"), begun)) => {
                let people = self.people.beginning(begun);
                let names = people.map(|person| person.name.clone());
                common(names.collect()).map(|(name, _)| format!("{command} {name}"))
            }
            Some(_) => None,
        };
        if let Some(text) = completed.filter(|text| text.len() > typed.len()) {
            self.input.set(&text);
        }
    }
}

/// What all of them begin with, and whether it is one.
fn common(names: Vec<String>) -> Option<(String, bool)> {
    let is_one = names.len() == 1;
    let beginning = names.into_iter().reduce(|a, b| {
        let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b);
        same.map(|(a, _)| a).collect()
    });
    beginning.map(|beginning| (beginning, is_one))
}
