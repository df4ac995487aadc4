//! Transfers in the vault.

use tokio::task::spawn_blocking;
use transfer::{Id, Kept, Stage, Way};
use vault::Batch;
use wire::v1::KeptTransfer;

use super::note::{Source, Target};
use super::place::there;
use crate::keep::{Keep, KeepError};
use crate::records::Kept as _;

/// The transfers of one conversation.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    keep: Keep,
    key: [u8; 32],
}

/// A transfer that was kept.
#[derive(Debug)]
pub(super) struct Restored {
    pub(super) kept: Kept,
    /// Bytes in the partial file, durably.
    pub(super) there: u64,
    /// Where the file is, or belongs; nothing of one that is over.
    pub(super) spot: Option<Spot>,
}

#[derive(Debug)]
pub(super) enum Spot {
    Source(Source),
    Target(Target),
}

impl Shelf {
    pub(super) const fn new(keep: Keep, key: [u8; 32]) -> Self {
        Self { keep, key }
    }

    /// Keeps a record in place of that of the same way and id, durably.
    pub(super) async fn save(&self, kept: &Kept) -> Result<(), KeepError> {
        let mut batch = Batch::new();
        let name = self.name(kept.way(), kept.id());
        batch.put(KeptTransfer::KIND, name, kept.to_bytes());
        self.keep.commit(batch).await
    }

    pub(super) async fn forget(&self, way: Way, id: Id) -> Result<(), KeepError> {
        let mut batch = Batch::new();
        batch.remove(KeptTransfer::KIND, self.name(way, id));
        self.keep.commit(batch).await
    }

    /// All that was kept. What cannot be read any more is forgotten.
    pub(super) async fn restore(&self) -> Result<Vec<Restored>, KeepError> {
        let (mut found, mut broken) = (Vec::new(), Batch::new());
        for record in self.keep.list(KeptTransfer::KIND).await? {
            if !record.name.starts_with(&self.key) {
                continue;
            }
            let kept = Kept::decode(&record.body).ok();
            match kept.and_then(|kept| Some((spot(&kept)?, kept))) {
                Some(one) => found.push(one),
                None => broken.remove(KeptTransfer::KIND, record.name),
            }
        }
        if !broken.is_empty() {
            self.keep.commit(broken).await?;
        }
        let measured = spawn_blocking(move || found.into_iter().map(measure).collect());
        let bug = |_| KeepError::Bug("to measure files ends");
        measured.await.map_err(bug)
    }

    fn name(&self, way: Way, id: Id) -> Vec<u8> {
        let way = match way {
            Way::Out => OUT,
            Way::In => IN,
        };
        [&self.key[..], &[way], id.as_bytes()].concat()
    }
}

/// Where the file is; `None`: this program does not know.
fn spot(kept: &Kept) -> Option<Option<Spot>> {
    let size = kept.file().map_or(0, transfer::File::size);
    match kept.stage() {
        Stage::Offered => Source::read(kept.note(), size).map(|source| Some(Spot::Source(source))),
        Stage::Accepted | Stage::Whole => {
            Target::read(kept.note()).map(|target| Some(Spot::Target(target)))
        }
        Stage::Over => Some(None),
        _ => None,
    }
}

fn measure((spot, kept): (Option<Spot>, Kept)) -> Restored {
    let size = kept.file().map_or(0, transfer::File::size);
    let there = match (&spot, kept.stage()) {
        (Some(Spot::Target(target)), Stage::Accepted) => there(target, size),
        _ => 0,
    };
    Restored { kept, there, spot }
}

const OUT: u8 = 0;
const IN: u8 = 1;
