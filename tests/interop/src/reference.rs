//! The reference implementation, in its own Python environment below the build directory.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::python::environment;

/// The Python environment that holds `rendez` 1.2.1 and nothing of the system's packages.
#[derive(Clone, Debug)]
pub struct Reference {
    home: PathBuf,
}

impl Reference {
    /// Finds the environment, or makes it: `python3 -m venv`, then `pip install` of exactly the
    /// versions in `requirements.txt`.
    ///
    /// Takes a minute the first time (the CTIDH library is compiled), nothing later. Several
    /// processes may call it at once: one installs, the others wait. The variable `PYTHON` names
    /// another interpreter than `python3`.
    ///
    /// # Errors
    ///
    /// No Python with `venv`, no C compiler, or no way to the package registry; the message ends
    /// with what the failing command said.
    pub fn install() -> Result<Self> {
        let home = environment("reference", REQUIREMENTS).context(
            "cannot install the reference: is a C compiler and the package registry there?",
        )?;
        Ok(Self { home })
    }

    /// The path of one of its programs: `python`, `reunion-on-an-ethernet`, `reunion-client` or
    /// `reunion-server`.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.home.join("bin").join(name)
    }
}

const REQUIREMENTS: &str = include_str!("../requirements.txt");
