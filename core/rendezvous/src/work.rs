use alloc::boxed::Box;
use core::fmt;

use ctidh::ctidh1024::SecretKey;
use kernel::Label;
use primitives::{Secret, Shake256, hash};

use crate::Session;

pub use encounter::{Agreed, Encounter, Met};
pub use opening::Opening;

mod encounter;
mod opening;

/// An expensive step that any thread may run; the result goes back to the machine that asked.
#[expect(clippy::exhaustive_enums, reason = "whoever runs jobs runs them all")]
#[derive(Debug)]
pub enum Job {
    /// Make a session.
    Open(Opening),
    /// Work on a T1.
    Meet(Encounter),
}

impl Job {
    /// Does it. From a tenth of a second to a second.
    #[must_use]
    pub fn run(self) -> Done {
        match self {
            Self::Open(opening) => Done::Opened(Box::new(opening.run())),
            Self::Meet(encounter) => Done::Met(encounter.run()),
        }
    }

    /// Names the job by its inputs: equal keys, equal results.
    #[must_use]
    pub fn key(&self) -> JobKey {
        match self {
            Self::Open(opening) => opening.key(),
            Self::Meet(encounter) => encounter.key(),
        }
    }
}

/// The result of a [`Job`].
#[expect(clippy::exhaustive_enums, reason = "as many as there are jobs")]
#[derive(Clone, Debug)]
pub enum Done {
    /// The session is made.
    Opened(Box<Session>),
    /// The T1 is worked on.
    Met(Met),
}

/// A pure function of a job's inputs. It is derived from secrets: compare it, do not show it.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct JobKey([u8; 32]);

impl JobKey {
    fn of(parts: &[&[u8]]) -> Self {
        let inputs = hash(parts);
        Self(hash(&[Label::JobKey.bytes(), &inputs]))
    }
}

impl fmt::Debug for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JobKey")
    }
}

/// The randomness inside the action of `secret` on `other`, which is all zeros for the starting
/// curve.
///
/// # Spec
///
/// `spec/10-rendezvous.md` 3.1.
fn action_seed(secret: &SecretKey, other: &[u8; BETA_LEN]) -> Secret<32> {
    let mut seed = [0; 32];
    Shake256::new(&[Label::ActionSeed.bytes(), &secret.to_bytes(), other]).fill(&mut seed);
    Secret::new(seed)
}

const BETA_LEN: usize = 128;
