use std::io;

use drive::{Panicked, Pool};
use tokio::sync::mpsc;

/// The threads that run a machine's jobs, each of which comes to a `T`.
#[derive(Debug)]
pub(crate) struct Workers<T> {
    pool: Pool,
    done: mpsc::UnboundedSender<Result<T, Panicked>>,
}

impl<T: Send + 'static> Workers<T> {
    /// As many threads as `parallel`, at most one per core; and where the results come.
    pub(crate) fn start(
        parallel: usize,
    ) -> io::Result<(Self, mpsc::UnboundedReceiver<Result<T, Panicked>>)> {
        let pool = Pool::with_threads(parallel.min(Pool::cores()))?;
        let (done, results) = mpsc::unbounded_channel();
        Ok((Self { pool, done }, results))
    }

    pub(crate) fn run(&self, job: impl FnOnce() -> T + Send + 'static) {
        let done = self.done.clone();
        // Nobody waits any more if its owner was dropped.
        self.pool.submit(job, move |result| drop(done.send(result)));
    }
}
