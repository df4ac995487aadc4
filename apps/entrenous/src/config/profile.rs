use std::ffi::OsString;
use std::fmt;
use std::str::FromStr;

use super::{Origin, Setting};
use crate::failure::Failure;

/// The name of one person's data on this device: 1 to 32 of a-z, 0-9 and -.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Profile(String);

impl Profile {
    /// Longest name.
    pub(crate) const MAX: usize = 32;

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The one of the flag, else of the environment, else the default.
    pub(super) fn choose(
        flag: Option<&Self>,
        env: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Setting<Self>, Failure> {
        if let Some(profile) = flag {
            let (value, from) = (profile.clone(), Origin::Flag);
            return Ok(Setting { value, from });
        }
        let Some(name) = env(VARIABLE) else {
            let (value, from) = (Self::default(), Origin::Default);
            return Ok(Setting { value, from });
        };
        let parsed = name.to_string_lossy().parse();
        let value =
            parsed.map_err(|error: String| Failure::input(format!("{VARIABLE}: {error}")))?;
        let from = Origin::Environment;
        Ok(Setting { value, from })
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        match (1..=Self::MAX).contains(&text.len()) && text.bytes().all(allowed) {
            true => Ok(Self(text.to_owned())),
            false => Err(format!(
                "a profile's name is 1 to {} of a-z, 0-9 and -",
                Self::MAX
            )),
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const VARIABLE: &str = "ENTRENOUS_PROFILE";
