//! The chapter with an invitation: two servers, two profiles, and a link that nobody sees.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use host::accounts::Admission;
use host::http::{Config, Server};
use host::pins::Terms;
use host::respond::{Responder, Rules};
use journal::{Clock, Limits, Memory, SystemClock};
use kernel::Kind;
use node::{
    Answered, Invitation, Invited, JoinError, Joined, Network, Node, Setup, Unlock, Wish, words,
};
use rendezvous::bucket::{Host, Passphrase};
use tempfile::TempDir;
use vault::KeyFile;

use super::cast::{ANA, BEN, CLEO, Profiles};
use super::story::Story;
use super::{no_leak, wrong};
use crate::failure::{Failure, failed};

/// Gives the profiles, for what the three do next.
pub(super) async fn tell(story: &mut Story<'_>) -> Result<Profiles, Failure> {
    story.chapter("invite", "By a link")?;
    let (messaging, rendezvous) = (Place::start().await?, Place::start().await?);
    story.says(&format!(
        "Two more servers, run by two people: {}, where Ana has an account that a pin of its owner \
         made, and {}, which only keeps buckets. Ana and Ben each make a profile; Ben has no \
         account anywhere.",
        messaging.host, rendezvous.host
    ))?;
    let folder = folder()?;
    story.waits("three profiles are made");
    let (ana, ben, cleo) = tokio::try_join!(
        profile(folder.path(), ANA.name),
        profile(folder.path(), BEN.name),
        profile(folder.path(), CLEO.name)
    )?;
    let pin = messaging.pin().await?;
    let registered = ana.register(&messaging.host, &pin, None).await;
    registered.map_err(|error| failed(&error, error.kind()))?;
    story.waits("Ana leaves an invitation");
    let invitation = invite(&ana, &rendezvous.host).await?;
    story.waited();
    tell_invitation(story, &invitation, &messaging.host)?;
    tell_cleo(story, &cleo, &invitation).await?;
    story.waits("Ben follows the line");
    follow(&ben, &invitation, &invitation.words)
        .await
        .map_err(|error| failed(&error, error.kind()))?;
    let answered = ana
        .collect()
        .await
        .map_err(|error| failed(&error, error.kind()))?;
    story.waited();
    tell_contacts(story, (&ana, &ben), &answered).await?;
    for place in [messaging, rendezvous] {
        place.server.stop(GRACE).await;
    }
    Ok(Profiles {
        ana,
        ben,
        cleo,
        folder,
    })
}

fn tell_invitation(
    story: &mut Story<'_>,
    invitation: &Invitation,
    messaging: &Host,
) -> Result<(), Failure> {
    let line = invitation.line.as_ref().map(ToString::to_string);
    let line = line.unwrap_or_default();
    story.says("`entrenous invite --split` gives Ana a line and eight words, for two channels:")?;
    let rows = [[line.clone()], [invitation.words.expose().to_owned()]];
    story.rows([0], &rows)?;
    no_leak(line.contains(messaging.as_str()))?;
    story.says(
        "The line names a bucket of 64 entries at the one server. The other server, where the two will \
         talk, stands nowhere in it.",
    )
}

/// What somebody comes to who has the line, and other words.
async fn tell_cleo(
    story: &mut Story<'_>,
    node: &Node,
    invitation: &Invitation,
) -> Result<(), Failure> {
    story.waits("Cleo tries the line with words of her own");
    let guess = words::draw(8).map_err(|error| failed(&error, error.kind()))?;
    let refused = follow(node, invitation, &guess).await;
    story.waited();
    match refused {
        Err(JoinError::Rendezvous(failure)) if failure.name() == "no_invitation" => story.says(
            "Cleo saw the line pass. She fetches the bucket: 64 entries of 256 bytes that all look alike. \
             She tries eight words; none of them opens.",
        ),
        _ => Err(wrong("other words opened the invitation")),
    }
}

async fn tell_contacts(
    story: &mut Story<'_>,
    (ana, ben): (&Node, &Node),
    answered: &[Answered],
) -> Result<(), Failure> {
    let [
        Answered {
            came: Ok(joined), ..
        },
    ] = answered
    else {
        return Err(wrong("Ana was not told that Ben has joined"));
    };
    let bens = joined.contact().fingerprint();
    let contacts = ben
        .contacts()
        .await
        .map_err(|error| failed(&error, error.kind()))?;
    let anas = contacts.first().map(|contact| contact.fingerprint());
    let is_right = bens == ben.fingerprint().await && anas == Some(ana.fingerprint().await);
    if !is_right {
        return Err(wrong("a fingerprint is not whose it should be"));
    }
    story.says(
        "Ben has the line and the words. He opens the one entry, goes on to the server that it names, takes \
         the invitation there, which can be taken once, and leaves his own card for Ana alone:",
    )?;
    let words = ana.fingerprint().await.to_words();
    let rows = [("Ben has Ana", words), ("Ana has Ben", bens.to_words())];
    let rows: Vec<_> = rows
        .iter()
        .flat_map(|(who, words)| in_two(who, words))
        .collect();
    story.rows([11, 0], &rows)?;
    story.says(
        "These are the fingerprints that `entrenous id` shows to their owners (we have just compared). The \
         two compare them by voice with `entrenous verify`, and then know that nobody stands between.",
    )
}

/// Eight words behind `who`, in two rows.
pub(super) fn in_two(who: &str, words: &str) -> [[String; 2]; 2] {
    let words: Vec<&str> = words.split(' ').collect();
    let (first, second) = words.split_at(words.len().div_euclid(2));
    [
        [who.to_owned(), first.join(" ")],
        [String::new(), second.join(" ")],
    ]
}

/// A server on loopback that keeps what it is given in memory.
#[derive(Debug)]
struct Place {
    server: Server,
    responder: Arc<Responder>,
    host: Host,
}

impl Place {
    async fn start() -> Result<Self, Failure> {
        let store = Memory::new(Limits::default(), Arc::new(SystemClock));
        let rules = Rules {
            admission: Admission::Pin,
            ..Rules::default()
        };
        let opened = Responder::open(Arc::new(store), "127.0.0.1", rules).await;
        let opened = opened.map_err(|error| failed(&error, error.kind()))?;
        let responder = Arc::new(opened);
        let mut config = Config::default();
        config.listen = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
        let started = Server::start_with(config, Some(Arc::clone(&responder)), None).await;
        let server = started.map_err(|error| {
            Failure::unavailable("no server can be started on loopback").because(&error)
        })?;
        let address = server.addresses().first().map(ToString::to_string);
        let host = address.and_then(|address| address.parse().ok());
        let host = host.ok_or_else(|| Failure::new(Kind::Bug, "our own address"))?;
        Ok(Self {
            server,
            responder,
            host,
        })
    }

    async fn pin(&self) -> Result<String, Failure> {
        let pin = self
            .responder
            .pins()
            .create(SystemClock.now(), Terms::default())
            .await;
        let pin = pin.map_err(|error| failed(&error, error.kind()))?;
        Ok(pin.reveal())
    }
}

fn folder() -> Result<TempDir, Failure> {
    let made = tempfile::Builder::new().prefix("entrenous-demo-").tempdir();
    made.map_err(|error| {
        Failure::unavailable("no folder for two profiles can be made").because(&error)
    })
}

async fn profile(folder: &Path, name: &str) -> Result<Node, Failure> {
    let made = KeyFile::create(&folder.join(format!("{name}.key")));
    let key = made.map_err(|error| failed(&error, error.kind()))?;
    let parsed = name
        .parse()
        .map_err(|_| Failure::new(Kind::Bug, "a name of the story"))?;
    let path = folder.join(name);
    let keys = vec![Unlock::KeyFile(key)];
    let made = Node::create(&path, keys, Setup::new(parsed), Network::default()).await;
    let (node, _words) = made.map_err(|error| failed(&error, error.kind()))?;
    Ok(node)
}

async fn invite(node: &Node, at: &Host) -> Result<Invitation, Failure> {
    let drawn = words::draw(8).map_err(|error| failed(&error, error.kind()))?;
    let inviting = node.invite(Wish::new(vec![at.clone()], drawn)).await;
    let mut inviting = inviting.map_err(|error| failed(&error, error.kind()))?;
    loop {
        let next = inviting
            .next()
            .await
            .map_err(|error| failed(&error, error.kind()))?;
        if let Invited::Ready(invitation) = next {
            return Ok(invitation);
        }
    }
}

async fn follow(node: &Node, invitation: &Invitation, words: &Passphrase) -> Result<(), JoinError> {
    let Some(line) = invitation.line.clone() else {
        return Ok(());
    };
    let mut joining = node.join(line, words.clone())?;
    while !matches!(joining.next().await?, Joined::Done(_)) {}
    Ok(())
}

const GRACE: Duration = Duration::from_secs(1);
