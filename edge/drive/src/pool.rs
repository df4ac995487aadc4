use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SendError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, io, thread};

use kernel::Kind;

type Task = Box<dyn FnOnce() + Send>;

/// Threads for the jobs of machines. Machines bound how many jobs they hand out, so the queue
/// needs no bound of its own.
///
/// Dropping the pool does not wait: its threads end when what was submitted is done.
pub struct Pool {
    tasks: Sender<Task>,
    threads: usize,
}

impl Pool {
    /// As many threads as cores are available.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn new() -> io::Result<Self> {
        Self::with_threads(Self::cores())
    }

    /// `threads` threads, at least one.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn with_threads(threads: usize) -> io::Result<Self> {
        let threads = threads.max(1);
        let (tasks, queue) = channel();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..threads {
            let queue = Arc::clone(&queue);
            let name = "entrenous-work".to_owned();
            thread::Builder::new()
                .name(name)
                .spawn(move || serve(&queue))?;
        }
        Ok(Self { tasks, threads })
    }

    /// How many tasks run at once.
    #[must_use]
    pub const fn threads(&self) -> usize {
        self.threads
    }

    /// How many cores this process may use; 1 if the system does not say.
    #[must_use]
    pub fn cores() -> usize {
        thread::available_parallelism().map_or(1, NonZero::get)
    }

    /// Runs `task` on one of the threads, after those submitted before it, then there `then` with
    /// what came of it. `then` is always run, and must not panic.
    pub fn submit<T: 'static>(
        &self,
        task: impl FnOnce() -> T + Send + 'static,
        then: impl FnOnce(Result<T, Panicked>) + Send + 'static,
    ) {
        let task = move || {
            // The task is consumed, so that nobody sees what it left half done.
            let result = catch_unwind(AssertUnwindSafe(task));
            then(result.map_err(|_| Panicked));
        };
        // The threads live as long as the sender does, unless each was ended by a panic; then
        // running the task here is the best that is left.
        if let Err(SendError(task)) = self.tasks.send(Box::new(task)) {
            task();
        }
    }
}

/// A task panicked, which none should: our bug. The panic's text has gone to stderr.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a job panicked")]
#[non_exhaustive]
pub struct Panicked;

impl Panicked {
    /// Always ours to correct.
    #[must_use]
    pub const fn kind(self) -> Kind {
        Kind::Bug
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

fn serve(queue: &Mutex<Receiver<Task>>) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(task) = next else {
            return;
        };
        task();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_runs_and_brings_its_result() {
        let pool = Pool::with_threads(3).unwrap();
        let (results, received) = channel();
        for n in 0..100 {
            let results = results.clone();
            pool.submit(move || n, move |n| results.send(n.unwrap()).unwrap());
        }
        drop(results);
        let mut all: Vec<i32> = received.iter().collect();
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn tasks_run_at_the_same_time() {
        let pool = Pool::with_threads(2).unwrap();
        let (here, there) = (channel(), channel());
        let (results, received) = channel();
        let pairs = [(here.0, there.1), (there.0, here.1)];
        for (out, into) in pairs {
            let results = results.clone();
            let task = move || {
                out.send(()).unwrap();
                into.recv().is_ok()
            };
            pool.submit(task, move |met| results.send(met.unwrap()).unwrap());
        }
        drop(results);
        assert_eq!(received.iter().collect::<Vec<_>>(), [true, true]);
    }

    #[test]
    fn a_panic_is_the_tasks_result_and_ends_no_thread() {
        let pool = Pool::with_threads(1).unwrap();
        let (results, received) = channel();
        for n in 0..3 {
            let results = results.clone();
            let task = move || {
                if n == 1 {
                    panic!("as it should in this test")
                } else {
                    n
                }
            };
            pool.submit(task, move |result| results.send(result).unwrap());
        }
        drop(results);
        let all: Vec<_> = received.iter().collect();
        assert_eq!(all, [Ok(0), Err(Panicked), Ok(2)]);
        assert_eq!(Panicked.kind(), Kind::Bug);
    }

    #[test]
    fn there_is_always_a_thread() {
        assert_eq!(Pool::with_threads(0).unwrap().threads(), 1);
        assert!(Pool::cores() >= 1);
    }
}
