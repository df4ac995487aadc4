//! Our own programs, beside the running test.

use std::{env, path::PathBuf};

use anyhow::{Context, Result, ensure};

/// The path of one of our programs: `entrenous` or `entrenousd`.
///
/// # Errors
///
/// It has not been built.
pub fn program(name: &str) -> Result<PathBuf> {
    let test = env::current_exe()?;
    let folder = test
        .ancestors()
        .nth(2)
        .context("the test is not in a build directory")?;
    let program = folder.join(name);
    ensure!(
        program.exists(),
        "{} is not built: run `cargo xtask interop`",
        program.display()
    );
    Ok(program)
}
