//! The chapter with a call: two who know each other talk, over a connection that somebody copies and cuts.

mod side;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use node::Node;
use node::call::{Admit, Calls, End, Known, Link, Place, Places, Target, Told, Transport, Who};
use tokio::time::{Instant, timeout};

use super::cast::{ANA, BEN, CLEO, Profiles};
use super::invite::in_two;
use super::observer::contains;
use super::story::Story;
use super::wire::{Copied, Wire};
use super::{no_leak, quoted, wrong};
use crate::failure::{Failure, failed};
use side::{Side, kept};

pub(super) async fn tell(story: &mut Story<'_>, profiles: Profiles) -> Result<(), Failure> {
    story.chapter("call", "In a call")?;
    let told = timeout(PATIENCE, tell_calls(story, &profiles)).await;
    told.map_err(|_| {
        Failure::unavailable("a call has come to nothing after two minutes")
            .hint("is this machine very busy? try again")
    })??;
    profiles.close().await
}

async fn tell_calls(story: &mut Story<'_>, profiles: &Profiles) -> Result<(), Failure> {
    let mut calls = listen(&profiles.ana).await?;
    let wire = Wire::start(place(&calls)?).await.map_err(|error| {
        Failure::unavailable("no connection can be taken on loopback").because(&error)
    })?;
    let own = profiles.ana.fingerprint().await;
    let at = wire.address();
    let link = Link::direct(Transport::Tcp, at.ip(), at.port());
    let link = link.map_err(|error| failed(&error, error.kind()))?.to(&own);
    story.says(
        "`entrenous listen` gives Ana a link for those who call. It leads through the hands of Dora, who copies \
         every byte, and can pull the plug:",
    )?;
    story.rows([0], &[[link.to_string()]])?;

    story.waits("Ben calls Ana");
    let mut ben = call(&profiles.ben, &link).await?;
    let mut ana = Side::of(&mut calls).await?;
    let with = (ben.established().await?, ana.established().await?);
    story.waited();
    let mut held = Held {
        ben,
        ana,
        with,
        profiles,
    };
    held.tell_keys(story).await?;
    held.tell_lines(story).await?;
    held.tell_cut(story, &wire).await?;
    held.tell_file(story).await?;
    held.end().await?;
    tell_copied(story, &wire.copied(), profiles).await?;
    tell_cleo(story, profiles, &link, &mut calls).await
}

/// The call of Ben and Ana.
struct Held<'a> {
    ben: Side,
    ana: Side,
    /// Whom Ben talks with, and whom Ana does.
    with: (Known, Known),
    profiles: &'a Profiles,
}

impl Held<'_> {
    async fn tell_keys(&self, story: &mut Story<'_>) -> Result<(), Failure> {
        story.says(
            "Ben runs `entrenous call` with the link. What follows fp= is of Ana's key: he reaches her or nobody. \
             Each holds the other's card already, so neither is asked. Both are shown the other's key, in words \
             and in emoji:",
        )?;
        let Profiles { ana, ben, .. } = self.profiles;
        let mut rows = Vec::new();
        for (who, node, known, other) in [
            ("Ben sees", ben, &self.with.0, ana),
            ("Ana sees", ana, &self.with.1, ben),
        ] {
            let (seen, own) = (known.fingerprint(), other.fingerprint().await);
            let is_same = seen.to_words() == own.to_words() && seen.to_emoji() == own.to_emoji();
            if !is_same {
                return Err(wrong("a fingerprint is not whose it should be"));
            }
            rows.extend(in_two(who, &seen.to_words()));
            rows.push([String::new(), seen.to_emoji()]);
            let compared = node.compared_with(known, true).await;
            compared.map_err(|error| failed(&error, error.kind()))?;
        }
        story.rows([8, 0], &rows)?;
        story.says(
            "`entrenous id` shows the same to their owners (we have just compared, and have had both programs \
             remember it, as `entrenous verify` does): Dora stands between the two, and is neither of them.",
        )
    }

    async fn tell_lines(&mut self, story: &mut Story<'_>) -> Result<(), Failure> {
        let (ben, ana) = (&mut self.ben, &mut self.ana);
        let line = ben.say(ASKS).await?;
        arrived(ben, ana, line, ASKS).await?;
        let line = ana.say(ANSWERS).await?;
        arrived(ana, ben, line, ANSWERS).await?;
        story.says("They talk. What is delivered, the other side has kept:")?;
        let row = |name: &str, text: &str| {
            [
                name.to_owned(),
                quoted(text.as_bytes()),
                "delivered".to_owned(),
            ]
        };
        let rows = [row(BEN.name, ASKS), row(ANA.name, ANSWERS)];
        story.rows([4, 41, 0], &rows)
    }

    async fn tell_cut(&mut self, story: &mut Story<'_>, wire: &Wire) -> Result<(), Failure> {
        let (ben, ana) = (&mut self.ben, &mut self.ana);
        wire.cut();
        tokio::try_join!(ben.lost(), ana.lost())?;
        let line = ben.say(MEANWHILE).await?;
        story.says("Dora pulls the plug. Both programs notice. Ben types on, and it waits:")?;
        story.rows(
            [4, 0],
            &[[BEN.name.to_owned(), quoted(MEANWHILE.as_bytes())]],
        )?;
        story.waits("Ben's program calls again");
        let begun = Instant::now();
        wire.mend();
        if tokio::try_join!(ben.back(), ana.back())? != (true, true) {
            return Err(wrong("a session does not go on"));
        }
        arrived(ben, ana, line, MEANWHILE).await?;
        self.check_kept().await?;
        story.waited();
        story.says(&format!(
            "She puts it back in. {:.1} seconds later Ben's program has called again by itself, the session has \
             gone on without asking anybody, and Ana has what he typed, once (we have just counted).",
            begun.elapsed().as_secs_f32()
        ))
    }

    async fn tell_file(&mut self, story: &mut Story<'_>) -> Result<(), Failure> {
        let (ben, ana) = (&mut self.ben, &mut self.ana);
        let folder = self.profiles.folder.path();
        let (path, into) = (folder.join(FILE), folder.join("downloads"));
        let text = FILE_LINE.repeat(FILE_LINES);
        let written = fs::write(&path, &text).and_then(|()| fs::create_dir(&into));
        written
            .map_err(|error| Failure::unavailable("a file cannot be written").because(&error))?;
        let sent = ben.offer(&path).await?;
        let (id, name) = ana.offered().await?;
        ana.accept(id, &into).await?;
        tokio::try_join!(ben.done(sent), ana.done(id))?;
        let came = fs::read_to_string(into.join(FILE)).ok();
        if name != FILE || came.as_ref() != Some(&text) {
            return Err(wrong("another file came than was sent"));
        }
        story.says("Ben offers a file with `/send`, and Ana takes it with `/accept`:")?;
        let bytes = format!("{} bytes", text.len());
        let row = [FILE.to_owned(), bytes, "all there, and the same".to_owned()];
        story.rows([9, 11, 0], &[row])
    }

    /// Ben says goodbye.
    async fn end(&mut self) -> Result<(), Failure> {
        self.ben.finish().await;
        let ends = tokio::try_join!(self.ben.ended(), self.ana.ended())?;
        if ends != (End::Left.into(), End::Closed.into()) {
            return Err(wrong("a call did not end as it should"));
        }
        self.check_kept().await
    }

    /// Both keep what was said, in its order, and each line once.
    async fn check_kept(&self) -> Result<(), Failure> {
        let Profiles { ana, ben, .. } = self.profiles;
        let said = [ASKS, ANSWERS, MEANWHILE].map(|text| text.as_bytes().to_vec());
        for (node, known) in [(ben, &self.with.0), (ana, &self.with.1)] {
            if kept(node, known).await? != said {
                return Err(wrong("what is kept of a call is not what was said"));
            }
        }
        Ok(())
    }
}

async fn tell_copied(
    story: &mut Story<'_>,
    copied: &Copied,
    profiles: &Profiles,
) -> Result<(), Failure> {
    story.says("All that Dora has copied:")?;
    let rows = [
        (copied.connections, "connections"),
        (copied.there.len(), "bytes from Ben"),
        (copied.back.len(), "bytes to Ben"),
    ];
    let rows = rows.map(|(number, what)| [number.to_string(), what.to_owned()]);
    story.rows([5, 0], &rows)?;
    if copied.there.len() < FILE_LINE.len().saturating_mul(FILE_LINES) {
        return Err(wrong("there is less in the copy than was sent"));
    }
    let mut secrets = [ASKS, ANSWERS, MEANWHILE, FILE, FILE_LINE]
        .map(|text| text.as_bytes().to_vec())
        .to_vec();
    for node in [&profiles.ana, &profiles.ben] {
        let card = node.card().await;
        let card = card.map_err(|error| failed(&error, error.kind()))?;
        secrets.push(card.key().ed25519().to_bytes().to_vec());
    }
    let mut both = [&copied.there, &copied.back].into_iter();
    no_leak(both.any(|bytes| secrets.iter().any(|secret| contains(bytes, secret))))?;
    story.says(
        "No line, nothing of the file, and neither one's key is in these bytes (we have just searched them). She \
         does learn which two addresses talk, when, and about how much.",
    )
}

/// What somebody comes to who has the link, and whom nobody knows.
async fn tell_cleo(
    story: &mut Story<'_>,
    Profiles { ana, cleo, .. }: &Profiles,
    link: &Link,
    calls: &mut Calls,
) -> Result<(), Failure> {
    story.waits("Cleo calls Ana");
    let mut cleos = call(cleo, link).await?;
    let mut anas = Side::of(calls).await?;
    let is_asked = match anas.next().await {
        Some(Told::Introduced(asked)) => {
            let is_cleo = asked.fingerprint == cleo.fingerprint().await;
            is_cleo && asked.who == Who::Unknown && asked.claim == CLEO.name
        }
        _ => false,
    };
    anas.refuse().await;
    let is_hung_up = matches!(
        cleos.next().await,
        Some(Told::Ended { how, .. }) if how == End::Lost.into()
    );
    story.waited();
    let known = ana.everyone().await;
    let known = known.map_err(|error| failed(&error, error.kind()))?;
    match is_asked && is_hung_up && known.len() == 1 {
        true => story.says(
            "Cleo has seen the link, and calls too. Ana's program knows no such key: it shows her somebody who \
             says to be \"Cleo\", with a fingerprint, and waits. Ana refuses. All that Cleo comes to know is that \
             somebody hung up: whoever listens says who they are only to those they have taken.",
        ),
        false => Err(wrong("somebody unknown was not refused as they should be")),
    }
}

async fn listen(node: &Node) -> Result<Calls, Failure> {
    let places = Places::tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let calls = node.listen(places, Admit::Known).await;
    calls.map_err(|error| Failure::unavailable("no calls can be taken on loopback").because(&error))
}

fn place(calls: &Calls) -> Result<SocketAddr, Failure> {
    match calls.places() {
        [Place::Direct(Transport::Tcp, address)] => Ok(*address),
        _ => Err(wrong("calls are not taken where they should be")),
    }
}

async fn call(node: &Node, link: &Link) -> Result<Side, Failure> {
    let talk = node.call(Target::new(link.clone())).await;
    talk.map(Side::new)
        .map_err(|error| failed(&error, error.kind()))
}

/// Until `to` has the line, as it was said, and `from` knows that.
async fn arrived(from: &mut Side, to: &mut Side, line: u64, text: &str) -> Result<(), Failure> {
    if to.heard().await? != text.as_bytes() {
        return Err(wrong("a line came that was not said"));
    }
    from.delivered(line).await
}

const ASKS: &str = "It is nearly six. Both maps?";
const ANSWERS: &str = "The one of the coast. I see your light.";
const MEANWHILE: &str = "There is fog over the mole.";
const FILE: &str = "coast.txt";
const FILE_LINE: &str = "Rocks north of the light: keep the tower before the mill.\n";
const FILE_LINES: usize = 300;
const PATIENCE: Duration = Duration::from_secs(120);
