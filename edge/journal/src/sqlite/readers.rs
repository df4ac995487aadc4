//! Threads that answer questions, each on a connection of its own.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, Result, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::schema::{self, Role};
use super::writer::Shared;
use crate::{Answer, Fault};

/// Most questions that wait.
const WAITING: usize = 1024;

type Question = Box<dyn FnOnce(&mut Connection, &Shared) + Send>;

/// Dropping it waits for the questions that were asked.
#[derive(Debug)]
pub(super) struct Readers {
    questions: Option<mpsc::Sender<Question>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    /// `count` readers of the file at `path`.
    pub(super) fn start(path: &Path, count: usize, shared: &Arc<Shared>) -> Result<Self> {
        let (sender, questions) = mpsc::channel::<Question>(WAITING);
        let questions = Arc::new(Mutex::new(questions));
        let mut threads = Vec::new();
        for _ in 0..count {
            let mut connection = schema::connect(path, Role::Reader)?;
            let shared = Arc::clone(shared);
            let questions = Arc::clone(&questions);
            threads.push(thread::spawn(move || {
                loop {
                    let question = {
                        let mut questions =
                            questions.lock().unwrap_or_else(PoisonError::into_inner);
                        questions.blocking_recv()
                    };
                    let Some(question) = question else { break };
                    question(&mut connection, &shared);
                }
            }));
        }
        Ok(Self {
            questions: Some(sender),
            threads,
        })
    }

    /// Asks; the question sees everything that was committed before.
    pub(super) fn ask<'a, T, F>(&'a self, question: F) -> Answer<'a, T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, kernel::Time) -> Result<T> + Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        let question: Question = Box::new(move |connection, shared| {
            let result = if shared.is_stopped() {
                Err(Fault::Stopped)
            } else {
                let now = shared.clock.now();
                let result = ask(connection, |connection| question(connection, now));
                result.map_err(|error| shared.fault(&error, Fault::Stopped))
            };
            drop(sender.send(result));
        });
        Box::pin(async {
            let questions = self.questions.as_ref().ok_or(Fault::Unavailable)?;
            questions
                .send(question)
                .await
                .map_err(|_| Fault::Unavailable)?;
            answer.await.map_err(|_| Fault::Unavailable)?
        })
    }
}

/// One question, of one instant.
fn ask<T>(
    connection: &mut Connection,
    question: impl FnOnce(&Connection) -> Result<T>,
) -> Result<T> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
    let answer = question(&transaction)?;
    transaction.commit()?;
    Ok(answer)
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.questions = None;
        for thread in self.threads.drain(..) {
            // A thread that panicked has told so.
            drop(thread.join());
        }
    }
}
