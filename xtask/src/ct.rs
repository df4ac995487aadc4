//! `cargo xtask ct`: nothing the CTIDH action does depends on a secret.

use anyhow::{Result, bail};

/// Runs the action under Valgrind with its secrets marked as undefined.
///
/// # Errors
///
/// Valgrind is missing, or reports a branch or an address that depends on a secret.
pub(crate) fn run() -> Result<()> {
    bail!("there is no constant-time check in this tree yet")
}
