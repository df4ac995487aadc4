mod at;
mod cards;
mod conclude;
mod lan;
mod watch;

use std::time::Duration;

use clap::Args;
use kernel::Kind;
use rendezvous::Wanted;
use zeroize::Zeroizing;

use crate::args::{Global, TEMPLATE};
use crate::config::{Given, Settings};
use crate::event::Place;
use crate::failure::Failure;
use crate::lasts;
use crate::message;
use crate::profile::Opening;
use crate::secret::{Passphrase, Source};
use crate::stop::Stop;
use crate::ui::Ui;
use at::{At, Server, Visit};
use cards::Cards;
use lan::Network;
use watch::{Happening, Until, watch};

/// Swap a message with everyone who gives the same passphrase
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_long_help = EXAMPLES,
    after_long_help = NOTES,
    next_help_heading = "Where"
)]
pub(crate) struct Meet {
    /// Meet on this network, by multicast (the default)
    #[arg(long, conflicts_with = "at")]
    lan: bool,
    #[command(flatten)]
    at: At,

    #[command(flatten)]
    #[command(next_help_heading = "What")]
    passphrase: Source,
    /// What the others get, - for stdin
    #[arg(long, value_name = "TEXT|-", help_heading = "What")]
    #[arg(
        long_help = "What the others get; - reads it from stdin, without the line end. Without \
        this flag it is asked for. A TEXT given here can be seen by other users of this machine"
    )]
    message: Option<String>,
    /// Ask for a message, also with a profile, whose card is swapped otherwise
    #[arg(
        long,
        help_heading = "What",
        hide_short_help = true,
        conflicts_with = "message"
    )]
    no_card: bool,
    /// Stop after this long
    #[arg(long, short, value_name = "TIME", default_value = "10m", value_parser = lasts::parse)]
    #[arg(
        long_help = "Stop after this long: 90s, 10m, 2h, or seconds",
        help_heading = "What"
    )]
    timeout: Duration,
    /// Reveal the message to one match only, then stop
    #[arg(long, help_heading = "What")]
    reveal_once: bool,

    #[command(flatten)]
    #[command(next_help_heading = "On this network")]
    network: Network,
    #[command(flatten)]
    #[command(next_help_heading = "Your profile")]
    opening: Opening,
}

impl Meet {
    pub(crate) async fn run(
        &self,
        global: &Global,
        ui: &mut Ui,
        mut stop: Stop,
    ) -> Result<(), Failure> {
        let settings = Settings::load(global, &Given::default())?;
        let cards = self.cards(&settings, ui, &mut stop).await?;
        let own = self
            .passphrase_and_message(cards.as_ref(), ui, &mut stop)
            .await;
        let (passphrase, message) = own?;
        let mut meeting = tokio::select! {
            () = stop.wanted() => return Err(Failure::interrupted()),
            meeting = self.begin(&passphrase, &message, &settings) => meeting?,
        };
        let place = self.tell_place(&meeting, ui)?;
        let until = Until {
            timeout: self.timeout,
            first_match: self.reveal_once,
        };
        let met = watch(&mut meeting, (place, cards.as_ref()), until, ui, &mut stop).await;
        if let Some(cards) = cards {
            cards.close().await?;
        }
        met
    }

    /// The profile whose card is swapped, where there is one and no message was given.
    async fn cards(
        &self,
        settings: &Settings,
        ui: &mut Ui,
        stop: &mut Stop,
    ) -> Result<Option<Cards>, Failure> {
        if self.message.is_some() || self.no_card {
            return Ok(None);
        }
        if self.opening.takes_stdin() && self.passphrase.takes_stdin() {
            return Err(Failure::usage(
                "two passphrases cannot both come from stdin",
            ));
        }
        Cards::open(&self.opening, settings, ui, stop).await
    }

    async fn begin(
        &self,
        passphrase: &Passphrase,
        message: &[u8],
        settings: &Settings,
    ) -> Result<Meeting, Failure> {
        let wanted = if self.reveal_once {
            Wanted::First
        } else {
            Wanted::Every
        };
        match self.at.server() {
            Some(server) => server
                .begin((passphrase, message), wanted, settings)
                .await
                .map(Meeting::Board),
            None => self
                .network
                .begin(passphrase, message, wanted)
                .await
                .map(Meeting::Lan),
        }
    }

    fn tell_place(&self, meeting: &Meeting, ui: &mut Ui) -> Result<Place, Failure> {
        Ok(match (meeting, self.at.server()) {
            (Meeting::Lan(meeting), _) => {
                let interfaces = lan::interfaces(meeting.interfaces());
                let names = lan::named(&interfaces);
                ui.note(format_args!("meeting on this network: {names}"));
                let group = self.network.group().to_string();
                Place::Lan { group, interfaces }
            }
            (Meeting::Board(_), Some(server)) => {
                ui.note(format_args!("meeting at {}", server.named()));
                if server.is_open() {
                    ui.warn(
                        "the way to this server is not encrypted: who watches it sees that you \
                         take part, though not in what",
                    )?;
                }
                server.place()
            }
            (Meeting::Board(_), None) => return Err(Failure::new(Kind::Bug, "no server")),
        })
    }

    /// Both, from where the person has them; nothing has been sent before both are right.
    async fn passphrase_and_message(
        &self,
        cards: Option<&Cards>,
        ui: &mut Ui,
        stop: &mut Stop,
    ) -> Result<(Passphrase, Zeroizing<Vec<u8>>), Failure> {
        let given = self.message.as_deref();
        if self.passphrase.takes_stdin() && given == Some("-") {
            return Err(
                Failure::usage("passphrase and message cannot both come from stdin")
                    .hint("put the passphrase into a file: `--passphrase-file PATH`"),
            );
        }
        let is_message_visible = given.is_some_and(|text| text != "-");
        if self.passphrase.is_visible() || self.at.is_visible() || is_message_visible {
            ui.warn("other users of this machine can see what is given as an argument")?;
        }
        let early = match (given, cards) {
            (Some(_), _) => Some(self.fit(message::read(given, ui, stop).await?, ui)?),
            (None, Some(cards)) => {
                ui.note(format_args!("whoever is met gets your contact card"));
                Some(cards.message(self.limit())?)
            }
            (None, None) => None,
        };
        let passphrase = self.passphrase.read(ui, stop).await?;
        let message = match early {
            Some(message) => message,
            None => self.fit(message::read(None, ui, stop).await?, ui)?,
        };
        Ok((passphrase, message))
    }

    /// How much the place carries.
    fn limit(&self) -> message::Limit {
        self.at.server().as_ref().map_or(lan::LIMIT, Server::limit)
    }

    /// `message` as it will be sent, if the place carries it.
    fn fit(&self, message: Zeroizing<Vec<u8>>, ui: &mut Ui) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let server = self.at.server();
        let limit = self.limit();
        let Err(failure) = limit.check(&message) else {
            return Ok(message);
        };
        if !server.as_ref().is_some_and(Server::may_cut) {
            return Err(failure.hint(server.as_ref().map_or(lan::TOO_LONG, Server::too_long)));
        }
        let cut = limit.cut(&message);
        ui.warn(&format!(
            "the message is cut to {} of {} bytes",
            cut.len(),
            message.len()
        ))?;
        Ok(Zeroizing::new(cut.to_vec()))
    }
}

/// A meeting that has begun.
#[derive(Debug)]
enum Meeting {
    Lan(net::lan::Meeting),
    Board(Visit),
}

impl Meeting {
    /// What happens next; `None` when the place has nothing more to tell. Safe to cancel.
    async fn next(&mut self) -> Option<Result<Happening, Failure>> {
        match self {
            Self::Lan(meeting) => lan::next(meeting).await,
            Self::Board(visit) => visit.next().await,
        }
    }

    /// Takes part no longer, but lets those who are being met finish; then nothing more is told.
    fn leave(&self) {
        match self {
            Self::Lan(meeting) => meeting.stopper().stop(),
            Self::Board(visit) => visit.leave(),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  entrenous meet                                asks for passphrase and message
  entrenous meet --at https://example.org:7447  at a server
  echo \"see you at six\" | entrenous meet --message - --passphrase-file phrase
  entrenous meet --json --no-input --message - --passphrase-file phrase < card";

const NOTES: &str = "\
Everyone who gives the same passphrase at the same time and place gets everyone
else's message. Nobody else learns a message, or who met whom; that somebody
takes part can be seen. Agree on the passphrase beforehand, by voice.

If you have a profile (`entrenous init`), your contact card is the message, and the
cards of others become contacts; --message or --no-card say otherwise.

Each message is one line of stdout; with --json, one object with every byte.
At most 829 bytes fit on a network, 96 on the plain board, 574 on a named one.

At the end it still answers others for up to 4s, so that they get your message
too and, on a network, leaving does not show whether you met. Ctrl-C again
leaves at once.

Exit code 0: somebody was met, also if you then stopped with Ctrl-C;
3: nobody was met in time, or network or server is away; 130: stopped before.";
