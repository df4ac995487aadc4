use std::error::Error;
#[cfg(unix)]
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use journal::BackupError;
use kernel::Kind;
use serde_json::json;

use crate::cli::Copy;
use crate::config::Values;
use crate::failure::Failure;
use crate::ui::Ui;

/// `backup`
pub(crate) fn backup(copy: &Copy, ui: &Ui) -> Result<(), Failure> {
    let store = store(copy)?;
    journal::backup(&store, &copy.file).map_err(|error| failed(&error))?;
    let shown = copy.file.display();
    ui.show(
        &format!("{shown} holds all that was kept at one moment\n"),
        &json!({"event": "backup_made", "file": copy.file}),
    )
}

/// `restore`
pub(crate) fn restore(copy: &Copy, ui: &Ui) -> Result<(), Failure> {
    let store = store(copy)?;
    journal::restore(&copy.file, &store).map_err(|error| failed(&error))?;
    hand_over(&store).map_err(|error| {
        let shown = store.display();
        Failure::new(Kind::Unavailable, format!("{shown}: {}", error.kind()))
    })?;
    ui.note("what came after the backup is lost: pins used since are good again, revoke them\n");
    let shown = store.display();
    ui.show(
        &format!("{shown} is as it was at the backup\n"),
        &json!({"event": "backup_restored", "file": copy.file}),
    )
}

fn store(copy: &Copy) -> Result<PathBuf, Failure> {
    let values = Values::load(copy.config.config.as_deref())?;
    let none = || Failure::new(Kind::BadInput, "this configuration keeps nothing");
    values.store().ok_or_else(none)
}

/// Gives what root has restored to whom the directory above belongs to: the server's user.
#[cfg(unix)]
fn hand_over(store: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, chown};

    let Some(data) = store.parent() else {
        return Ok(());
    };
    let (owner, ours) = (fs::metadata(data)?, fs::metadata(store)?);
    if owner.uid() == ours.uid() {
        return Ok(());
    }
    for file in fs::read_dir(store)? {
        chown(file?.path(), Some(owner.uid()), Some(owner.gid()))?;
    }
    chown(store, Some(owner.uid()), Some(owner.gid()))
}

#[cfg(not(unix))]
fn hand_over(_: &Path) -> io::Result<()> {
    Ok(())
}

fn failed(error: &BackupError) -> Failure {
    let because = error
        .source()
        .map_or_else(String::new, |cause| format!(": {cause}"));
    Failure::new(error.kind(), format!("{error}{because}"))
}
