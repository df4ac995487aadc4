mod keys;

use clap::Args;
use node::{Identity, Node, Setup};
use zeroize::Zeroizing;

use super::home::{PinSource, register};
use super::id;
use crate::args::{Global, TEMPLATE};
use crate::config::{Given, Settings};
use crate::event::RecoveryWords;
use crate::failure::{Failure, failed};
use crate::profile::{self, Opening};
use crate::prompt;
use crate::stop::Stop;
use crate::ui::Ui;
use keys::Wanted;

/// Make a profile: your keys, and an encrypted store for them
#[derive(Args, Debug)]
#[command(help_template = TEMPLATE, before_long_help = EXAMPLES, after_long_help = NOTES)]
pub(crate) struct Init {
    /// Your name, as others see it
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    pin: PinSource,
    /// Make a key that a quantum computer cannot forge either; cards get long
    #[arg(long)]
    #[arg(
        long_help = "Make an identity key of two parts, Ed25519 and ML-DSA-65, so that nobody can forge it \
        with a quantum computer. Contact cards then have more than 5,000 bytes: too many for a meeting, or \
        for a QR code"
    )]
    hybrid: bool,
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    #[command(next_help_heading = "Servers")]
    given: Given,
}

impl Init {
    pub(crate) async fn run(
        &self,
        global: &Global,
        ui: &mut Ui,
        mut stop: Stop,
    ) -> Result<(), Failure> {
        let stop = &mut stop;
        let settings = Settings::load(global, &self.given)?;
        if profile::exists(&settings) {
            let name = &settings.profile.value;
            return Err(
                Failure::input(format!("there is a profile \"{name}\" already")).hint(
                    "`entrenous id` shows it; another one has another name: `--profile NAME`",
                ),
            );
        }
        let name = match &self.name {
            Some(name) => Zeroizing::new(name.clone()),
            None => prompt::line(ui, stop, "Name (as others see it)", "--name NAME").await?,
        };
        let name: identity::Name = name.trim().parse().map_err(|error: identity::TextError| {
            failed(&error, error.kind()).text(format!("a name of 1 to 64 bytes is needed: {error}"))
        })?;
        // Known before anything is made, so that nothing is half done for want of it.
        let pin = match &settings.home.value {
            Some(home) => Some((home.clone(), self.pin.read(home, ui, stop).await?)),
            None => None,
        };
        let network = profile::network(&settings)?;
        let wanted = Wanted {
            opening: &self.opening,
            settings: &settings,
            name: name.as_str(),
        };
        let keys = wanted.keys(ui, stop).await?;
        let mut setup = Setup::new(name);
        if self.hybrid {
            setup.identity = Identity::Hybrid;
        }
        let made = Node::create(&settings.places.data, keys.unlocks, setup, network).await;
        if let (Err(_), Some(item)) = (&made, &keys.drawn) {
            keys::forget(item, &settings, ui).await?;
        }
        let (node, words) = made.map_err(|error| failed(&error, error.kind()))?;
        tell_words(&words, ui).map_err(|failure| {
            let place = settings.places.data.display();
            failure.hint(format!(
                "the recovery words were not shown, and are gone: remove {place}, and begin again"
            ))
        })?;
        let registered = match pin {
            Some((home, pin)) => register((&node, &home), &pin, None, ui, stop).await,
            None => Ok(()),
        };
        id::show(&node, &settings, ui).await?;
        registered.map_err(|failure| {
            let text = format!("the profile is made, but has no home yet: {}", failure.text);
            let hint = "try again with `entrenous home set HOST`";
            failure.text(text).hint(hint)
        })?;
        if settings.home.value.is_none() {
            ui.note(format_args!(
                "no server keeps your account; to invite people, set one: `entrenous home set HOST`"
            ));
        }
        self.opening.tell_setting(&settings, ui);
        node.close()
            .await
            .map_err(|error| failed(&error, error.kind()))
    }
}

/// Shows the recovery words: the only time.
fn tell_words(words: &str, ui: &mut Ui) -> Result<(), Failure> {
    ui.note(format_args!(
        "these 24 words are your recovery key. Write them on paper now; they are kept nowhere and never \
         shown again. With them you get your account back when this device is lost or stolen:"
    ));
    let words: Vec<&str> = words.split(' ').collect();
    let mut text = Zeroizing::new(String::with_capacity(1024));
    text.push('\n');
    for (row, six) in words.chunks(6).enumerate() {
        for (column, word) in six.iter().enumerate() {
            let number = row
                .saturating_mul(6)
                .saturating_add(column)
                .saturating_add(1);
            text.push_str(&format!("{number:>4} {word:<8}"));
        }
        let end = text.trim_end().len();
        text.truncate(end);
        text.push('\n');
    }
    text.push('\n');
    let all = Zeroizing::new(words.join(" "));
    ui.show(
        &text,
        &RecoveryWords {
            recovery_words: &all,
        },
    )
}

const EXAMPLES: &str = "\
Examples:
  entrenous init                                  asks for what it needs
  entrenous init --home example.org               with an account on a server
  entrenous init --name Bot --key-file bot.key    without a passphrase
  entrenous init --keyring                        opens while you are logged in
  entrenous init --json --no-input --name Bot --key-file bot.key";

const NOTES: &str = "\
A profile is a folder with one encrypted store. It opens with the passphrase, or
with the key file, which is made if it is not there. Nobody can open it without:
write the passphrase down where you keep such things.

With --keyring the keyring of this system keeps its key. Only this machine opens
it then, and backups of it; with --unlock-file as well, the passphrase does too.

The 24 recovery words stand above everything: whoever has them is you. Without
them a stolen device cannot be locked out, and a lost one means a new account.

Exit code 1: there is a profile already, or the passphrase is too weak. Where the
server does not take the pin (1) or is away (3), the profile is made all the same:
go on with `entrenous home set HOST`.";
