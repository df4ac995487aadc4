use std::fmt;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// What passes from its start on: time, and processor time of this thread or of all.
pub(crate) struct Meter {
    started: Instant,
    clock: ClockId,
    before: Duration,
}

impl Meter {
    /// Of the thread that asks, now and later.
    pub(crate) fn of_thread() -> Self {
        Self::of(ClockId::ThreadCPUTime)
    }

    pub(crate) fn of_process() -> Self {
        Self::of(ClockId::ProcessCPUTime)
    }

    fn of(clock: ClockId) -> Self {
        Self {
            started: Instant::now(),
            before: spent(clock),
            clock,
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn cpu(&self) -> Duration {
        spent(self.clock).saturating_sub(self.before)
    }
}

fn spent(clock: ClockId) -> Duration {
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}

/// One line of the output.
pub(crate) struct Row {
    pub(crate) mode: &'static str,
    pub(crate) what: String,
    pub(crate) count: u64,
    pub(crate) took: Duration,
    /// Of both sides.
    pub(crate) cpu: Duration,
    /// Of the side that needed more, if they were told apart.
    pub(crate) busier: Duration,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            mode, what, count, ..
        } = self;
        let [took, cpu, busier] = [self.took, self.cpu, self.busier].map(|time| time.as_secs_f64());
        write!(
            f,
            "{{\"mode\":\"{mode}\",\"what\":\"{what}\",\"count\":{count},\"seconds\":{took},\
             \"cpu_seconds\":{cpu},\"busier_seconds\":{busier}}}"
        )
    }
}
