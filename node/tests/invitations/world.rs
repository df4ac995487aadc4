use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use host::accounts::Admission;
use host::http::{Config, Server};
use host::pace::Rate;
use host::pins::Terms;
use host::respond::{Responder, Rules};
use journal::{Clock, Limits, Memory, SystemClock};
use node::{
    Added, Answered, Contact, Invitation, Invited, JoinError, Joined, Network, Node, Setup, Unlock,
    Wish, words,
};
use primitives::Secret;
use rendezvous::bucket::{Host, Line, Passphrase};
use tempfile::TempDir;
use vault::KeyFile;

/// A messaging server, a rendezvous server, and a folder for profiles.
pub(crate) struct World {
    pub(crate) messaging: Place,
    pub(crate) rendezvous: Place,
    folder: TempDir,
}

/// A server that runs.
pub(crate) struct Place {
    pub(crate) server: Server,
    pub(crate) responder: Arc<Responder>,
}

impl Place {
    pub(crate) async fn start() -> Self {
        let store = Memory::new(Limits::default(), Arc::new(SystemClock));
        let rules = Rules {
            admission: Admission::Pin,
            registrations: Rate {
                per_second: 100,
                burst: 100,
            },
        };
        let responder = Responder::open(Arc::new(store), "127.0.0.1", rules).await;
        let responder = Arc::new(responder.unwrap());
        let mut config = Config::default();
        config.listen = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
        let server = Server::start_with(config, Some(Arc::clone(&responder)), None).await;
        Self {
            server: server.unwrap(),
            responder,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        *self.server.addresses().first().unwrap()
    }

    pub(crate) fn host(&self) -> Host {
        self.server
            .addresses()
            .first()
            .unwrap()
            .to_string()
            .parse()
            .unwrap()
    }

    pub(crate) async fn pin(&self) -> String {
        let pin = self
            .responder
            .pins()
            .create(SystemClock.now(), Terms::default());
        pin.await.unwrap().reveal()
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self {
            messaging: Place::start().await,
            rendezvous: Place::start().await,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A new profile, and its recovery words.
    pub(crate) async fn create(&self, name: &str) -> (Node, String) {
        let setup = Setup::new(name.parse().unwrap());
        let (path, keys) = (self.path(name), vec![key(name)]);
        let created = Node::create(&path, keys, setup, Network::default()).await;
        let (node, words) = created.unwrap();
        (node, words.to_string())
    }

    /// A profile that was closed.
    pub(crate) async fn open(&self, name: &str) -> Node {
        let path = self.path(name);
        let opened = Node::open(&path, key(name), Network::default()).await;
        opened.unwrap()
    }

    /// A new profile whose account the messaging server keeps.
    pub(crate) async fn resident(&self, name: &str) -> Node {
        let (node, _) = self.create(name).await;
        let pin = self.messaging.pin().await;
        node.register(&self.messaging.host(), &pin, None)
            .await
            .unwrap();
        node
    }

    pub(crate) fn wish(&self) -> Wish {
        Wish::new(vec![self.rendezvous.host()], words::draw(8).unwrap())
    }

    /// An invitation by `node`, ready to be passed on.
    pub(crate) async fn invite(&self, node: &Node) -> Invitation {
        invite(node, self.wish()).await
    }
}

fn key(name: &str) -> Unlock {
    let mut bytes = [0; 32];
    bytes
        .iter_mut()
        .zip(name.bytes())
        .for_each(|(to, from)| *to = from);
    Unlock::KeyFile(KeyFile::from_secret(Secret::new(bytes)))
}

pub(crate) async fn invite(node: &Node, wish: Wish) -> Invitation {
    let mut inviting = node.invite(wish).await.unwrap();
    loop {
        if let Invited::Ready(invitation) = inviting.next().await.unwrap() {
            return invitation;
        }
    }
}

pub(crate) async fn join(
    node: &Node,
    line: &Line,
    words: &Passphrase,
) -> Result<Contact, JoinError> {
    let mut joining = node.join(line.clone(), words.clone())?;
    loop {
        if let Joined::Done(added) = joining.next().await? {
            return Ok(added.contact().clone());
        }
    }
}

/// Follows what an inviter passed on.
pub(crate) async fn accept(node: &Node, invitation: &Invitation) -> Result<Contact, JoinError> {
    let line = invitation.line.as_ref().unwrap();
    join(node, line, &invitation.words).await
}

pub(crate) fn joined(answered: &[Answered]) -> Vec<&Contact> {
    answered
        .iter()
        .map(|answered| answered.came.as_ref().unwrap().contact())
        .collect()
}

pub(crate) fn is_new(answered: &Answered) -> bool {
    matches!(answered.came.as_deref(), Ok(Added::New(_)))
}
