use primitives::{Secret, Zeroize};
use wire::Refusal;

use crate::keep::BUG;

/// Random bytes of the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| BUG)?;
    Ok(bytes)
}

/// The same for a secret: no copy of it stays behind.
pub(crate) fn secret<const N: usize>() -> Result<Secret<N>, Refusal> {
    let mut bytes = random()?;
    let secret = Secret::new(bytes);
    bytes.zeroize();
    Ok(secret)
}
