use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

/// Tries one thing after the other, each at its time at the latest and at once when nothing else is being tried, until
/// one succeeds. Those that are not done then are dropped.
///
/// Returns what succeeded, and with what the others failed until then; or all failures, in the order in which they came.
pub(crate) async fn earliest<T, E, F>(attempts: Vec<(Duration, F)>) -> (Option<T>, Vec<E>)
where
    F: Future<Output = Result<T, E>>,
{
    let begun = Instant::now();
    let mut planned = attempts;
    planned.sort_by_key(|(after, _)| *after);
    let mut planned = planned.into_iter().peekable();
    let (mut running, mut failed) = (FuturesUnordered::new(), Vec::new());
    loop {
        if running.is_empty() {
            match planned.next() {
                Some((_, attempt)) => running.push(attempt),
                None => return (None, failed),
            }
        }
        let due = planned
            .peek()
            .and_then(|(after, _)| begun.checked_add(*after));
        tokio::select! {
            biased;
            done = running.next() => match done {
                Some(Ok(result)) => return (Some(result), failed),
                Some(Err(error)) => failed.push(error),
                None => {}
            },
            () = sleep_until(due.unwrap_or(begun)), if due.is_some() => {
                running.extend(planned.next().map(|(_, attempt)| attempt));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::pin::Pin;

    use super::*;

    type Attempt = Pin<Box<dyn Future<Output = Result<u8, u8>>>>;

    fn done(result: Result<u8, u8>) -> Attempt {
        Box::pin(ready(result))
    }

    const HOUR: Duration = Duration::from_secs(3600);
    const SOON: Duration = Duration::from_millis(5);

    #[tokio::test]
    async fn the_next_one_begins_while_the_first_goes_on_and_may_win() {
        let attempts = vec![
            (HOUR, done(Ok(3))),
            (SOON, done(Ok(2))),
            (Duration::ZERO, Box::pin(pending()) as Attempt),
        ];
        assert_eq!(earliest(attempts).await, (Some(2), vec![]));
    }

    #[tokio::test]
    async fn nobody_waits_when_nothing_is_tried() {
        let attempts = vec![(SOON, done(Err(1))), (HOUR, done(Ok(2)))];
        assert_eq!(earliest(attempts).await, (Some(2), vec![1]));
    }

    #[tokio::test]
    async fn a_failure_takes_nothing_off_the_time_of_what_goes_on() {
        let slow: Attempt = Box::pin(async {
            tokio::time::sleep(SOON).await;
            Ok(2)
        });
        let attempts = vec![
            (Duration::ZERO, done(Err(1))),
            (Duration::ZERO, slow),
            (HOUR, done(Ok(3))),
        ];
        assert_eq!(earliest(attempts).await, (Some(2), vec![1]));
    }

    #[tokio::test]
    async fn all_may_fail() {
        let attempts = vec![(SOON, done(Err(2))), (Duration::ZERO, done(Err(1)))];
        assert_eq!(earliest(attempts).await, (None, vec![1, 2]));
        assert_eq!(earliest(Vec::<(_, Attempt)>::new()).await, (None, vec![]));
    }
}
