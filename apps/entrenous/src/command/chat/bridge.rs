//! Does what the screen wants, with the node, and tells it what happens.

mod act;
mod told;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use node::Node;
use node::call::{Calls, Heard};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::News;
use super::files::Files;
use super::pages::Beside;
use super::people::People;
use super::talks::{Talks, pump};
use crate::chat::{Action, Address, CallNumber, Entry, From, Happened, PersonKey, What};
use crate::command::listen::not_outside;
use crate::command::place::{KnownRelay, outside};
use crate::event::time;
use crate::failure::{Failure, failed};
pub(super) use act::shown;

/// Between the screen and the node. One task has it, so that everything happens in one order.
#[derive(Debug)]
pub(super) struct Bridge {
    node: Arc<Node>,
    tell: mpsc::Sender<Happened>,
    /// What tasks of this have to say.
    news: mpsc::Receiver<News>,
    newsbox: mpsc::Sender<News>,
    tasks: JoinSet<()>,
    people: People,
    talks: Talks,
    files: Files,
    beside: Beside,
    given: Given,
    /// How others reach the owner by the router, if it lets them in.
    outside: Option<Address>,
    /// With whom a call was cut when the program ended the last time: they are taken again without a question.
    cut: BTreeSet<PersonKey>,
}

/// What the command line said.
#[derive(Debug)]
pub(super) struct Given {
    /// Where calls are taken, if they are.
    pub(super) calls: Option<Calls>,
    /// How others reach the owner, if they do; and whether that is by a server, which is found from everywhere.
    pub(super) address: Option<(Address, bool)>,
    /// Whose password calls may use.
    pub(super) relay: KnownRelay,
}

impl Bridge {
    pub(super) async fn new(
        node: Node,
        given: Given,
        tell: mpsc::Sender<Happened>,
    ) -> Result<Self, Failure> {
        let mut people = People::default();
        let known = people.refresh(&node).await;
        known.map_err(|error| failed(&error, error.kind()))?;
        let (newsbox, news) = mpsc::channel(NEWS);
        Ok(Self {
            node: Arc::new(node),
            tell,
            news,
            newsbox,
            tasks: JoinSet::new(),
            people,
            talks: Talks::default(),
            files: Files::default(),
            beside: Beside::default(),
            given,
            outside: None,
            cut: BTreeSet::new(),
        })
    }

    /// Runs until the screen is gone; then ends all calls, and closes the profile.
    ///
    /// # Errors
    ///
    /// The disk refused to close it.
    pub(super) async fn run(mut self, mut actions: mpsc::Receiver<Action>) -> Result<(), Failure> {
        self.tell_people().await;
        self.call_again().await;
        loop {
            tokio::select! {
                biased;
                action = actions.recv() => match action {
                    None | Some(Action::Quit) => break,
                    Some(action) => self.act(action).await,
                },
                Some(news) = self.news.recv() => self.take(news).await,
                heard = next(&mut self.given.calls) => self.heard(heard).await,
                Some(_) = self.tasks.join_next(), if !self.tasks.is_empty() => {}
            }
        }
        // What was said before leaving was said.
        while let Ok(action) = actions.try_recv() {
            if matches!(action, Action::Say { .. }) {
                self.act(action).await;
            }
        }
        self.close().await
    }

    async fn close(mut self) -> Result<(), Failure> {
        let calls = self.given.calls.take();
        self.talks.end_all();
        let closing = async {
            if let Some(calls) = calls {
                calls.close().await;
            }
        };
        let ending = async {
            while !self.talks.is_empty() {
                let Some(news) = self.news.recv().await else {
                    return;
                };
                self.take(news).await;
            }
        };
        // Somebody who does not hear the goodbye keeps nobody here.
        let (_, ()) = tokio::join!(timeout(GOODBYE, ending), closing);
        self.tasks.shutdown().await;
        match Arc::into_inner(self.node) {
            Some(node) => {
                let closed = node.close().await;
                closed.map_err(|error| failed(&error, error.kind()))
            }
            None => Ok(()),
        }
    }

    async fn take(&mut self, news: News) {
        match news {
            News::Told(call, told) => self.told(call, *told).await,
            News::Dialled(call, dialled) => self.dialled(call, dialled).await,
            News::Offered { to, path, offered } => self.offered(to, &path, offered).await,
            News::NotAccepted { file, error } => self.not_accepted(file, &error).await,
            News::Tell(happened) => self.tell(happened).await,
        }
    }

    async fn heard(&mut self, heard: Option<Heard>) {
        match heard {
            Some(Heard::Talk(talk)) => {
                let number = self.talks.number();
                self.hold(number, talk);
            }
            Some(Heard::Placed(path)) => {
                let text = format!("ready for calls, by {path}");
                self.tell(Happened::Notice(text)).await;
            }
            Some(Heard::Unplaced(unplaced)) => {
                let text = format!("no calls by {} now: {}", unplaced.path, unplaced.reason);
                let advice = format!("asked again in {} s", unplaced.again.as_secs());
                self.trouble(text, Some(advice)).await;
            }
            Some(Heard::Outside { transport, at }) => {
                let own = self.node.fingerprint_in_calls().await;
                if let Some(link) = outside(transport, at, &own) {
                    let fingerprint = shown(&own);
                    let link = link.to_string();
                    self.outside = Some(Address { link, fingerprint });
                }
                let text = format!("the router lets callers in at {at} (/address)");
                self.tell(Happened::Notice(text)).await;
            }
            Some(Heard::NotOutside { transport, why }) => {
                self.outside = None;
                let text = not_outside(transport, why.as_ref());
                self.trouble(text, None).await;
            }
            Some(_) => {}
            None => {
                self.given.calls = None;
                let text = "no calls are taken any more".to_owned();
                self.trouble(text, Some("leave and start again".to_owned()))
                    .await;
            }
        }
    }

    fn hold(&mut self, number: CallNumber, talk: node::call::Talk) {
        let orders = self.talks.talk(number, &talk);
        let news = self.newsbox.clone();
        self.tasks.spawn(pump(number, talk, orders, news));
    }

    async fn tell(&self, happened: Happened) {
        // Without a screen, nobody wants to know.
        drop(self.tell.send(happened).await);
    }

    async fn trouble(&self, text: String, advice: Option<String>) {
        self.tell(Happened::Trouble { text, advice }).await;
    }

    async fn tell_people(&self) {
        self.tell(Happened::People(self.people.list())).await;
    }

    /// Looks again at who is known, and tells.
    async fn look_around(&mut self) {
        let known = self.people.refresh(&self.node).await;
        if let Err(error) = known {
            self.trouble(error.to_string(), Some(DOCTOR.to_owned()))
                .await;
        }
        self.tell_people().await;
    }

    /// Puts something that is no line into a conversation.
    async fn enter(&mut self, with: PersonKey, from: From, what: What) {
        let Some(number) = self.people.number(with) else {
            return;
        };
        let at_ms = time().as_ms();
        let entry = Entry {
            number,
            at_ms,
            from,
            what,
        };
        self.beside.add(with, entry.clone());
        self.tell(Happened::Entry { with, entry }).await;
    }
}

async fn next(calls: &mut Option<Calls>) -> Option<Heard> {
    match calls {
        Some(calls) => calls.next().await,
        None => std::future::pending().await,
    }
}

const DOCTOR: &str = "is the disk full? `entrenous doctor` looks";
/// What tasks have to say, and is not heard yet.
const NEWS: usize = 64;
/// How long goodbyes may take: a little longer than the node waits for one.
const GOODBYE: Duration = Duration::from_secs(7);
