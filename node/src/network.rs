use net::server::Options;
use net::{Proxy, Root};
use rendezvous::bucket::Host;

/// How a node reaches servers.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Network {
    /// A proxy to go through, such as Tor. Where connections must not be linked, each has a user name of
    /// its own there.
    pub proxy: Option<Proxy>,
    /// Trusted besides the certificates that the system trusts.
    pub roots: Vec<Root>,
}

impl Network {
    /// The way to `at`.
    pub(crate) fn to(&self, at: Host) -> Options {
        let mut options = Options::new(at);
        options.proxy.clone_from(&self.proxy);
        options.roots.clone_from(&self.roots);
        options
    }
}
