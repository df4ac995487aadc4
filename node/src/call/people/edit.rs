//! Pins that the owner makes and changes.

use identity::Name;
use primitives::VerifyingKey;
use vault::Batch;

use super::super::pin::{Known, Pin};
use super::People;
use crate::contacts::{FindError, free};
use crate::node::Node;
use crate::now::now;
use crate::records::put;

impl Node {
    /// Takes the holder of `key`, of whom there need be no card, for known from now on, as if a session had
    /// just been established. They are called `name`, or with a number behind it if somebody has that
    /// already. `None` if the key is known.
    ///
    /// # Errors
    ///
    /// See [`FindError`]; nothing changed then.
    ///
    /// # Spec
    ///
    /// `spec/20-channel.md` 17.2.
    pub async fn pin(&self, key: VerifyingKey, name: Name) -> Result<Option<Pin>, FindError> {
        self.people().pin(key, name).await
    }

    /// Calls somebody otherwise who was talked to without a card.
    ///
    /// # Errors
    ///
    /// See [`FindError`]; nothing changed then.
    pub async fn rename_pin(&self, pin: &Pin, name: Name) -> Result<Pin, FindError> {
        self.people().rename(pin, name).await
    }
}

impl People {
    async fn pin(&self, key: VerifyingKey, name: Name) -> Result<Option<Pin>, FindError> {
        let _turn = self.turn.lock().await;
        let everyone = self.everyone().await?;
        if everyone.iter().any(|known| *known.key() == key) {
            return Ok(None);
        }
        let now = now();
        let pin = Pin {
            key,
            name: free(name, |name| {
                everyone.iter().all(|known| known.name() != name)
            }),
            since: now,
            seen: now,
            compared: None,
        };
        let mut batch = Batch::new();
        self.make_room(&key, &mut batch).await?;
        put(&mut batch, &key.to_bytes(), &pin.write());
        self.keep.commit(batch).await?;
        Ok(Some(pin))
    }

    async fn rename(&self, pin: &Pin, name: Name) -> Result<Pin, FindError> {
        let _turn = self.turn.lock().await;
        let everyone = self.everyone().await?;
        let is_other = |known: &&Known| *known.key() != pin.key;
        let mut others = everyone.iter().filter(is_other);
        if others.any(|known| *known.name() == name) {
            return Err(FindError::Taken);
        }
        let mut present = everyone.into_iter().filter_map(|known| match known {
            Known::Pin(known) if known.key == pin.key => Some(*known),
            _ => None,
        });
        let mut pin = present.next().ok_or(FindError::None)?;
        pin.name = name;
        let mut batch = Batch::new();
        put(&mut batch, &pin.key.to_bytes(), &pin.write());
        self.keep.commit(batch).await?;
        Ok(pin)
    }
}
