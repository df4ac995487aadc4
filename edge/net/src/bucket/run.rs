use drive::{Machine, Panicked, WallClock, World, drain};
use kernel::Time;
use rendezvous::bucket::{EntryKey, Host, KeyError, Stretching, Trouble};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::ask::{Ask, Asked, trouble};
use super::{Event, StartError};
use crate::Running;
use crate::running::Stopped;
use crate::server::Access;
use crate::workers::Workers;

/// A machine of a person who invites or joins.
pub(super) trait Party: Machine {
    /// What it tells.
    type Event;

    /// Takes one input.
    fn hear(&mut self, now: Time, heard: Heard);
}

/// What a [`Party`] hears.
#[derive(Debug)]
pub(super) enum Heard {
    Stretched(Result<EntryKey, KeyError>),
    Left(Result<Vec<u8>, Trouble>),
    Fetched(Result<Vec<u8>, Trouble>),
    Nothing,
}

/// The machine, its clock and its world.
#[derive(Debug)]
pub(super) struct Runner<P: Party> {
    party: P,
    clock: WallClock,
    web: Web<P::Event>,
    stretched: mpsc::UnboundedReceiver<Result<Stretched, Panicked>>,
}

type Stretched = Result<EntryKey, KeyError>;

impl<P> Runner<P>
where
    P: Party + Send + 'static,
    P::Event: Send,
    Web<P::Event>: World<P::Output>,
{
    /// Lets `party` run.
    pub(super) fn start(
        party: P,
        clock: WallClock,
        access: Access,
    ) -> Result<Running<Event<P::Event>>, StartError> {
        let (workers, stretched) = Workers::start(1).map_err(|_| StartError::NoThreads)?;
        let (events, received) = mpsc::unbounded_channel();
        let runner = Self {
            party,
            clock,
            web: Web {
                access,
                asked: JoinSet::new(),
                workers,
                events,
                is_over: false,
            },
            stretched,
        };
        Ok(Running::spawn((), received, |stopped| runner.run(stopped)))
    }

    /// Runs until the machine has finished, or somebody says stop: nobody else waits for anything.
    async fn run(mut self, mut stop: Stopped) {
        loop {
            let until = drain(&mut self.party, &mut self.web);
            if self.web.is_over {
                return;
            }
            let wait = self.clock.until(until);
            let heard = tokio::select! {
                Some(asked) = self.web.asked.join_next() => match asked {
                    Ok(asked) => self.web.heard(asked),
                    // Ended from outside, with the runtime.
                    Err(_) => return,
                },
                Some(stretched) = self.stretched.recv() => match stretched {
                    Ok(result) => Heard::Stretched(result),
                    Err(panicked) => return self.web.send(Event::Bug(panicked)),
                },
                () = sleep(wait) => Heard::Nothing,
                _ = stop.wait() => return,
            };
            self.party.hear(self.clock.now(), heard);
        }
    }
}

/// What the machine acts on.
#[derive(Debug)]
pub(super) struct Web<E> {
    access: Access,
    /// The request under way; a machine has one at a time.
    asked: JoinSet<Asked>,
    workers: Workers<Stretched>,
    events: mpsc::UnboundedSender<Event<E>>,
    is_over: bool,
}

impl<E> Web<E> {
    pub(super) fn stretch(&self, stretching: Stretching) {
        self.workers.run(move || stretching.run());
    }

    pub(super) fn ask(&mut self, at: Host, ask: Ask) {
        self.asked.spawn(ask.run(self.access.clone(), at));
    }

    pub(super) fn tell(&mut self, event: E, is_last: bool) {
        self.is_over |= is_last;
        self.send(Event::Told(event));
    }

    /// Tells of a failed request, and what the machine makes of it.
    fn heard(&self, asked: Asked) -> Heard {
        let Asked {
            at,
            is_leave,
            result,
        } = asked;
        let result = result.or_else(|error| {
            let made = trouble(&error);
            self.send(Event::Trouble { at, error });
            made
        });
        match is_leave {
            true => Heard::Left(result),
            false => Heard::Fetched(result),
        }
    }

    fn send(&self, event: Event<E>) {
        // What nobody reads is about to be dropped.
        drop(self.events.send(event));
    }
}
