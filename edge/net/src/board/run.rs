use std::ops::ControlFlow;
use std::sync::Arc;

use drive::{Clock, Panicked, World, drain};
use kernel::Time;
use rendezvous::board::{self, Input, Output, Reply, Visit};
use rendezvous::{Done, Passkey, Seed};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::error::trouble;
use super::line::{Answer, Ask, Line};
use super::{Address, Event, Options, RequestError, StartError};
use crate::dial::{Dialer, trust};
use crate::running::Stopped;
use crate::workers::Workers;

/// The machine, its clock and its world.
#[derive(Debug)]
pub(super) struct Runner {
    visit: Visit,
    clock: Clock,
    world: Web,
    posted: mpsc::Receiver<Result<Answer, RequestError>>,
    news: mpsc::Receiver<Result<Answer, RequestError>>,
    done: mpsc::UnboundedReceiver<Result<Done, Panicked>>,
}

impl Runner {
    pub(super) fn new(
        options: Options,
        passkey: Passkey,
        message: &[u8],
        seed: Seed,
        events: mpsc::UnboundedSender<Event>,
    ) -> Result<Self, StartError> {
        let (workers, done) =
            Workers::start(options.machine.parallel).map_err(|_| StartError::NoThreads)?;
        let dialer = dialer(&options)?;
        let at = options.at.clone();
        let place = (options.board.clone(), passkey);
        let visit = Visit::new(options.machine, place, message, seed, Time::ZERO)?;
        let (posts, posted) = serve(Line::new(at.clone(), dialer.clone(), options.board.clone()));
        let (reads, news) = serve(Line::new(at, dialer, options.board));
        Ok(Self {
            visit,
            clock: Clock::new(),
            world: Web {
                posts,
                reads,
                workers,
                events,
                is_over: false,
            },
            posted,
            news,
            done,
        })
    }

    /// Runs until the machine has finished.
    pub(super) async fn run(mut self, mut stop: Stopped) {
        let mut is_stopping = false;
        loop {
            let until = drain(&mut self.visit, &mut self.world);
            if self.world.is_over {
                return;
            }
            let wait = self.clock.until(until);
            tokio::select! {
                Some(result) = self.posted.recv() => self.on_posted(&result),
                Some(result) = self.news.recv() => self.on_news(&result),
                Some(done) = self.done.recv() => match done {
                    Ok(done) => self.handle(Input::Done(done)),
                    Err(panicked) => return self.world.tell(Event::Bug(panicked)),
                },
                () = sleep(wait) => self.handle(Input::Tick),
                told = stop.wait(), if !is_stopping => {
                    if !told {
                        return;
                    }
                    is_stopping = true;
                    self.visit.finish(self.clock.now());
                }
            }
        }
    }

    fn on_posted(&mut self, result: &Result<Answer, RequestError>) {
        match result {
            Ok(Answer::Taken) => self.handle(Input::Posted(Ok(Reply::Taken))),
            Ok(Answer::List(list)) => self.handle(Input::Posted(Ok(Reply::List(list)))),
            Ok(Answer::News(..)) => self.handle(Input::Tick),
            Err(error) => {
                self.world.tell(Event::Trouble(error.clone()));
                self.handle(Input::Posted(Err(trouble(error))));
            }
        }
    }

    fn on_news(&mut self, result: &Result<Answer, RequestError>) {
        match result {
            Ok(Answer::News(bytes, cursor)) => {
                self.handle(Input::News(Ok((bytes.as_ref(), *cursor))))
            }
            Ok(Answer::Taken | Answer::List(_)) => self.handle(Input::Tick),
            Err(error) => {
                self.world.tell(Event::Trouble(error.clone()));
                self.handle(Input::News(Err(trouble(error))));
            }
        }
    }

    fn handle(&mut self, input: Input<'_>) {
        self.visit.handle(self.clock.now(), input);
    }
}

/// What the machine acts on.
#[derive(Debug)]
struct Web {
    posts: Asker,
    reads: Asker,
    workers: Workers<Done>,
    events: mpsc::UnboundedSender<Event>,
    is_over: bool,
}

impl Web {
    fn tell(&self, event: Event) {
        // A meeting whose events nobody reads is about to be dropped.
        drop(self.events.send(event));
    }
}

impl World<Output> for Web {
    fn perform(&mut self, output: Output) -> ControlFlow<Option<Time>> {
        match output {
            Output::Work(job) => self.workers.run(move || job.run()),
            Output::Post { phase, body } => self.posts.ask(Ask::Post { phase, body }),
            Output::Read { after, wait, to } => self.reads.ask(Ask::Read { after, wait, to }),
            Output::Tell(event) => {
                let is_last = matches!(event, board::Event::Finished | board::Event::Failed(_));
                self.is_over |= is_last;
                self.tell(Event::Board(event));
            }
            Output::Wait(until) => return ControlFlow::Break(until),
        }
        ControlFlow::Continue(())
    }
}

/// Makes the connections that `options` ask for.
fn dialer(options: &Options) -> Result<Dialer, StartError> {
    let Address {
        is_tls, host, port, ..
    } = &options.at;
    let dialer = Dialer::new(host.clone(), *port, options.proxy.clone());
    if !is_tls {
        return Ok(dialer);
    }
    let config = trust(&options.roots, rustls::DEFAULT_VERSIONS);
    let config = config.map_err(|error| StartError::Root {
        reason: error.to_string(),
    })?;
    Ok(dialer.with_tls(Arc::new(config)))
}

/// Hands requests to a line; its task ends with it.
#[derive(Debug)]
struct Asker {
    asks: mpsc::UnboundedSender<Ask>,
    task: JoinHandle<()>,
}

impl Asker {
    /// The machine has one request of a kind under way, so the queue needs no bound.
    fn ask(&self, ask: Ask) {
        drop(self.asks.send(ask));
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Runs `line` as a task of its own.
fn serve(mut line: Line) -> (Asker, mpsc::Receiver<Result<Answer, RequestError>>) {
    let (asks, mut asked) = mpsc::unbounded_channel();
    let (answers, answered) = mpsc::channel(1);
    let task = tokio::spawn(async move {
        while let Some(ask) = asked.recv().await {
            if answers.send(line.ask(&ask).await).await.is_err() {
                return;
            }
        }
    });
    (Asker { asks, task }, answered)
}

#[cfg(test)]
mod tests {
    use rendezvous::board::Board;

    use super::*;
    use crate::Running;

    #[tokio::test]
    async fn a_job_that_panics_ends_the_meeting_as_a_bug() {
        let (events, received) = mpsc::unbounded_channel();
        let options = Options::new("http://127.0.0.1:1".parse().unwrap(), Board::Plain);
        let passkey = Passkey::derive(b"p", Board::Plain.salt()).unwrap();
        let runner = Runner::new(options, passkey, b"", Seed::new([1; 32]), events).unwrap();
        runner
            .world
            .workers
            .run(|| panic!("as it should in this test"));
        let mut meeting = Running::spawn((), received, |stopped| runner.run(stopped));
        let mut last = None;
        while let Some(event) = meeting.next().await {
            last = Some(event);
        }
        assert!(matches!(last, Some(Event::Bug(_))), "{last:?}");
    }
}
