use std::io;

use drive::{Panicked, Pool};
use rendezvous::Done;
use tokio::sync::mpsc;

/// The threads that run a machine's jobs.
#[derive(Debug)]
pub(crate) struct Workers {
    pool: Pool,
    done: mpsc::UnboundedSender<Result<Done, Panicked>>,
}

impl Workers {
    /// As many threads as `parallel`, at most one per core; and where the results come.
    pub(crate) fn start(
        parallel: usize,
    ) -> io::Result<(Self, mpsc::UnboundedReceiver<Result<Done, Panicked>>)> {
        let pool = Pool::with_threads(parallel.min(Pool::cores()))?;
        let (done, results) = mpsc::unbounded_channel();
        Ok((Self { pool, done }, results))
    }

    pub(crate) fn run(&self, job: impl FnOnce() -> Done + Send + 'static) {
        let done = self.done.clone();
        // Nobody waits any more if the meeting was dropped.
        self.pool.submit(job, move |result| drop(done.send(result)));
    }
}
