//! What the screen wants done.

use std::path::Path;

use node::KeepError;
use node::call::{FileError, FileId, Known, Link, Seen, Target};

use super::super::News;
use super::super::files::{self, is_over};
use super::super::pages;
use super::super::people::{first_at, key_of, line_at};
use super::super::talks::{Dialled, Order};
use super::{Bridge, DOCTOR};
use crate::chat::{
    Action, Address, CallNumber, Callee, Entry, EntryNumber, File, FileNumber, FileState,
    Fingerprint, From, Happened, PersonKey, Place, State, What,
};
use crate::command::call::{away, read_link};
use crate::command::place::password_at;
use crate::command::talk::not_sent;
use crate::downloads::home;
use crate::event::time;
use crate::ui::filter;

impl Bridge {
    pub(super) async fn act(&mut self, action: Action) {
        match action {
            Action::Open(with) => self.page(with, Place::Latest).await,
            Action::Load { with, place } => self.page(with, place).await,
            Action::Seen { with, number } => self.seen(with, number).await,
            Action::Search {
                with,
                words,
                before,
            } => self.search(with, words, before),
            Action::Call(callee) => self.call(callee).await,
            Action::HangUp(call) => self.hang_up(call).await,
            Action::Say { to, text } => self.say(to, text).await,
            Action::Accept { call, compared } => {
                let seen = match compared {
                    true => Seen::Compared,
                    false => Seen::NotCompared,
                };
                self.order(call, Order::Accept(seen));
            }
            Action::Refuse { call } => self.order(call, Order::Refuse),
            Action::Verify(with) => {
                if let Some(known) = self.people.get(with) {
                    let fingerprint = shown(&known.fingerprint());
                    self.tell(Happened::Fingerprint { with, fingerprint }).await;
                }
            }
            Action::Compared { with, same } => self.compared(with, same).await,
            Action::OfferFile { to, path } => self.offer(to, &path).await,
            Action::AcceptFile { file, path } => self.accept(file, &path).await,
            Action::DeclineFile(file) => self.end_file(file, FileState::Declined).await,
            Action::CancelFile(file) => self.end_file(file, FileState::Cancelled).await,
            Action::ShowAddress => match self.address() {
                Some(address) => self.tell(Happened::Address(Box::new(address))).await,
                None => {
                    let text = "nobody can call you here: no calls are taken".to_owned();
                    let advice = "start without --no-listen".to_owned();
                    self.trouble(text, Some(advice)).await;
                }
            },
            // The runner does these.
            Action::Terminal(_) | Action::Quit => {}
        }
    }

    /// The best that is known.
    fn address(&self) -> Option<Address> {
        match (&self.given.address, &self.outside) {
            (Some((address, true)), _) | (_, Some(address)) | (Some((address, false)), None) => {
                Some(address.clone())
            }
            (None, None) => None,
        }
    }

    async fn page(&mut self, with: PersonKey, place: Place) {
        let Some(known) = self.people.get(with) else {
            return;
        };
        match pages::page(&self.node, with, known, place, &self.beside).await {
            Ok(page) => self.tell(Happened::Page(page)).await,
            Err(error) => self.not_read(&error).await,
        }
    }

    async fn not_read(&self, error: &KeepError) {
        self.trouble(error.to_string(), Some(DOCTOR.to_owned()))
            .await;
    }

    async fn seen(&mut self, with: PersonKey, number: EntryNumber) {
        self.people.seen(with);
        let Some(known) = self.people.get(with) else {
            return;
        };
        if let Err(error) = self.node.seen(known, line_at(number).0).await {
            self.not_read(&error).await;
        }
    }

    /// Looks beside everything else: there may be much to look through.
    fn search(&mut self, with: PersonKey, words: String, before: EntryNumber) {
        let Some(known) = self.people.get(with).cloned() else {
            return;
        };
        let (node, news) = (self.node.clone(), self.newsbox.clone());
        self.tasks.spawn(async move {
            let found = pages::search(&node, with, &known, &words, before).await;
            let happened = match found {
                Ok(Some(page)) => Happened::Page(page),
                Ok(None) => Happened::NotFound { with, words },
                Err(error) => Happened::Trouble {
                    text: error.to_string(),
                    advice: Some(DOCTOR.to_owned()),
                },
            };
            drop(news.send(News::Tell(happened)).await);
        });
    }

    async fn call(&mut self, callee: Callee) {
        let (known, links) = match callee {
            Callee::Link(text) => (None, links(&text)),
            Callee::Person(key) => {
                let Some(known) = self.people.get(key).cloned() else {
                    return;
                };
                let links = self.node.reached_at(&known).await;
                (Some((key, known)), links.map_err(|error| error.to_string()))
            }
        };
        match (links, known) {
            (Err(error), _) => {
                let advice =
                    "it looks like tcp://192.0.2.1:7448; `entrenous listen` and /address show one";
                self.trouble(error, Some(advice.to_owned())).await;
            }
            (Ok(links), Some((_, known))) if links.is_empty() => {
                let name = filter::name(known.name().as_str());
                let text = format!("it is not known where {name} can be called");
                let advice = "ask them for their link (/address shows it), then /call LINK";
                self.trouble(text, Some(advice.to_owned())).await;
            }
            (Ok(links), known) => self.dial(links, known).await,
        }
    }

    /// Goes on with the calls that were cut when this program ended the last time: whoever was ever called by the
    /// owner is called again, and whoever calls again is taken.
    pub(super) async fn call_again(&mut self) {
        let cut = match self.node.cut_off().await {
            Ok(cut) => cut,
            Err(error) => return self.not_read(&error).await,
        };
        self.cut = cut.iter().map(key_of).collect();
        for known in cut.into_iter().take(AGAIN) {
            let links = self.node.reached_at(&known).await.unwrap_or_default();
            if !links.is_empty() {
                let name = filter::name(known.name().as_str());
                let text = format!("the call with {name} was cut: calling again (/hangup stops)");
                self.tell(Happened::Notice(text)).await;
                self.dial(links, Some((key_of(&known), known))).await;
            }
        }
    }

    async fn dial(&mut self, links: Vec<Link>, known: Option<(PersonKey, Known)>) {
        let password = match password_at(&links, self.given.relay.as_ref()) {
            Ok(password) => password,
            Err(failure) => {
                let advice = "`entrenous call` takes it, with --relay-password-file";
                return self.trouble(failure.text, Some(advice.to_owned())).await;
            }
        };
        let (with, known) = known.unzip();
        let places: Vec<_> = links.iter().map(Link::place).collect();
        let mut target = Target::to(links);
        target.with = known;
        target.password = password;
        let call = self.talks.number();
        let (node, news) = (self.node.clone(), self.newsbox.clone());
        let dialling = self.tasks.spawn(async move {
            let dialled = node.call(target).await;
            drop(news.send(News::Dialled(call, dialled)).await);
        });
        self.talks.dial(call, with, dialling);
        let place = places.join(", ");
        self.tell(Happened::Calling { call, with, place }).await;
    }

    pub(super) async fn dialled(&mut self, call: CallNumber, dialled: Dialled) {
        if self.talks.get_mut(call).is_none() {
            // Hung up in the meantime: dropping it says so.
            return;
        }
        match dialled {
            Ok(talk) => {
                self.tell(Happened::Reached(call)).await;
                self.hold(call, talk);
            }
            Err(error) => {
                self.talks.remove(call);
                let failure = away(&error);
                self.tell(Happened::Ended {
                    call,
                    why: failure.text,
                    advice: failure.hint,
                    waiting: 0,
                })
                .await;
            }
        }
    }

    async fn hang_up(&mut self, call: CallNumber) {
        let is_over = self.talks.get_mut(call).is_some_and(|held| held.end());
        if is_over {
            self.talks.remove(call);
            self.tell(Happened::Ended {
                call,
                why: "stopped before anybody answered".to_owned(),
                advice: None,
                waiting: 0,
            })
            .await;
        }
    }

    fn order(&mut self, call: CallNumber, order: Order) {
        if let Some(held) = self.talks.get_mut(call) {
            held.order(order);
        }
    }

    async fn say(&mut self, to: PersonKey, text: String) {
        let Some(known) = self.people.get(to) else {
            let why = "nobody is known by this name any more".to_owned();
            return self.tell(Happened::NotSaid { to, text, why }).await;
        };
        let said = self.node.say(known, text.as_bytes()).await;
        let why = match said {
            Ok(Some(line)) => {
                self.people.said(to, line);
                let entry = Entry {
                    number: first_at(line),
                    at_ms: time().as_ms(),
                    from: From::Me(State::Waiting),
                    what: What::Text(text),
                };
                return self.tell(Happened::Entry { with: to, entry }).await;
            }
            Ok(None) => "as many messages wait for them as may".to_owned(),
            Err(error) => error.to_string(),
        };
        self.tell(Happened::NotSaid { to, text, why }).await;
    }

    async fn compared(&mut self, with: PersonKey, same: bool) {
        let Some(known) = self.people.get(with) else {
            return;
        };
        let name = filter::name(known.name().as_str());
        match self.node.compared_with(known, same).await {
            Ok(_) if same => {
                self.look_around().await;
                self.tell(Happened::Notice(format!("{name} is verified")))
                    .await;
            }
            Ok(_) => {
                self.look_around().await;
                let text = format!("the fingerprints differ: this key is not {name}'s");
                let advice =
                    "say nothing to it; /hangup, and `entrenous contacts remove` forgets it";
                self.trouble(text, Some(advice.to_owned())).await;
            }
            Err(error) => {
                self.trouble(error.to_string(), Some("compare again".to_owned()))
                    .await;
            }
        }
    }

    async fn offer(&mut self, to: PersonKey, typed: &str) {
        let Some(speaker) = self.talks.speaker(to).cloned() else {
            let text = "a file is offered in a call, and there is none".to_owned();
            return self.trouble(text, Some("/call first".to_owned())).await;
        };
        let path = files::path(typed, home());
        let news = self.newsbox.clone();
        self.tasks.spawn(async move {
            let offered = speaker.offer_file(path.clone()).await;
            drop(news.send(News::Offered { to, path, offered }).await);
        });
    }

    pub(super) async fn offered(
        &mut self,
        to: PersonKey,
        path: &Path,
        offered: Result<FileId, FileError>,
    ) {
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = name.to_string_lossy().into_owned();
        let id = match offered {
            Ok(id) => id,
            Err(error) => {
                let failure = not_sent(&error, &name);
                return self.trouble(failure.text, failure.hint).await;
            }
        };
        let (number, is_new) = self.files.number(to, id);
        if !is_new {
            let text = "this file is offered already".to_owned();
            return self.tell(Happened::Notice(text)).await;
        }
        let file = File {
            number,
            name,
            bytes: std::fs::metadata(path).map_or(0, |data| data.len()),
            state: FileState::Offered,
        };
        self.enter(to, From::Me(State::Sent), What::File(file))
            .await;
    }

    async fn accept(&mut self, file: FileNumber, typed: &str) {
        let Some(entry) = self.files.get(file) else {
            let text = "this file is over".to_owned();
            return self.tell(Happened::Notice(text)).await;
        };
        let Some(speaker) = self.talks.speaker(entry.with).cloned() else {
            let text = "a file is taken in a call, and there is none".to_owned();
            let advice = "it is offered again in the next call".to_owned();
            return self.trouble(text, Some(advice)).await;
        };
        let (id, path, news) = (entry.id, files::path(typed, home()), self.newsbox.clone());
        self.tasks.spawn(async move {
            if let Err(error) = speaker.accept_file(id, path).await {
                drop(news.send(News::NotAccepted { file, error }).await);
            }
        });
        let (done, per_s) = (0, 0);
        self.tell_file(file, FileState::Going { done, per_s }).await;
    }

    pub(super) async fn not_accepted(&mut self, file: FileNumber, error: &FileError) {
        let text = format!("the file is not taken: {error}");
        let advice = "/accept PATH takes another place".to_owned();
        self.trouble(text, Some(advice)).await;
        self.tell_file(file, FileState::Offered).await;
    }

    async fn end_file(&mut self, file: FileNumber, state: FileState) {
        let Some(entry) = self.files.get(file) else {
            return;
        };
        let Some(speaker) = self.talks.speaker(entry.with).cloned() else {
            let text = "a file is declined or stopped in a call, and there is none".to_owned();
            return self.trouble(text, Some("/call first".to_owned())).await;
        };
        let id = entry.id;
        self.tasks
            .spawn(async move { speaker.cancel_file(id).await });
        self.tell_file(file, state).await;
    }

    /// Shows what became of a file, and forgets one that is over.
    pub(super) async fn tell_file(&mut self, file: FileNumber, state: FileState) {
        let Some(with) = self.files.get(file).map(|entry| entry.with) else {
            return;
        };
        if is_over(&state) {
            self.files.remove(file);
        }
        self.beside.state(with, file, &state);
        self.tell(Happened::File { with, file, state }).await;
    }
}

/// The links that were typed, with blanks between them.
fn links(text: &str) -> Result<Vec<Link>, String> {
    let links = text.split_whitespace().map(|link| {
        let read = read_link(link.trim_matches(['"', '\'']));
        read.map_err(|error| format!("this is no link to call: {error}"))
    });
    links.collect()
}

/// A fingerprint in the forms that people compare.
pub(in super::super) fn shown(fingerprint: &identity::Fingerprint) -> Fingerprint {
    Fingerprint {
        emoji: fingerprint.emoji().map(str::to_owned).to_vec(),
        words: fingerprint.to_words(),
        hex: fingerprint.to_hex(),
    }
}

/// How many are called again at once.
const AGAIN: usize = 8;
