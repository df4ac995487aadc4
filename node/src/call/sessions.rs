use channel::{Mode, Resumption, SessionId};
use kernel::Time;
use net::call::{NotKept, Shelf};
use primitives::VerifyingKey;
use vault::{Batch, Vault};
use wire::v1::KeptSession;

use super::held::Held;
use super::people::People;
use crate::conversation::Store;
use crate::keep::KeepError;
use crate::now::now;
use crate::records::{Kept, put, read};

/// The sessions that can go on, in the vault of a profile.
///
/// # Spec
///
/// `spec/20-channel.md` 17.3.
#[derive(Clone, Debug)]
pub(super) struct Sessions {
    people: People,
    /// Whose calls are held, if nobody else may go on with a session; else everyone may who is known.
    only: Option<Held>,
    /// How many there may be.
    most: usize,
}

impl Sessions {
    pub(super) const fn new(people: People, only: Option<Held>) -> Self {
        Self {
            people,
            only,
            most: MOST,
        }
    }

    /// What is kept of a session and of use, whoever may go on with it.
    pub(super) async fn kept(&self, session: SessionId) -> Result<Option<Resumption>, KeepError> {
        let name = session.as_str().as_bytes();
        let record = self.people.keep.get(KeptSession::KIND, name).await?;
        let kept = record
            .map(|record| resumption(&read(&record)?))
            .transpose()?;
        let Some(kept) = kept.filter(|kept| kept.is_fresh(now())) else {
            return Ok(None);
        };
        if kept.mode() == Mode::Kamune {
            return Ok(Some(kept));
        }
        let conversation = Store::new(self.people.keep.clone(), kept.peer());
        let number = conversation.kept(session).await?;
        Ok(number.map(|number| kept.keeping(number)))
    }

    /// Whose sessions can go on, the last that was established first; each once.
    pub(super) async fn open(&self) -> Result<Vec<VerifyingKey>, KeepError> {
        let now = now();
        let read_all = move |vault: &mut Vault| {
            let mut open = Vec::new();
            vault.each(KeptSession::KIND, |record| {
                // One that cannot be read is of no use.
                if let Ok(kept) = read(&record).and_then(|kept| resumption(&kept))
                    && kept.is_fresh(now)
                {
                    open.push((kept.established(), *kept.peer()));
                }
                Ok::<_, KeepError>(())
            })?;
            open.sort_by_key(|(established, _)| *established);
            let mut keys = Vec::new();
            for (_, key) in open.into_iter().rev() {
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
            Ok(keys)
        };
        self.people.keep.with(read_all).await?
    }

    /// Forgets all sessions with the holder of `key`.
    pub(super) async fn forget_with(&self, key: VerifyingKey) -> Result<(), KeepError> {
        let remove = move |vault: &mut Vault| {
            let mut batch = Batch::new();
            vault.each(KeptSession::KIND, |record| {
                let kept = read(&record).and_then(|kept| resumption(&kept));
                if kept.is_ok_and(|kept| *kept.peer() == key) {
                    batch.remove(KeptSession::KIND, record.name);
                }
                Ok::<_, KeepError>(())
            })?;
            if !batch.is_empty() {
                vault.commit(&batch)?;
            }
            Ok(())
        };
        self.people.keep.with(remove).await?
    }

    /// Forgets a session.
    pub(super) async fn forget(&self, session: SessionId) -> Result<(), KeepError> {
        let mut batch = Batch::new();
        batch.remove(KeptSession::KIND, session.as_str().as_bytes());
        self.people.keep.commit(batch).await
    }

    async fn keep(&self, kept: Resumption) -> Result<(), KeepError> {
        let most = self.most;
        let put_in = move |vault: &mut Vault| put_in(vault, &kept, most, now());
        self.people.keep.with(put_in).await?
    }
}

impl Shelf for Sessions {
    async fn save(&self, kept: Resumption) -> Result<(), NotKept> {
        self.keep(kept).await.map_err(|_| NotKept)
    }

    async fn find(&self, session: SessionId) -> Option<Resumption> {
        let kept = self.kept(session).await.ok()??;
        let may = match &self.only {
            Some(held) => held.has(kept.peer()),
            None => self.people.of(kept.peer()).await.ok()?.is_some(),
        };
        may.then_some(kept)
    }
}

/// Puts a session into the vault, in place of those that are of no use, and of the oldest if there is no
/// room else.
fn put_in(vault: &mut Vault, kept: &Resumption, most: usize, now: Time) -> Result<(), KeepError> {
    let mut others = Vec::new();
    let mut batch = Batch::new();
    vault.each(KeptSession::KIND, |record| {
        if record.name == kept.session().as_str().as_bytes() {
            return Ok(());
        }
        match read(&record).and_then(|kept| resumption(&kept)) {
            Ok(other) if other.is_fresh(now) => others.push(other),
            // One that cannot be read is of no use either.
            _ => batch.remove(KeptSession::KIND, record.name),
        }
        Ok::<_, KeepError>(())
    })?;
    others.sort_by_key(Resumption::established);
    let excess = others.len().saturating_add(1).saturating_sub(most);
    for oldest in others.iter().take(excess) {
        batch.remove(KeptSession::KIND, oldest.session().as_str().as_bytes());
    }
    let record = kept.to_bytes();
    let name = kept.session();
    put(
        &mut batch,
        name.as_str().as_bytes(),
        &KeptSession { record },
    );
    vault.commit(&batch)?;
    Ok(())
}

fn resumption(kept: &KeptSession) -> Result<Resumption, KeepError> {
    Resumption::decode(&kept.record).map_err(|_| KeepError::Record {
        title: KeptSession::TITLE,
    })
}

/// How many sessions are kept.
const MOST: usize = 1_000;

#[cfg(test)]
mod tests;
