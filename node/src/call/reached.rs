//! Where people were reached.

use primitives::VerifyingKey;
use vault::Batch;
use wire::v1::KeptReached;

use super::link::Link;
use super::pin::Known;
use crate::keep::{Keep, KeepError};
use crate::node::Node;
use crate::records::{Kept, put, read};

impl Node {
    /// The links by which the owner reached `known` last; none if they never did.
    ///
    /// # Errors
    ///
    /// [`KeepError`].
    ///
    /// # Spec
    ///
    /// `spec/20-channel.md` 17.5.
    pub async fn reached_at(&self, known: &Known) -> Result<Vec<Link>, KeepError> {
        let name = known.key().to_bytes();
        let Some(record) = self.keep.get(KeptReached::KIND, &name).await? else {
            return Ok(Vec::new());
        };
        let kept: KeptReached = read(&record)?;
        let links = kept.links.lines().map(str::parse);
        links
            .collect::<Result<_, _>>()
            .map_err(|_| KeepError::Record {
                title: KeptReached::TITLE,
            })
    }
}

/// Keeps that one of `links` led to the holder of `key`, in place of what was kept before.
pub(super) async fn keep_reached(
    keep: &Keep,
    key: &VerifyingKey,
    links: &[Link],
) -> Result<(), KeepError> {
    let lines: Vec<_> = links.iter().map(Link::to_string).collect();
    let links = lines.join("\n");
    if links.is_empty() || links.len() > MOST {
        return Ok(());
    }
    let mut batch = Batch::new();
    put(&mut batch, &key.to_bytes(), &KeptReached { links });
    keep.commit(batch).await
}

/// Bytes of links that are kept.
const MOST: usize = 4_096;
