use std::time::Duration;

use super::{CallError, Options};

/// How often one thing is asked, and the pauses between.
///
/// # Spec
///
/// `spec/40-server.md` section 2.4.
#[derive(Debug)]
pub(super) struct Again {
    /// Tries after the first.
    left: u32,
    pause: Duration,
    patience: Duration,
}

impl Again {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            left: options.tries.saturating_sub(1),
            pause: options.pause,
            patience: options.patience,
        }
    }

    /// How long to wait after `error` before the next try; `None`: give up.
    pub(super) fn after(&mut self, error: &CallError) -> Option<Duration> {
        let asked = error.again()?;
        self.left = self.left.checked_sub(1)?;
        if asked > self.patience {
            return None;
        }
        let own = self.pause.min(self.patience);
        self.pause = self.pause.saturating_mul(2);
        Some(asked.max(own.saturating_add(part(own))))
    }
}

/// Up to half of `whole`, at random; without random bytes nothing.
fn part(whole: Duration) -> Duration {
    let mut random = [0];
    let drawn = getrandom::fill(&mut random).map_or(0, |()| random[0]);
    let most = whole.checked_div(2).unwrap_or_default();
    most.saturating_mul(drawn.into())
        .checked_div(u8::MAX.into())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use wire::{Code, Refusal};

    use super::*;
    use crate::RequestError;

    const BROKEN: CallError = CallError::Unreachable(RequestError::Broken);

    fn again() -> Again {
        Again::new(&Options::new("meet.example:1".parse().unwrap()))
    }

    #[test]
    fn a_thing_is_asked_four_times_with_growing_pauses() {
        let mut again = again();
        for seconds in [1, 2, 4].map(Duration::from_secs) {
            let pause = again.after(&BROKEN).unwrap();
            assert!((seconds..=seconds * 3 / 2).contains(&pause), "{pause:?}");
        }
        assert_eq!(again.after(&BROKEN), None);
    }

    #[test]
    fn a_server_may_ask_for_a_minute_and_not_for_more() {
        for (asked, waits) in [(59, true), (60, true), (61, false)] {
            let asked = Duration::from_secs(asked);
            let error = CallError::Refused(Refusal::after(Code::Rate, "", asked));
            assert_eq!(again().after(&error), waits.then_some(asked));
        }
    }

    #[test]
    fn one_try_is_the_least() {
        for tries in [0, 1] {
            let mut options = Options::new("meet.example:1".parse().unwrap());
            options.tries = tries;
            assert_eq!(Again::new(&options).after(&BROKEN), None);
        }
    }
}
