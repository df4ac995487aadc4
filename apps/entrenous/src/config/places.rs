use std::path::PathBuf;

use etcetera::base_strategy::{BaseStrategy, Xdg};

use super::Profile;
use crate::failure::Failure;

/// Where things are: the folders of the XDG specification, on every system. None need exist.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Places {
    /// The file of settings. It holds no secret but perhaps a proxy's login.
    pub(crate) config: PathBuf,
    /// The profile's own folder, with its store: everything secret, encrypted.
    pub(crate) data: PathBuf,
    /// What may be deleted: logs.
    pub(crate) state: PathBuf,
    /// The socket of the profile's running program; `None` where the system has no such folder.
    pub(crate) socket: Option<PathBuf>,
}

impl Places {
    pub(super) fn find(profile: &Profile) -> Result<Self, Failure> {
        let xdg = Xdg::new().map_err(|error| {
            Failure::input("this system names no home directory")
                .hint("set the variable HOME")
                .because(&error)
        })?;
        Ok(Self::below(&xdg, profile))
    }

    fn below(xdg: &impl BaseStrategy, profile: &Profile) -> Self {
        let state = xdg.state_dir().unwrap_or_else(|| xdg.data_dir());
        let runtime = xdg.runtime_dir().map(|folder| folder.join(NAME));
        Self {
            config: xdg.config_dir().join(NAME).join("config.toml"),
            data: xdg.data_dir().join(NAME).join(profile.as_str()),
            state: state.join(NAME),
            socket: runtime.map(|folder| folder.join(format!("{profile}.sock"))),
        }
    }
}

const NAME: &str = "entrenous";
