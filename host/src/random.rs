use wire::Refusal;

use crate::keep::BUG;

/// Random bytes of the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| BUG)?;
    Ok(bytes)
}
