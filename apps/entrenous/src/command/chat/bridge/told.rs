//! What happens in calls.

use node::call::{
    End, Ending, FileEvent, FileTold, Introduced, Known, Mode, Path, Seen, Told, Way, Who,
};

use super::super::files::is_over;
use super::super::people::{first_at, key_of, standing};
use super::super::talks::Order;
use super::Bridge;
use super::act::shown;
use crate::chat::{
    self, CallNumber, Entry, Established, File, FileState, From, Happened, Introduction, PersonKey,
    Retry, State, What,
};
use crate::command::talk::advice;
use crate::event::time;

impl Bridge {
    pub(super) async fn told(&mut self, call: CallNumber, told: Told) {
        let with = self.talks.get_mut(call).and_then(|held| held.with);
        match (told, with) {
            (Told::Introduced(who), _) => self.introduced(call, *who).await,
            (
                Told::Established {
                    with,
                    resumed,
                    mode,
                    path,
                    ..
                },
                _,
            ) => self.established(call, with, resumed, mode, &path).await,
            (Told::Ended { how, waiting }, _) => self.ended(call, &how, waiting).await,
            (Told::Message(message), Some(with)) => {
                self.people.spoke(with, message.line);
                let entry = Entry {
                    number: first_at(message.line),
                    at_ms: time().as_ms(),
                    from: From::Them,
                    what: What::Text(String::from_utf8_lossy(&message.text).into_owned()),
                };
                self.tell(Happened::Entry { with, entry }).await;
            }
            (Told::Delivered(lines), Some(with)) => {
                for line in lines {
                    self.stands(with, line, State::Delivered).await;
                }
            }
            (Told::Sent(line), Some(with)) => self.stands(with, line, State::Sent).await,
            (Told::File(told), Some(with)) => self.file(with, told).await,
            (Told::Lost { why, retry }, with) => {
                self.stop_files(with).await;
                let retry = retry.map(|retry| Retry {
                    number: retry.number,
                    of: retry.of,
                    after_s: retry.after.as_secs(),
                });
                let why = why.to_string();
                self.tell(Happened::Lost { call, why, retry }).await;
            }
            (Told::Back { resumed, .. }, _) => {
                let same_session = resumed;
                self.tell(Happened::Back { call, same_session }).await;
            }
            _ => {}
        }
    }

    async fn introduced(&mut self, call: CallNumber, introduced: Introduced) {
        if let Who::Known(known) = &introduced.who
            && self.cut.remove(&key_of(known))
            && let Some(held) = self.talks.get_mut(call)
        {
            // The owner took them before, and neither has hung up.
            return held.order(Order::Accept(Seen::NotCompared));
        }
        if let Some(held) = self.talks.get_mut(call) {
            held.is_shown = true;
        }
        let name = |known: &Known| known.name().to_string();
        let introduction = Introduction {
            call,
            claim: introduced.claim,
            who: match &introduced.who {
                Who::Known(known) => chat::Who::Known { name: name(known) },
                Who::Changed(known) => chat::Who::Changed { name: name(known) },
                Who::Unknown => chat::Who::Unknown,
            },
            fingerprint: shown(&introduced.fingerprint),
        };
        self.tell(Happened::Introduced(Box::new(introduction)))
            .await;
    }

    async fn established(
        &mut self,
        call: CallNumber,
        known: Known,
        resumed: bool,
        mode: Mode,
        path: &Path,
    ) {
        let with = key_of(&known);
        if let Some(held) = self.talks.get_mut(call) {
            (held.with, held.is_shown, held.began) = (Some(with), true, true);
            // What failed here in an earlier call may come now.
            self.files.begin(with);
            self.cut.remove(&with);
        }
        self.look_around().await;
        self.tell(Happened::Established(Box::new(Established {
            call,
            with,
            name: known.name().to_string(),
            standing: standing(&known),
            path: path.to_string(),
            mode: match mode {
                Mode::Kamune => chat::Mode::Kamune,
                _ => chat::Mode::Ours {
                    is_post_quantum: true,
                },
            },
            resumed,
        })))
        .await;
        let note = format!("in a call, by {path}");
        self.enter(with, From::Them, What::Note(note)).await;
    }

    async fn ended(&mut self, call: CallNumber, how: &Ending, waiting: usize) {
        let Some(held) = self.talks.remove(call) else {
            return;
        };
        self.stop_files(held.with).await;
        let (why, advice) = match (how, held.began) {
            (Ending::Channel(End::Left), _) => ("you hung up".to_owned(), None),
            (Ending::Channel(End::Rejected), _) => ("you did not take them".to_owned(), None),
            (Ending::Channel(End::Closed), true) => ("they hung up".to_owned(), None),
            (Ending::Channel(End::Closed | End::Lost), false) => (
                "they hung up before it began".to_owned(),
                Some("did they refuse you, or not decide in time? Ask them".to_owned()),
            ),
            _ => (how.to_string(), Some(advice(how).to_owned())),
        };
        if let (Some(with), true) = (held.with, held.began) {
            let note = format!("the call is over: {why}");
            self.enter(with, From::Them, What::Note(note)).await;
        }
        if held.is_shown {
            self.tell(Happened::Ended {
                call,
                why,
                advice,
                waiting,
            })
            .await;
        }
    }

    async fn stands(&self, with: PersonKey, line: u64, state: State) {
        let number = first_at(line);
        self.tell(Happened::State {
            with,
            number,
            state,
        })
        .await;
    }

    async fn file(&mut self, with: PersonKey, told: FileTold) {
        let is_offered = matches!(told.what, FileEvent::Offered { .. });
        if self.files.is_late(with, told.id) && !is_offered {
            return;
        }
        let (number, is_new) = self.files.number(with, told.id);
        let Some(state) = self.files.state(number, &told.what) else {
            return;
        };
        match told.what {
            // One that is offered again is known.
            FileEvent::Offered { name, size, .. } if is_new => {
                let file = File {
                    number,
                    name,
                    bytes: size,
                    state,
                };
                self.enter(with, From::Them, What::File(file)).await;
            }
            _ => {
                if is_new {
                    self.earlier(with, number, &told, &state).await;
                }
                if !is_over(&state) || !is_new {
                    self.tell_file(number, state).await;
                } else {
                    self.files.remove(number);
                }
            }
        }
    }

    /// A file of an earlier call goes on.
    async fn earlier(
        &mut self,
        with: PersonKey,
        number: chat::FileNumber,
        told: &FileTold,
        state: &FileState,
    ) {
        let from = match told.way {
            Way::Out => From::Me(State::Sent),
            Way::In => From::Them,
        };
        let (name, bytes) = match (&told.file, &told.what) {
            (Some(file), _) => file.clone(),
            (None, FileEvent::Done { path }) => {
                let name = path.file_name().unwrap_or(path.as_os_str());
                (name.to_string_lossy().into_owned(), 0)
            }
            (None, _) => ("a file of an earlier call".to_owned(), 0),
        };
        let file = File {
            number,
            name,
            bytes,
            state: state.clone(),
        };
        self.enter(with, from, What::File(file)).await;
    }

    /// What went does not go now.
    async fn stop_files(&mut self, with: Option<PersonKey>) {
        let Some(with) = with else { return };
        for (file, state) in self.files.stopped(with) {
            self.tell_file(file, state).await;
        }
    }
}
