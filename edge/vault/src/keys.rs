use kernel::Label;
use primitives::{Secret, hkdf_sha256};

use crate::{header::ID_LEN, wrap::KEY_LEN};

/// The data key and what is derived from it. Erased on drop.
///
/// # Spec
///
/// `spec/16-vault.md` 3.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) data: Secret<KEY_LEN>,
    pub(crate) names: Secret<KEY_LEN>,
    pub(crate) records: Secret<KEY_LEN>,
    pub(crate) head: Secret<KEY_LEN>,
    pub(crate) set: Secret<KEY_LEN>,
    pub(crate) mark: Secret<KEY_LEN>,
}

impl Keys {
    pub(crate) fn new(data: Secret<KEY_LEN>, id: &[u8; ID_LEN]) -> Self {
        let sub = |label: Label| hkdf_sha256(data.expose(), id, &[label.bytes()]);
        Self {
            names: sub(Label::VaultNames),
            records: sub(Label::VaultRecords),
            head: sub(Label::VaultHead),
            set: sub(Label::VaultSet),
            mark: sub(Label::VaultMark),
            data,
        }
    }
}
