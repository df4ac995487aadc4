use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use wire::{Code, Refusal};

use super::SOON;
use crate::keep::BUG;

/// Work that takes a processor for long: on threads for it, few at a time, few waiting.
#[derive(Debug)]
pub(super) struct Gate {
    /// For those at work and those that wait.
    places: Semaphore,
    /// For those at work.
    hands: Arc<Semaphore>,
}

impl Gate {
    /// `hands` at a time; `places` of them and of those that wait.
    pub(super) fn new(hands: usize, places: usize) -> Self {
        Self {
            places: Semaphore::new(places),
            hands: Arc::new(Semaphore::new(hands)),
        }
    }

    /// Does `work`; `BUSY` when as many wait as may.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let busy = Refusal::after(Code::Busy, "too many chains to verify", SOON);
        let _place = self.places.try_acquire().map_err(|_| busy)?;
        let hand = Arc::clone(&self.hands).acquire_owned().await;
        let hand = hand.map_err(|_| BUG)?;
        let work = move || {
            let done = work();
            // Also when nobody waits for it any more.
            drop(hand);
            done
        };
        spawn_blocking(work).await.map_err(|_| BUG)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn as_many_wait_as_there_are_places_and_the_next_is_told_to_come_back() {
        let gate = Arc::new(Gate::new(1, 3));
        let mut held = Vec::new();
        let (begun, begins) = mpsc::channel();
        for number in 0..3 {
            let (end, ends) = mpsc::channel::<()>();
            let (gate, begun) = (Arc::clone(&gate), begun.clone());
            let task = tokio::spawn(async move {
                let work = move || {
                    begun.send(number).unwrap();
                    ends.recv().unwrap();
                    number
                };
                gate.run(work).await
            });
            tokio::task::yield_now().await;
            held.push((end, task));
        }
        let refused = gate.run(|| ()).await.unwrap_err();
        assert_eq!(refused.code, Ok(Code::Busy));
        for (number, (end, task)) in held.into_iter().enumerate() {
            // Of those that wait none has begun.
            assert_eq!(begins.recv(), Ok(number));
            assert!(begins.try_recv().is_err());
            end.send(()).unwrap();
            assert_eq!(task.await.unwrap(), Ok(number));
        }
        assert_eq!(gate.run(|| 7).await, Ok(7));
    }
}
