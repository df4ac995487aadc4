//! People with a profile each, on the loopback interface.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use node::call::{
    Admit, Calls, Ending, Heard, Introduced, Known, Link, Message, Place, Places, Seen, Talk,
    Target, Told, Transport,
};
use node::{Network, Node, Setup, Unlock};
use primitives::Secret;
use tempfile::TempDir;
use tokio::time::timeout;
use vault::KeyFile;

/// Much longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Person {
    pub(crate) node: Node,
    folder: TempDir,
}

impl Person {
    pub(crate) async fn new(name: &str) -> Self {
        Self::with(name, Network::default()).await
    }

    pub(crate) async fn with(name: &str, network: Network) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let setup = Setup::new(name.parse().unwrap());
        let path = folder.path().join("profile");
        let created = Node::create(&path, vec![key()], setup, network).await;
        let (node, _) = created.unwrap();
        Self { node, folder }
    }

    /// The same, in another process as it were.
    pub(crate) async fn again(self) -> Self {
        let Self { node, folder } = self;
        node.close().await.unwrap();
        let path = folder.path().join("profile");
        let opened = Node::open(&path, key(), Network::default()).await;
        let node = opened.unwrap();
        Self { node, folder }
    }

    /// The same person on another device, as of now.
    pub(crate) async fn copy(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (file, path) = (folder.path().join("backup"), folder.path().join("profile"));
        self.node.backup(&file).await.unwrap();
        let restored = Node::restore(&file, &path, key(), Network::default()).await;
        let node = restored.unwrap();
        Self { node, folder }
    }

    pub(crate) async fn listen(&self, admit: Admit) -> Calls {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        self.node.listen(Places::tcp(address), admit).await.unwrap()
    }

    pub(crate) async fn call(&self, at: SocketAddr) -> Talk {
        self.node.call(Target::new(link(at))).await.unwrap()
    }

    pub(crate) async fn pinned(&self) -> Vec<String> {
        let pins = self.node.pins().await.unwrap();
        pins.iter().map(|pin| pin.name.to_string()).collect()
    }
}

fn key() -> Unlock {
    Unlock::KeyFile(KeyFile::from_secret(Secret::new([5; 32])))
}

pub(crate) fn link(at: SocketAddr) -> Link {
    Link::new(&at.ip().to_string(), at.port()).unwrap()
}

pub(crate) async fn incoming(calls: &mut Calls) -> Talk {
    match timeout(PATIENCE, calls.next()).await.unwrap().unwrap() {
        Heard::Talk(talk) => talk,
        other => panic!("{other:?}"),
    }
}

/// Where somebody listens by TCP.
pub(crate) fn address(calls: &Calls) -> SocketAddr {
    match calls.places() {
        [Place::Direct(Transport::Tcp, address)] => *address,
        other => panic!("{other:?}"),
    }
}

/// What is told next, but how far lines are.
pub(crate) async fn next(talk: &mut Talk) -> Told {
    loop {
        match timeout(PATIENCE, talk.next()).await.unwrap().unwrap() {
            Told::Delivered(_) => {}
            told => return told,
        }
    }
}

/// Until the other side keeps the line of this number.
pub(crate) async fn delivered(talk: &mut Talk, line: u64) {
    loop {
        match timeout(PATIENCE, talk.next()).await.unwrap().unwrap() {
            Told::Delivered(lines) if lines.contains(&line) => return,
            Told::Delivered(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) async fn introduced(talk: &mut Talk) -> Introduced {
    match next(talk).await {
        Told::Introduced(introduced) => *introduced,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn established(talk: &mut Talk) -> (Known, bool) {
    match next(talk).await {
        Told::Established { with, resumed, .. } => (with, resumed),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn message(talk: &mut Talk) -> String {
    match next(talk).await {
        Told::Message(Message { text, .. }) => String::from_utf8(text).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Until there is a connection again: whether the session went on.
pub(crate) async fn back(talk: &mut Talk) -> bool {
    loop {
        match next(talk).await {
            Told::Back { resumed, .. } => return resumed,
            Told::Lost { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

/// What the end is, and how much was not sent. Nothing follows.
pub(crate) async fn ended(talk: &mut Talk) -> (Ending, usize) {
    let end = loop {
        match next(talk).await {
            Told::Ended { how, waiting } => break (how, waiting),
            Told::Lost { .. } => {}
            other => panic!("{other:?}"),
        }
    };
    assert!(timeout(PATIENCE, talk.next()).await.unwrap().is_none());
    end
}

pub(crate) async fn say(talk: &Talk, text: &str) {
    let text = text.to_owned().into();
    timeout(PATIENCE, talk.speaker().say(text))
        .await
        .unwrap()
        .unwrap();
}

/// Both say yes, and talk.
pub(crate) async fn talking(caller: &Person, calls: &mut Calls, at: SocketAddr) -> (Talk, Talk) {
    let mut here = caller.call(at).await;
    let mut there = incoming(calls).await;
    introduced(&mut there).await;
    there.accept(Seen::NotCompared).await;
    introduced(&mut here).await;
    here.accept(Seen::NotCompared).await;
    let (one, other) = tokio::join!(established(&mut here), established(&mut there));
    assert_eq!([one.1, other.1], [false, false]);
    (here, there)
}
