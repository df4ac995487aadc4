//! Calls, by the numbers that the screen knows them by.

use std::collections::BTreeMap;
use std::time::Duration;

use node::call::{CallError, Ending, Seen, Speaker, Talk, Told};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::sleep;

use super::News;
use crate::chat::{CallNumber, PersonKey};

/// All calls that go on.
#[derive(Debug, Default)]
pub(super) struct Talks {
    held: BTreeMap<CallNumber, Held>,
    last: u64,
}

/// A call, from the first attempt to its end.
#[derive(Debug)]
pub(super) struct Held {
    /// With whom: once it is established, or if it is for nobody else.
    pub(super) with: Option<PersonKey>,
    /// Whether the screen knows of it.
    pub(super) is_shown: bool,
    /// Whether it was ever established.
    pub(super) began: bool,
    line: Line,
}

#[derive(Debug)]
enum Line {
    Dialling(AbortHandle),
    Talking {
        speaker: Speaker,
        orders: mpsc::Sender<Order>,
    },
}

/// What the owner says about somebody who was introduced.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    Accept(Seen),
    Refuse,
}

impl Talks {
    pub(super) fn number(&mut self) -> CallNumber {
        self.last = self.last.saturating_add(1);
        CallNumber(self.last)
    }

    /// Somebody is dialled.
    pub(super) fn dial(
        &mut self,
        number: CallNumber,
        with: Option<PersonKey>,
        dialling: AbortHandle,
    ) {
        let held = Held {
            with,
            is_shown: true,
            began: false,
            line: Line::Dialling(dialling),
        };
        self.held.insert(number, held);
    }

    /// There is a talk, with whoever was dialled or with somebody who calls. Gives what the screen's
    /// decisions come by.
    pub(super) fn talk(&mut self, number: CallNumber, talk: &Talk) -> mpsc::Receiver<Order> {
        let (orders, ordered) = mpsc::channel(1);
        let line = Line::Talking {
            speaker: talk.speaker().clone(),
            orders,
        };
        match self.held.get_mut(&number) {
            Some(held) => held.line = line,
            None => {
                let held = Held {
                    with: None,
                    is_shown: false,
                    began: false,
                    line,
                };
                self.held.insert(number, held);
            }
        }
        ordered
    }

    pub(super) fn get_mut(&mut self, number: CallNumber) -> Option<&mut Held> {
        self.held.get_mut(&number)
    }

    pub(super) fn remove(&mut self, number: CallNumber) -> Option<Held> {
        self.held.remove(&number)
    }

    /// Who speaks to somebody, if there is a call with them: in the newest.
    pub(super) fn speaker(&self, with: PersonKey) -> Option<&Speaker> {
        let mut theirs = self.held.values().rev();
        theirs.find_map(|held| match &held.line {
            Line::Talking { speaker, .. } if held.began && held.with == Some(with) => Some(speaker),
            _ => None,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Ends all of them. Those that were only dialled are gone at once.
    pub(super) fn end_all(&mut self) {
        self.held.retain(|_, held| !held.end());
    }
}

impl Held {
    /// Ends it. Whether it is over at once; else its end is told.
    pub(super) fn end(&self) -> bool {
        match &self.line {
            Line::Dialling(dialling) => {
                dialling.abort();
                true
            }
            Line::Talking { speaker, .. } => {
                let speaker = speaker.clone();
                // What was said is on its way still; but nobody waits for long.
                tokio::spawn(async move {
                    speaker.finish().await;
                    sleep(SOON).await;
                    speaker.close().await;
                });
                false
            }
        }
    }

    /// Says what the owner decided. Only the first counts.
    pub(super) fn order(&self, order: Order) {
        if let Line::Talking { orders, .. } = &self.line {
            // One that was decided, or is over, obeys nobody.
            let _ = orders.try_send(order);
        }
    }
}

/// Passes on what is told in a talk, until it is over.
pub(super) async fn pump(
    number: CallNumber,
    mut talk: Talk,
    mut orders: mpsc::Receiver<Order>,
    news: mpsc::Sender<News>,
) {
    loop {
        tokio::select! {
            biased;
            Some(order) = orders.recv() => match order {
                Order::Accept(seen) => talk.accept(seen).await,
                Order::Refuse => talk.refuse().await,
            },
            told = talk.next() => {
                let told = told.unwrap_or(Told::Ended {
                    how: Ending::NotBack,
                    waiting: 0,
                });
                let is_over = matches!(told, Told::Ended { .. });
                if news.send(News::Told(number, Box::new(told))).await.is_err() || is_over {
                    return;
                }
            }
        }
    }
}

/// How long what was said may take to be delivered, once the owner hangs up.
const SOON: Duration = Duration::from_millis(1_500);

/// What came of dialling somebody.
pub(super) type Dialled = Result<Talk, CallError>;
