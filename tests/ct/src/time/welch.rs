//! Welch's test of whether two samples have the same mean.

/// Times of the two classes.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    pub(crate) fixed: Vec<f64>,
    pub(crate) random: Vec<f64>,
}

impl Samples {
    /// How much longer the random class takes, as a part of the time of the fixed one: between the
    /// means of their faster halves, which interrupts do not reach.
    pub(crate) fn difference(&self) -> f64 {
        let typical = |sample: &[f64]| {
            let mut sample = sample.to_vec();
            sample.sort_by(f64::total_cmp);
            sample.truncate(sample.len().div_ceil(2));
            Moments::of(&sample).mean
        };
        typical(&self.random) / typical(&self.fixed) - 1.0
    }

    /// The statistic of the samples and of their parts below some quantiles, where interrupts do
    /// not drown a difference: the one farthest from 0.
    pub(crate) fn largest(&self) -> f64 {
        let mut all: Vec<f64> = self.fixed.iter().chain(&self.random).copied().collect();
        all.sort_by(f64::total_cmp);
        let quantile = |percent: usize| {
            let index = all.len().saturating_mul(percent) / 100;
            all.get(index).copied().unwrap_or(f64::INFINITY)
        };
        let mut largest = 0.0_f64;
        for limit in [quantile(50), quantile(75), quantile(90), f64::INFINITY] {
            let below = |sample: &[f64]| -> Vec<f64> {
                sample
                    .iter()
                    .copied()
                    .filter(|time| *time <= limit)
                    .collect()
            };
            let t = welch(&below(&self.random), &below(&self.fixed));
            if t.abs() > largest.abs() {
                largest = t;
            }
        }
        largest
    }
}

/// The statistic: the difference of the means in units of its standard deviation.
fn welch(first: &[f64], second: &[f64]) -> f64 {
    let (a, b) = (Moments::of(first), Moments::of(second));
    let deviation = (a.variance / a.count + b.variance / b.count).sqrt();
    if deviation > 0.0 {
        (a.mean - b.mean) / deviation
    } else {
        0.0
    }
}

struct Moments {
    count: f64,
    mean: f64,
    variance: f64,
}

impl Moments {
    fn of(sample: &[f64]) -> Self {
        let count = sample.iter().map(|_| 1.0).sum::<f64>();
        let mean = sample.iter().sum::<f64>() / count;
        let squares = sample
            .iter()
            .map(|time| (time - mean) * (time - mean))
            .sum::<f64>();
        Self {
            count,
            mean,
            variance: squares / (count - 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_is_a_part_of_the_time_and_an_interrupt_is_none() {
        let samples = Samples {
            fixed: vec![2.0, 2.0, 2.0, 2.0, 90.0],
            random: vec![3.0, 3.0, 3.0, 50.0],
        };
        assert!((samples.difference() - 0.5).abs() < 1e-9);
    }

    #[test]
    fn different_means_stand_out_and_equal_ones_do_not() {
        let wave =
            |shift: f64| -> Vec<f64> { (0..200).map(|i| f64::from(i % 10) + shift).collect() };
        assert!(
            Samples {
                fixed: wave(0.0),
                random: wave(0.0)
            }
            .largest()
            .abs()
                < 1.0
        );
        assert!(
            Samples {
                fixed: wave(0.0),
                random: wave(5.0)
            }
            .largest()
            .abs()
                > 10.0
        );
    }
}
