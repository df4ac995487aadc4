use clap::Args;
use identity::words::Phrase;
use kernel::Kind;
use node::Node;
use node::call::Known;
use zeroize::Zeroizing;

use super::call::not_known;
use super::contacts::{not_found, tell_known};
use crate::args::{Global, TEMPLATE};
use crate::config::Given;
use crate::failure::{Failure, failed};
use crate::profile::{Opened, Opening};
use crate::prompt::{self, Accept, Question};
use crate::stop::Stop;
use crate::ui::{Ui, filter};

/// Compare fingerprints with somebody: nobody stands between
#[derive(Args, Debug)]
#[command(help_template = TEMPLATE, before_long_help = EXAMPLES, after_long_help = NOTES)]
pub(crate) struct Verify {
    /// Who; the beginning of the name is enough
    name: String,
    /// The words that they say are theirs, instead of being asked
    #[arg(long, value_name = "WORDS", conflicts_with = "read")]
    matches: Option<String>,
    /// Type the words that they read out, rather than say that they are the same
    #[arg(long)]
    read: bool,
    #[command(flatten)]
    opening: Opening,
}

impl Verify {
    pub(crate) async fn run(
        &self,
        global: &Global,
        ui: &mut Ui,
        mut stop: Stop,
    ) -> Result<(), Failure> {
        let given = Given::default();
        let Opened { node, .. } = self.opening.open(global, &given, ui, &mut stop).await?;
        let known = node.person(&self.name).await;
        let known = known.map_err(|error| not_known(&error, &self.name))?;
        let is_same = match &self.matches {
            Some(words) => is_theirs(words, &known)?,
            None if self.read => is_theirs(&read_out(ui, &mut stop).await?, &known)?,
            None => ask(&node, &known, ui, &mut stop).await?,
        };
        let name = filter::name(known.name().as_str());
        let compared = node.compared_with(&known, is_same).await;
        let compared = compared.map_err(|error| not_found(&error, &self.name))?;
        if !is_same {
            return Err(Failure::new(
                Kind::PeerMisbehaved,
                format!("the fingerprints differ: this key is not {name}'s"),
            )
            .hint(format!(
                "do not use it; remove it with `entrenous contacts remove {}` and meet or invite again",
                filter::argument(known.name().as_str())
            )));
        }
        tell_known(&compared, ui)?;
        ui.note(format_args!("{name} is verified"));
        node.close()
            .await
            .map_err(|error| failed(&error, error.kind()))
    }
}

/// Whether these are the words of the contact's fingerprint.
fn is_theirs(words: &str, known: &Known) -> Result<bool, Failure> {
    let phrase = Phrase::read(words).map_err(|error| {
        failed(&error, error.kind()).hint("the 8 words that their `entrenous id` shows")
    })?;
    let (given, theirs) = (phrase.to_text(), known.fingerprint().to_words());
    if given.split(' ').count() != theirs.split(' ').count() {
        return Err(Failure::input("a fingerprint has 8 words")
            .hint("the 8 words that their `entrenous id` shows"));
    }
    Ok(given.as_str() == theirs)
}

/// The words that the other reads out, typed.
async fn read_out(ui: &mut Ui, stop: &mut Stop) -> Result<Zeroizing<String>, Failure> {
    let question = Question {
        label: "The words that they read out (Tab completes)",
        flag: "--matches WORDS",
        accept: Accept::Phrase,
    };
    Ok(prompt::words(ui, stop, &question).await?.text)
}

/// Shows both fingerprints, and asks the person whether the other sees the same.
async fn ask(node: &Node, known: &Known, ui: &mut Ui, stop: &mut Stop) -> Result<bool, Failure> {
    let (theirs, ours) = (known.fingerprint(), node.fingerprint().await);
    let name = filter::name(known.name().as_str());
    if !ui.can_ask() {
        return Err(
            Failure::usage("the fingerprints must be compared, and nobody is here to ask")
                .hint("`entrenous contacts` shows them; give what the other reads out with `--matches WORDS`"),
        );
    }
    ui.note(format_args!(
        "talk to {name}, by voice or face to face. Their `entrenous id` must show:"
    ));
    ui.note(format_args!("  {}", theirs.to_words()));
    ui.note(format_args!("  {}", theirs.to_emoji()));
    ui.note(format_args!("and yours, in their `entrenous verify`:"));
    ui.note(format_args!("  {}", ours.to_words()));
    ui.note(format_args!("  {}", ours.to_emoji()));
    let answer = prompt::line(ui, stop, "The same, all of it? [y/N]", "--matches WORDS").await?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(true),
        "n" | "no" => Ok(false),
        _ => Err(Failure::input(
            "not verified: the answer was neither yes nor no",
        )),
    }
}

const EXAMPLES: &str = "\
Examples:
  entrenous verify alice
  entrenous verify alice --read
  entrenous verify alice --matches \"able baker candle dove ember fable garden harbor\"";

const NOTES: &str = "\
Anyone who once passed on a card between you could have passed on another one.
Comparing eight words, or eight emoji, over a channel that nobody fakes, shows
that nobody did. It holds until their key changes, which you are told.

Exit code 4: the fingerprints differ.";
