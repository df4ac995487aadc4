//! Python environments below the build directory; nothing is kept anywhere else.

use std::{
    env, fs,
    fs::File,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

/// The folder of the environment `name`, made on first use: `python3 -m venv`, then `pip install` of
/// `requirements`, lines as in a `requirements.txt`.
///
/// Several processes may call it at once: one installs, the others wait. The variable `PYTHON`
/// names another interpreter than `python3`.
///
/// # Errors
///
/// No Python with `venv`, no way to the package registry, or a package that does not build; the
/// message ends with what the failing command said.
pub fn environment(name: &str, requirements: &str) -> Result<PathBuf> {
    let target = target_dir()?;
    let lock = File::create(target.join(format!("{name}.lock")))?;
    lock.lock().context("cannot lock a Python environment")?;

    let home = target.join(name);
    let stamp = home.join("installed.txt");
    if fs::read_to_string(&stamp).is_ok_and(|text| text == requirements) {
        return Ok(home);
    }
    if home.exists() {
        fs::remove_dir_all(&home).context("cannot remove an older Python environment")?;
    }
    let python = env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    run(Command::new(python).args(["-m", "venv"]).arg(&home))
        .context("cannot make a Python environment: is python3 with its venv module there?")?;
    let wanted = home.join("requirements.txt");
    fs::write(&wanted, requirements)?;
    let install = ["install", "--quiet", "--disable-pip-version-check"];
    run(Command::new(home.join("bin/pip"))
        .args(install)
        .args(["--no-cache-dir", "-r"])
        .arg(&wanted))?;
    fs::write(stamp, requirements)?;
    Ok(home)
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
