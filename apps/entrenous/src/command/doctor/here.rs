//! This machine: program, clock, disk, files.

use std::path::Path;
use std::time::{Duration, SystemTime};

use vault::{LockError, OpenError, StoreError};

use super::check::Check;
use crate::config::{Origin, Settings};
use crate::failure::Failure;

/// Looks at everything that needs no network. `settings` as they were loaded, or why not.
pub(super) fn checks(settings: &Result<Settings, Failure>) -> Vec<Check> {
    let mut checks = vec![version(), clock(SystemTime::now())];
    match settings {
        Err(failure) => checks.push(Check::refused("settings", failure)),
        Ok(settings) => {
            checks.push(file(settings));
            checks.extend(disk(&settings.places.data));
            checks.extend(store(&settings.places.data));
        }
    }
    checks
}

fn version() -> Check {
    Check::ok("version", concat!("entrenous ", env!("CARGO_PKG_VERSION")))
}

/// Whether the clock can be right at all; a server tells more.
fn clock(now: SystemTime) -> Check {
    let text = humantime::format_rfc3339_seconds(now).to_string();
    let earliest = SystemTime::UNIX_EPOCH.checked_add(WRITTEN);
    match earliest.is_some_and(|earliest| now < earliest) {
        true => Check::fail(
            "clock",
            format!("it is {text}, before this program was written"),
        )
        .hint(SET_CLOCK),
        false => Check::ok("clock", format!("it is {text}, which is possible")),
    }
}

/// The file of settings, which has been read.
fn file(settings: &Settings) -> Check {
    let path = &settings.places.config;
    let name = path.display();
    if !path.exists() {
        return Check::ok("settings", format!("there is no {name}, so defaults hold"));
    }
    let has_login = settings
        .proxy
        .value
        .as_ref()
        .is_some_and(|proxy| proxy.has_login())
        && matches!(settings.proxy.from, Origin::File | Origin::Profile);
    match mode(path) {
        Some(mode) if mode & 0o022 != 0 => Check::fail(
            "settings",
            format!("others can change {name} (mode {mode:04o})"),
        )
        .hint(format!("run `chmod go-w {name}`")),
        Some(mode) if has_login && mode & 0o044 != 0 => {
            let text = format!("others can read the proxy's login in {name} (mode {mode:04o})");
            Check::warn("settings", text).hint(format!("run `chmod 600 {name}`"))
        }
        _ => Check::ok("settings", format!("{name} is good")),
    }
}

#[cfg(unix)]
fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    Some(std::fs::metadata(path).ok()?.mode() & 0o7777)
}

#[cfg(not(unix))]
fn mode(_path: &Path) -> Option<u32> {
    None
}

/// Whether there is room where the profile is, or will be.
#[cfg(unix)]
fn disk(data: &Path) -> Option<Check> {
    let there = data.ancestors().find(|folder| folder.exists())?;
    let name = there.display();
    Some(match rustix::fs::statvfs(there) {
        Err(error) => {
            let why = std::io::Error::from(error).kind();
            Check::warn(
                "disk",
                format!("cannot tell how much is free at {name}: {why}"),
            )
        }
        Ok(disk) if disk.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY) => Check::fail(
            "disk",
            format!("{name} is on a disk that cannot be written"),
        )
        .hint("mount it for writing, or set XDG_DATA_HOME to another place"),
        Ok(disk) => room(
            disk.f_bavail.saturating_mul(disk.f_frsize),
            &name.to_string(),
        ),
    })
}

#[cfg(not(unix))]
fn disk(_data: &Path) -> Option<Check> {
    None
}

#[cfg(unix)]
fn room(bytes: u64, name: &str) -> Check {
    let text = format!("{} MB are free at {name}", bytes / MB);
    match bytes / MB {
        ..FEW => Check::fail("disk", text).hint("make room there"),
        FEW..SOME => Check::warn("disk", text).hint("make room there soon"),
        _ => Check::ok("disk", text),
    }
}

/// The profile's store, as far as it shows without a key.
fn store(data: &Path) -> Vec<Check> {
    let name = data.display();
    let modes = || Check::ok("modes", format!("only you can get at {name}"));
    match vault::peek(data) {
        Ok(peek) => vec![
            modes(),
            Check::ok(
                "store",
                format!("there is one in {name}, of format {}", peek.format),
            ),
        ],
        Err(OpenError::NoStore { .. }) => {
            let none = Check::info("store", format!("there is none in {name}"));
            vec![none.hint("`entrenous init` makes one")]
        }
        // Its text has the cure in it, after a colon.
        Err(OpenError::Lock(LockError::Mode(error))) => {
            let text = error.to_string();
            let (text, hint) = text.rsplit_once(": ").unwrap_or((&text, ""));
            let check = Check::fail("modes", text);
            vec![match hint {
                "" => check,
                hint => check.hint(hint),
            }]
        }
        Err(OpenError::Store(error @ StoreError::Newer { .. })) => {
            vec![modes(), Check::fail("store", error.to_string())]
        }
        Err(error) => vec![
            Check::fail("store", error.to_string())
                .hint("put a copy of the profile's directory back, or restore a backup"),
        ],
    }
}

/// What to do about a clock that is wrong.
pub(super) const SET_CLOCK: &str = "set the clock, best by network time (NTP)";
/// When this was written: 1 January 2026.
const WRITTEN: Duration = Duration::from_secs(1_767_225_600);
const MB: u64 = 1_000_000;
/// Megabytes below which a commit may fail soon, and below which somebody should know.
const FEW: u64 = 10;
const SOME: u64 = 100;

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;

    #[test]
    fn a_clock_before_this_was_written_is_wrong() {
        let at = |seconds| clock(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).verdict;
        assert_eq!(at(1_767_225_599), Verdict::Fail);
        assert_eq!(at(1_767_225_600), Verdict::Ok);
    }

    #[cfg(unix)]
    #[test]
    fn little_room_is_told_before_there_is_none() {
        let verdict = |bytes| room(bytes, "/x").verdict;
        assert_eq!(verdict(9_999_999), Verdict::Fail);
        assert_eq!(verdict(10_000_000), Verdict::Warn);
        assert_eq!(verdict(99_999_999), Verdict::Warn);
        assert_eq!(verdict(100_000_000), Verdict::Ok);
    }
}
