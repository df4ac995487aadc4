use kernel::Time;
use rendezvous::{Passkey, PasskeyError, Salt};

/// Who meets whom in a run: two in three people share a passphrase, the others share another one,
/// so from three people on there are always both kinds of pairs.
#[must_use]
pub const fn group(person: usize) -> usize {
    if person % 3 == 2 { 1 } else { 0 }
}

/// The stretched passphrases of the two [`group`]s.
///
/// # Errors
///
/// This machine has no memory for it.
pub fn passkeys(salt: Salt) -> Result<[Passkey; 2], PasskeyError> {
    Ok([
        Passkey::derive(b"door", salt)?,
        Passkey::derive(b"window", salt)?,
    ])
}

/// What went wrong among `people`, of whom `a` met `b` `met(a, b)` times: those of a [`group`] meet
/// each other once, or up to `most` times, and nobody else.
pub fn wrong(people: usize, most: usize, met: impl Fn(usize, usize) -> usize) -> Vec<String> {
    let mut wrong = Vec::new();
    for a in 0..people {
        for b in (0..people).filter(|b| *b != a) {
            let met = met(a, b);
            let right = if group(a) == group(b) {
                (1..=most).contains(&met)
            } else {
                met == 0
            };
            if !right {
                wrong.push(format!("{a} met {b} {met} times"));
            }
        }
    }
    wrong
}

/// That many seconds after the beginning.
#[must_use]
pub const fn seconds(s: u64) -> Time {
    Time::from_ms(s.saturating_mul(1000))
}
