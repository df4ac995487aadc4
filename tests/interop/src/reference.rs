//! The reference implementation, in its own Python environment below the build directory.

use std::{
    env, fs,
    fs::File,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

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
        let target = target_dir()?;
        let lock = File::create(target.join("reference.lock"))?;
        lock.lock().context("cannot lock the reference's folder")?;

        let home = target.join("reference");
        let stamp = home.join("installed.txt");
        if fs::read_to_string(&stamp).is_ok_and(|text| text == REQUIREMENTS) {
            return Ok(Self { home });
        }
        if home.exists() {
            fs::remove_dir_all(&home).context("cannot remove the older reference")?;
        }
        let python = env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
        run(Command::new(python).args(["-m", "venv"]).arg(&home))
            .context("cannot make a Python environment: is python3 with its venv module there?")?;
        let wanted = home.join("requirements.txt");
        fs::write(&wanted, REQUIREMENTS)?;
        run(Command::new(home.join("bin/pip"))
            .args(["install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(&wanted))
        .context("cannot install the reference: is a C compiler and the package registry there?")?;
        fs::write(stamp, REQUIREMENTS)?;
        Ok(Self { home })
    }

    /// The path of one of its programs: `python`, `reunion-on-an-ethernet`, `reunion-client` or
    /// `reunion-server`.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.home.join("bin").join(name)
    }
}

/// Cargo's build directory: the nearest folder above the running program that has cargo's mark.
///
/// # Errors
///
/// The program was moved out of the build directory.
pub fn target_dir() -> Result<PathBuf> {
    let program = env::current_exe()?;
    let target = program
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").exists())
        .map(Path::to_path_buf);
    target.with_context(|| format!("{} is not in a build directory", program.display()))
}

fn run(command: &mut Command) -> Result<()> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<_> = said.lines().collect();
    let end = lines.get(lines.len().saturating_sub(20)..);
    ensure!(
        !lines.is_empty(),
        "{command:?} ended with {}",
        output.status
    );
    bail!(
        "{command:?} ended with {}:\n{}",
        output.status,
        end.unwrap_or_default().join("\n")
    )
}

const REQUIREMENTS: &str = include_str!("../requirements.txt");
