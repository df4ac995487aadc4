use core::time::Duration;

use kernel::Time;

use super::{EntryKey, Host, KeyError, Passphrase};

/// The one expensive step: a passphrase becomes a key. Any thread may run it; the result goes back
/// to the machine that asked.
#[derive(Debug)]
pub struct Stretching {
    passphrase: Passphrase,
    host: Host,
}

impl Stretching {
    pub(super) const fn new(passphrase: Passphrase, host: Host) -> Self {
        Self { passphrase, host }
    }

    /// Does it: a fifth of a second and 64 MiB.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub fn run(self) -> Result<EntryKey, KeyError> {
        EntryKey::derive(&self.passphrase, &self.host)
    }
}

/// Which connection a request is made over: equal numbers of one machine mean the same connection,
/// and different ones share no connection, no token, and behind a proxy no user name.
///
/// A machine never asks for the same one twice. Connections to the messaging server are not of a
/// machine's numbers, and so are others again.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Circuit(u32);

impl Circuit {
    /// The number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// Why a request had no success.
#[expect(
    clippy::exhaustive_enums,
    reason = "a driver maps every failure to one of these"
)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trouble {
    /// A limit is reached; come back after this time.
    Busy {
        /// What the server asked for, if it did.
        retry: Option<Duration>,
    },
    /// No answer: network, name, proxy, server; or an answer of another protocol.
    Away,
    /// Any other refusal. Asking again would not help.
    Declined,
}

/// What to do about a failed request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Next {
    /// Make it again at this time.
    Again(Time),
    /// Give the server up.
    Never,
}

/// The tries of one request, and the circuits of all.
#[derive(Debug)]
pub(super) struct Tries {
    max: u32,
    patience: Duration,
    failed: u32,
    circuits: u32,
}

impl Tries {
    pub(super) const fn new(max: u32, patience: Duration) -> Self {
        Self {
            max,
            patience,
            failed: 0,
            circuits: 0,
        }
    }

    /// A circuit that no other request has.
    pub(super) fn circuit(&mut self) -> Circuit {
        let circuit = Circuit(self.circuits);
        self.circuits = self.circuits.wrapping_add(1);
        circuit
    }

    /// The next request is another one.
    pub(super) fn succeeded(&mut self) {
        self.failed = 0;
    }

    pub(super) fn failed(&mut self, now: Time, trouble: Trouble) -> Next {
        let doubled = FIRST.saturating_mul(1 << self.failed.min(5));
        self.failed = self.failed.saturating_add(1);
        let pause = match trouble {
            Trouble::Declined => return Next::Never,
            Trouble::Busy { retry: Some(retry) } if retry > self.patience => return Next::Never,
            Trouble::Busy { retry: Some(retry) } => retry.max(FIRST),
            Trouble::Busy { retry: None } | Trouble::Away => doubled.min(self.patience),
        };
        match self.failed < self.max {
            true => Next::Again(now.after(pause)),
            false => Next::Never,
        }
    }
}

const FIRST: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    const AWAY: Trouble = Trouble::Away;

    fn tries() -> Tries {
        Tries::new(4, Duration::from_secs(60))
    }

    #[test]
    fn a_request_is_made_four_times_with_growing_pauses() {
        let mut tries = tries();
        let pauses = [1, 2, 4].map(|s| Next::Again(Time::from_ms(s * 1000)));
        for pause in pauses {
            assert_eq!(tries.failed(Time::ZERO, AWAY), pause);
        }
        assert_eq!(tries.failed(Time::ZERO, AWAY), Next::Never);
        tries.succeeded();
        assert_eq!(tries.failed(Time::ZERO, AWAY), pauses[0]);
    }

    #[test]
    fn a_server_may_ask_for_a_minute_and_not_for_more() {
        for (asked, pause) in [(0, Some(1)), (60, Some(60)), (61, None)] {
            let retry = Some(Duration::from_secs(asked));
            let next = tries().failed(Time::ZERO, Trouble::Busy { retry });
            let again = pause.map(|s: u64| Next::Again(Time::from_ms(s * 1000)));
            assert_eq!(next, again.unwrap_or(Next::Never));
        }
        assert_eq!(tries().failed(Time::ZERO, Trouble::Declined), Next::Never);
    }

    #[test]
    fn every_request_has_a_circuit_of_its_own() {
        let mut tries = tries();
        assert_ne!(tries.circuit(), tries.circuit());
    }
}
