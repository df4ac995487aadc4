use std::sync::Arc;

use tokio::sync::watch;

/// Wakes the talks of a node when something was said beside them.
#[derive(Clone, Debug)]
pub(crate) struct Beside(Arc<watch::Sender<()>>);

impl Default for Beside {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(())))
    }
}

impl Beside {
    /// Something was said, to somebody, and is kept.
    pub(super) fn said(&self) {
        self.0.send_replace(());
    }

    /// Hears of all that is said from now on.
    pub(crate) fn hear(&self) -> watch::Receiver<()> {
        self.0.subscribe()
    }
}
