mod board;
mod call;
mod cast;
mod invite;
mod lan;
mod observer;
mod story;
mod wire;

use clap::Args;
use kernel::Kind;
use rendezvous::{Passkey, Salt};

use crate::args::TEMPLATE;
use crate::event::Event;
use crate::failure::Failure;
use crate::secret::Passphrase;
use crate::stop::Stop;
use crate::ui::Ui;
use cast::{ANA, BEN, CLEO, Person};
use story::Story;

/// See the whole story on this machine, with real servers
#[derive(Args, Debug)]
#[command(help_template = TEMPLATE, before_long_help = EXAMPLES, after_long_help = NOTES)]
pub(crate) struct Demo {}

impl Demo {
    pub(crate) async fn run(&self, ui: &mut Ui, mut stop: Stop) -> Result<(), Failure> {
        let mut story = Story::new(ui);
        let result = tokio::select! {
            () = stop.wanted() => Err(Failure::interrupted()),
            result = tell(&mut story) => result,
        };
        ui.waited();
        result?;
        ui.event(&Event::DemoDone)
    }
}

async fn tell(story: &mut Story<'_>) -> Result<(), Failure> {
    story.chapter(
        "beginning",
        "Entrenous: what it does so far, shown on this machine alone",
    )?;
    story.says(&format!(
        "Ana and Ben have agreed on a passphrase beforehand: \"{}\". Cleo has overheard some of \
         it and tries \"{}\". Each has a message for whoever knows the same passphrase:",
        ANA.passphrase, CLEO.passphrase
    ))?;
    let row = |person: Person| [person.name.to_owned(), quoted(person.message.as_bytes())];
    story.rows([6, 0], &[ANA, BEN, CLEO].map(row))?;
    story.says("What follows happens now, over real sockets, and is gone when this ends.")?;
    board::tell(story).await?;
    lan::tell(story).await?;
    let profiles = invite::tell(story).await?;
    call::tell(story, profiles).await?;
    story.chapter("end", "Now with someone you know")?;
    let commands = [
        ["entrenous meet", "on the same network, at the same time"],
        ["entrenous meet --at URL --board NAME", "at a server"],
        ["entrenous init", "a profile: who you are, on this device"],
        [
            "entrenous invite --at HOST",
            "a line for somebody who is elsewhere",
        ],
        ["entrenous listen", "be there for calls"],
        ["entrenous call LINK", "talk to somebody who listens"],
        ["entrenous chat", "people and calls on one screen"],
        ["entrenousd run", "a server of your own"],
    ];
    story.rows([36, 0], &commands.map(|row| row.map(str::to_owned)))
}

/// The messages that Ana, Ben and Cleo got.
type Got = [Vec<Vec<u8>>; 3];

/// Says what each of them got, and checks that it is what they should have.
fn tell_results(story: &mut Story<'_>, got: &Got) -> Result<(), Failure> {
    let texts = |messages: &[Vec<u8>]| match messages {
        [] => "nothing".to_owned(),
        some => some
            .iter()
            .map(|bytes| quoted(bytes))
            .collect::<Vec<_>>()
            .join(", "),
    };
    let people = [ANA, BEN, CLEO];
    let rows: Vec<_> = people
        .iter()
        .zip(got)
        .map(|(person, messages)| [person.name.to_owned(), "gets".to_owned(), texts(messages)])
        .collect();
    story.rows([6, 5, 0], &rows)?;
    let expected = [vec![BEN.message], vec![ANA.message], vec![]];
    let right = got.iter().zip(&expected).all(|(got, expected)| {
        got.iter()
            .map(Vec::as_slice)
            .eq(expected.iter().map(|text| text.as_bytes()))
    });
    if right {
        return Ok(());
    }
    Err(wrong("not everybody got what they should"))
}

async fn stretch(person: Person, salt: Salt) -> Result<Passkey, Failure> {
    Passphrase::from(person.passphrase).stretch(salt).await
}

/// A secret that an observer can read would be the end of the story.
fn no_leak(leaked: bool) -> Result<(), Failure> {
    match leaked {
        false => Ok(()),
        true => Err(wrong("a secret stands in what an observer sees")),
    }
}

/// Something is not as the story has it.
fn wrong(what: &str) -> Failure {
    Failure::new(Kind::Bug, what).hint("please report it, with what is above")
}

fn too_slow() -> Failure {
    Failure::unavailable("they have not met after two minutes")
        .hint("is this machine very busy? try again")
}

fn quoted(bytes: &[u8]) -> String {
    format!("\"{}\"", String::from_utf8_lossy(bytes))
}

const EXAMPLES: &str = "\
Examples:
  entrenous demo
  entrenous demo --json";

const NOTES: &str = "\
It takes a few seconds, needs no network and no account, and leaves nothing
behind. The passphrases it shows are for show; make your own.";
