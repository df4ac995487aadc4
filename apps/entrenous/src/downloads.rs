//! Where files go that somebody else sends.

use std::path::PathBuf;

use etcetera::base_strategy::{BaseStrategy, Xdg};

/// The person's folder for downloads, or else the current one; a whole path, so that it says where that is.
pub(crate) fn folder() -> PathBuf {
    let found = Xdg::new().ok().and_then(|xdg| {
        let named = std::fs::read_to_string(xdg.config_dir().join("user-dirs.dirs"));
        let named = named.ok().and_then(|text| named_in(&text, &xdg));
        let usual = xdg.home_dir().join("Downloads");
        named.into_iter().chain([usual]).find(|path| path.is_dir())
    });
    let current = || std::env::current_dir().ok();
    found.or_else(current).unwrap_or_else(|| PathBuf::from("."))
}

/// The person's home.
pub(crate) fn home() -> Option<PathBuf> {
    Some(Xdg::new().ok()?.home_dir().to_owned())
}

/// What the desktop's settings say: `XDG_DOWNLOAD_DIR="$HOME/..."`, or a whole path.
fn named_in(text: &str, xdg: &impl BaseStrategy) -> Option<PathBuf> {
    let mut lines = text.lines().map(str::trim);
    let value = lines.find_map(|line| line.strip_prefix("XDG_DOWNLOAD_DIR="))?;
    let value = value.trim_matches('"');
    match value.strip_prefix("$HOME/") {
        Some(rest) => Some(xdg.home_dir().join(rest)),
        None => Some(PathBuf::from(value)).filter(|path| path.is_absolute()),
    }
}
