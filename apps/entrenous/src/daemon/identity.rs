//! Who the owner of the open profile is.

use ::identity::{Fingerprint, Name};

use super::desk::Daemon;
use super::hub::Asker;
use super::log::Level;
use super::protocol::{Event, Fault, FingerprintInfo, Reply, SetFormat};

impl Daemon<'_> {
    /// What others compare in calls, and what the owner is called; `None` if no profile is open.
    pub(super) async fn who(&self) -> Option<(Fingerprint, String)> {
        let node = &self.open.as_ref()?.node;
        let name = node.name().await.to_string();
        Some((node.fingerprint_in_calls().await, name))
    }

    /// As Kamune has it, all is empty where no profile is open.
    pub(super) async fn fingerprint(&mut self, asker: &Asker) -> Result<(), Fault> {
        let info = match self.who().await {
            Some((fingerprint, _)) => FingerprintInfo::from(&fingerprint),
            None => FingerprintInfo {
                emoji: String::new(),
                b64: String::new(),
                hex: String::new(),
                sum: String::new(),
            },
        };
        self.reply(asker, Reply::Fingerprint(info))
    }

    /// Keeps what a client wants to show fingerprints as, until the daemon ends.
    pub(super) fn set_fingerprint_format(
        &mut self,
        given: SetFormat,
        asker: &Asker,
    ) -> Result<(), Fault> {
        if given.format.len() > LONGEST_FORMAT {
            let text = format!("invalid params: a format has at most {LONGEST_FORMAT} bytes");
            return Err(Fault::new("invalid_params", text));
        }
        self.fingerprint_format.clone_from(&given.format);
        let (status, format) = ("set", given.format);
        self.reply(asker, Reply::FormatSet { status, format })
    }

    pub(super) async fn my_name(&mut self, asker: &Asker) -> Result<(), Fault> {
        let name = self.who().await.map(|(_, name)| name);
        let name = name.unwrap_or_default();
        self.reply(asker, Reply::Name { name })
    }

    pub(super) async fn set_my_name(&mut self, name: &str, asker: &Asker) -> Result<(), Fault> {
        if name.len() > LONGEST_NAME {
            let text = format!("a name has at most {LONGEST_NAME} bytes");
            return Err(Fault::new("name_too_long", text));
        }
        if name.is_empty() {
            return Err(no_name("it is empty"));
        }
        self.node()?;
        self.take_name(name).await?;
        self.reply(asker, Reply::Done { status: "ok" })
    }

    /// Calls the owner so from now on; if it is empty, as before.
    pub(super) async fn take_name(&mut self, name: &str) -> Result<(), Fault> {
        let node = self.node()?;
        if name.is_empty() || node.name().await.as_str() == name {
            return Ok(());
        }
        let taken: Name = name.parse().map_err(no_name)?;
        let called = node.call_me(taken).await;
        called.map_err(|error| {
            Fault::new("name_persist_failed", format_args!("persist name: {error}"))
        })?;
        let name = name.to_owned();
        self.hub.tell(&Event::LocalNameChanged { name });
        self.log(Level::Info, "the name was changed");
        Ok(())
    }
}

fn no_name(why: impl std::fmt::Display) -> Fault {
    Fault::new("invalid_name", format_args!("no name: {why}"))
}

/// Bytes of a name that a client gives by itself.
const LONGEST_NAME: usize = 32;
/// Bytes of the name of a format.
const LONGEST_FORMAT: usize = 32;
