//! The two things that cores are told: the time, and random bytes.

use std::time::{SystemTime, UNIX_EPOCH};

use kernel::Time;
use primitives::Secret;

/// Now, on a clock whose origin is 1970.
pub(crate) fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let ms = since.map_or(0, |since| since.as_millis());
    Time::from_ms(u64::try_from(ms).unwrap_or(u64::MAX))
}

/// As many random bytes from the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// The same, to be kept secret.
pub(crate) fn secret<const N: usize>() -> Result<Secret<N>, NoRandomness> {
    random().map(Secret::new)
}

/// The operating system gives no random bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this system gives no random bytes")]
pub(crate) struct NoRandomness;
