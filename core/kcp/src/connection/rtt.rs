//! How long an ack takes, and so when to give it up: spec `21-datagrams` 4.2.

use core::time::Duration;

use crate::{Config, Pace};

#[derive(Debug)]
pub(super) struct Rtt {
    /// Smoothed round trip, in milliseconds; `None` before the first ack.
    mean: Option<i64>,
    deviation: i64,
    /// The same three, in milliseconds.
    timeout: i64,
    floor: i64,
    interval: i64,
}

impl Rtt {
    pub(super) fn new(config: &Config) -> Self {
        let floor = match config.pace {
            Pace::Normal => 100,
            Pace::Quick => 30,
        };
        Self {
            mean: None,
            deviation: 0,
            timeout: 200,
            floor,
            interval: i64::try_from(config.interval.as_millis()).unwrap_or(LONGEST),
        }
    }

    /// How long to wait for an ack.
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout.unsigned_abs())
    }

    /// Whether there was a round trip.
    pub(super) const fn is_known(&self) -> bool {
        self.mean.is_some()
    }

    /// After how long an ack was overtaken by others for longer than a network does that.
    pub(super) fn patience(&self) -> Duration {
        let mean = self.mean.unwrap_or(self.timeout);
        let margin = self.interval.max(mean.div_euclid(4));
        Duration::from_millis(mean.saturating_add(margin).unsigned_abs())
    }

    /// Takes a round trip of `ms`; one above a minute is no round trip.
    pub(super) fn sample(&mut self, ms: u32) {
        let ms = i64::from(ms);
        if ms > LONGEST {
            return;
        }
        let mean = if let Some(mean) = self.mean {
            let delta = ms.saturating_sub(mean);
            let mean = mean.saturating_add(delta.div_euclid(8));
            // One that is surprisingly quick says little about how late one may be.
            let is_quick = ms < mean.saturating_sub(self.deviation);
            let weight = if is_quick { 32 } else { 4 };
            let change = delta.saturating_abs().saturating_sub(self.deviation);
            self.deviation = self.deviation.saturating_add(change.div_euclid(weight));
            mean
        } else {
            self.deviation = ms.div_euclid(2);
            ms
        };
        self.mean = Some(mean);
        let margin = self.interval.max(self.deviation.saturating_mul(4));
        let timeout = mean.saturating_add(margin);
        self.timeout = timeout.clamp(self.floor, LONGEST);
    }
}

/// The longest timeout, in milliseconds.
const LONGEST: i64 = 60_000;

/// The same.
pub(super) const LONGEST_TIMEOUT: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    fn timeouts(config: &Config, samples: &[u32]) -> u64 {
        let mut rtt = Rtt::new(config);
        for ms in samples {
            rtt.sample(*ms);
        }
        u64::try_from(rtt.timeout().as_millis()).unwrap()
    }

    #[test]
    fn the_timeout_follows_the_round_trip() {
        let config = Config::default();
        assert_eq!(timeouts(&config, &[]), 200);
        // mean 300, deviation 150
        assert_eq!(timeouts(&config, &[300]), 900);
        // mean 300, deviation 150 - 38
        assert_eq!(timeouts(&config, &[300, 300]), 748);
        // mean 320, deviation 150 + 2
        assert_eq!(timeouts(&config, &[300, 460]), 928);
    }

    #[test]
    fn a_quick_ack_hardly_narrows_the_deviation() {
        // mean 300 - 35 = 265, deviation 150 + (280 - 150) / 32
        assert_eq!(timeouts(&Config::default(), &[300, 20]), 265 + 4 * 154);
    }

    #[test]
    fn the_timeout_has_a_floor_and_a_ceiling() {
        assert_eq!(timeouts(&Config::default(), &[0]), 100);
        assert_eq!(timeouts(&Config::own(), &[0]), 30);
        assert_eq!(timeouts(&Config::default(), &[59_000]), 60_000);
    }

    #[test]
    fn a_round_trip_above_a_minute_is_none() {
        assert_eq!(timeouts(&Config::default(), &[60_000]), 60_000);
        assert_eq!(timeouts(&Config::default(), &[60_001]), 200);
        assert_eq!(timeouts(&Config::default(), &[u32::MAX]), 200);
    }
}
