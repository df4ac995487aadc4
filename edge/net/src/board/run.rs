use std::ops::ControlFlow;
use std::time::Duration;

use drive::{Pool, World, drain};
use kernel::Time;
use rendezvous::board::{self, Input, Output, Reply, Visit};
use rendezvous::{Done, Passkey, Seed};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::dial::Dialer;
use super::line::{Answer, Ask, Line};
use super::{Event, Options, RequestError, StartError};

/// The machine, its clock and its world.
#[derive(Debug)]
pub(super) struct Runner {
    visit: Visit,
    start: Instant,
    world: Web,
    posted: mpsc::Receiver<Result<Answer, RequestError>>,
    news: mpsc::Receiver<Result<Answer, RequestError>>,
    done: mpsc::UnboundedReceiver<Done>,
}

impl Runner {
    pub(super) fn new(
        options: Options,
        passkey: Passkey,
        message: &[u8],
        seed: Seed,
        events: mpsc::UnboundedSender<Event>,
    ) -> Result<Self, StartError> {
        let pool = Pool::with_threads(options.machine.parallel.min(Pool::cores()));
        let pool = pool.map_err(|_| StartError::NoThreads)?;
        let dialer = Dialer::new(options.at, options.proxy, &options.roots)?;
        let place = (options.board.clone(), passkey);
        let visit = Visit::new(options.machine, place, message, seed, Time::ZERO)?;
        let (posts, posted) = serve(Line::new(dialer.clone(), options.board.clone()));
        let (reads, news) = serve(Line::new(dialer, options.board));
        let (done_sender, done) = mpsc::unbounded_channel();
        Ok(Self {
            visit,
            start: Instant::now(),
            world: Web {
                posts,
                reads,
                pool,
                done: done_sender,
                events,
                is_over: false,
            },
            posted,
            news,
            done,
        })
    }

    /// Runs until the machine has finished.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut is_stopping = false;
        loop {
            let until = drain(&mut self.visit, &mut self.world);
            if self.world.is_over {
                return;
            }
            let wait = self.until(until);
            tokio::select! {
                Some(result) = self.posted.recv() => self.on_posted(&result),
                Some(result) = self.news.recv() => self.on_news(&result),
                Some(done) = self.done.recv() => self.handle(Input::Done(done)),
                () = sleep(wait) => self.handle(Input::Tick),
                told = stopped(&mut stop), if !is_stopping => {
                    if !told {
                        return;
                    }
                    is_stopping = true;
                    self.visit.finish(self.now());
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
                self.handle(Input::Posted(Err(error.trouble())));
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
                self.handle(Input::News(Err(error.trouble())));
            }
        }
    }

    fn handle(&mut self, input: Input<'_>) {
        self.visit
            .handle(Time::ZERO.after(self.start.elapsed()), input);
    }

    fn now(&self) -> Time {
        Time::ZERO.after(self.start.elapsed())
    }

    fn until(&self, time: Option<Time>) -> Duration {
        let wait = time.map_or(LONGEST_WAIT, |time| time.since(self.now()));
        wait.saturating_add(ROUNDING)
    }
}

/// What the machine acts on.
#[derive(Debug)]
struct Web {
    posts: Asker,
    reads: Asker,
    pool: Pool,
    done: mpsc::UnboundedSender<Done>,
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
            Output::Work(job) => {
                let done = self.done.clone();
                // Nobody waits any more if the meeting was dropped.
                self.pool.submit(move || drop(done.send(job.run())));
            }
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

/// Whether somebody said stop; `false` if nobody can any more, because the meeting is gone.
async fn stopped(stop: &mut watch::Receiver<bool>) -> bool {
    stop.wait_for(|stop| *stop).await.is_ok()
}

/// The machine counts whole milliseconds; waking a little late spares a second round.
const ROUNDING: Duration = Duration::from_millis(1);
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
