use node::Node;
use tempfile::TempDir;

use crate::failure::{Failure, failed};

/// Somebody in the story.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) passphrase: &'static str,
    pub(super) message: &'static str,
}

pub(super) const ANA: Person = Person {
    name: "Ana",
    passphrase: "tulip anchor violin mosaic",
    message: "Six o'clock, at the old harbour.",
};

pub(super) const BEN: Person = Person {
    name: "Ben",
    passphrase: ANA.passphrase,
    message: "I have the maps.",
};

pub(super) const CLEO: Person = Person {
    name: "Cleo",
    passphrase: "tulip anchor violin guitar",
    message: "Hello? Anyone?",
};

/// What the three have from when they make a profile on, in a folder that goes with it.
#[derive(Debug)]
pub(super) struct Profiles {
    pub(super) ana: Node,
    pub(super) ben: Node,
    pub(super) cleo: Node,
    pub(super) folder: TempDir,
}

impl Profiles {
    pub(super) async fn close(self) -> Result<(), Failure> {
        for node in [self.ana, self.ben, self.cleo] {
            let closed = node.close().await;
            closed.map_err(|error| failed(&error, error.kind()))?;
        }
        Ok(())
    }
}
