use std::path::PathBuf;

use clap::{Args, Subcommand};
use identity::RecoveryKey;
use kernel::Kind;
use net::server::CallError;
use node::{HomeError, Node};
use rendezvous::bucket::Host;
use wire::Code;
use zeroize::Zeroizing;

use crate::args::{Global, TEMPLATE};
use crate::config::Given;
use crate::event::HomeShown;
use crate::failure::{Failure, failed};
use crate::message::read_source;
use crate::profile::{Opened, Opening};
use crate::prompt;
use crate::stop::Stop;
use crate::ui::Ui;

/// The server that keeps your account: show or set it
#[derive(Args, Debug)]
#[command(
    help_template = TEMPLATE,
    before_long_help = EXAMPLES,
    after_long_help = NOTES,
    disable_help_subcommand = true
)]
pub(crate) struct HomeArgs {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    #[command(next_help_heading = "Servers")]
    given: Given,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make an account on a server, or move it there
    #[command(help_template = TEMPLATE, before_long_help = SET_EXAMPLES)]
    Set {
        /// The server
        #[arg(value_name = "HOST", value_parser = crate::config::host)]
        host: Host,
        #[command(flatten)]
        pin: PinSource,
        /// Where your 24 recovery words are: to come from another server
        #[arg(long, value_name = "PATH")]
        recovery_file: Option<PathBuf>,
    },
}

impl HomeArgs {
    pub(crate) async fn run(
        &self,
        global: &Global,
        ui: &mut Ui,
        mut stop: Stop,
    ) -> Result<(), Failure> {
        let stop = &mut stop;
        let opened = self.opening.open(global, &self.given, ui, stop).await?;
        let result = match &self.what {
            None => Ok(()),
            Some(What::Set {
                host,
                pin,
                recovery_file,
            }) => {
                let recovery = recovery(recovery_file.as_ref(), stop).await?;
                let pin = pin.read(host, ui, stop).await?;
                set(&opened, host, &pin, recovery.as_ref(), ui, stop).await
            }
        };
        result?;
        show(&opened.node, ui).await?;
        opened
            .node
            .close()
            .await
            .map_err(|error| failed(&error, error.kind()))
    }
}

async fn set(
    opened: &Opened,
    host: &Host,
    pin: &str,
    recovery: Option<&RecoveryKey>,
    ui: &mut Ui,
    stop: &mut Stop,
) -> Result<(), Failure> {
    register((&opened.node, host), pin, recovery, ui, stop).await
}

async fn show(node: &Node, ui: &mut Ui) -> Result<(), Failure> {
    let home = node.home().await;
    let event = HomeShown {
        home: home.as_ref().map(|(host, _)| host.to_string()),
        registered: home.as_ref().is_some_and(|(_, registered)| *registered),
    };
    let text = match home {
        Some((host, true)) => format!("{host}\n"),
        Some((host, false)) => {
            ui.note(format_args!(
                "{host} was asked to keep your account, and the answer was lost: `entrenous home set {host}`"
            ));
            format!("{host}\n")
        }
        None => {
            ui.note(format_args!(
                "no server keeps your account: `entrenous home set HOST`"
            ));
            String::new()
        }
    };
    ui.show(&text, &event)
}

/// Where the pin is with which a server makes an account.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct PinSource {
    /// Where the server's pin is, if it wants one, - for stdin
    #[arg(long, value_name = "PATH")]
    pin_file: Option<PathBuf>,
    /// The pin itself. Visible to others; not advertised.
    #[arg(long, value_name = "PIN", hide = true, conflicts_with = "pin_file")]
    pin: Option<Zeroizing<String>>,
}

impl PinSource {
    /// Gets the pin for `host`; empty if there is none.
    pub(crate) async fn read(
        &self,
        host: &Host,
        ui: &mut Ui,
        stop: &mut Stop,
    ) -> Result<Zeroizing<String>, Failure> {
        if let Some(pin) = &self.pin {
            ui.warn("other users of this machine can see what is given as an argument")?;
            return Ok(pin.clone());
        }
        if let Some(path) = &self.pin_file {
            let bytes = read_source(path, "pin", 256, stop).await?;
            let text = str::from_utf8(&bytes).map_err(|_| Failure::input("the pin is no text"))?;
            return Ok(Zeroizing::new(text.trim().to_owned()));
        }
        if !ui.can_ask() {
            // A server that is open takes none; the others say that one is missing.
            return Ok(Zeroizing::default());
        }
        let label = format!("Pin for {host}, if it wants one");
        prompt::line(ui, stop, &label, "--pin-file PATH").await
    }
}

/// Makes `host` the home of the account.
pub(crate) async fn register(
    (node, host): (&Node, &Host),
    pin: &str,
    recovery: Option<&RecoveryKey>,
    ui: &mut Ui,
    stop: &mut Stop,
) -> Result<(), Failure> {
    ui.wait(format_args!(
        "asking {host} to keep your account (Ctrl-C stops)"
    ));
    let registered = tokio::select! {
        () = stop.wanted() => {
            ui.waited();
            return Err(Failure::interrupted());
        }
        registered = node.register(host, pin, recovery) => registered,
    };
    ui.waited();
    registered.map_err(|error| refused(&error, host))?;
    ui.note(format_args!("{host} keeps your account"));
    Ok(())
}

fn refused(error: &HomeError, host: &Host) -> Failure {
    let failure = failed(error, error.kind());
    match error {
        HomeError::Call(call) => match call.code() {
            Some(Code::Pin) => failure
                .text(format!(
                    "{host} does not take this pin: mistyped, used, or expired"
                ))
                .hint("ask whoever runs the server for one: `entrenousd pins new`"),
            Some(Code::Conflict) => failure
                .text(format!("{host} keeps another history of your account"))
                .hint("was it restored from an old backup? Use the device that has the newer one"),
            Some(Code::Quota) => failure
                .text(format!("{host} has no room for another account"))
                .hint("ask whoever runs it, or take another server"),
            _ => away(call, failure, "then try again"),
        },
        HomeError::Settled { .. } => failure.hint(
            "to move it, give your recovery words: `entrenous home set HOST --recovery-file PATH`",
        ),
        HomeError::Unfinished { host } => {
            failure.hint(format!("finish that first: `entrenous home set {host}`"))
        }
        HomeError::Recovery => failure.hint("compare them with your paper, word by word"),
        _ => failure,
    }
}

/// A hint for a server that did not answer, or not well; `then` says what to do after that.
pub(crate) fn away(error: &CallError, failure: Failure, then: &str) -> Failure {
    failure.hint(match (error, error.kind()) {
        (_, Kind::Unavailable) => {
            format!("is the server right, and the network there? `entrenous doctor`; {then}")
        }
        (_, Kind::PeerMisbehaved) => {
            format!("`entrenous doctor --at HOST` looks at the server and its certificate; {then}")
        }
        (_, Kind::Exhausted) => format!("wait a little, {then}"),
        (CallError::NotOffered { .. }, _) => "is this the right host and port?".to_owned(),
        (CallError::Refused(_), _) if error.code() == Some(Code::Refused) => {
            "the server does not know this device, or goes by another name than the one you gave \
             (`name` in its settings): `entrenous home` shows which server keeps your account, and \
             `entrenous home set HOST` asks it again"
                .to_owned()
        }
        _ => then.to_owned(),
    })
}

async fn recovery(path: Option<&PathBuf>, stop: &mut Stop) -> Result<Option<RecoveryKey>, Failure> {
    let Some(path) = path else {
        return Ok(None);
    };
    let bytes = read_source(path, "recovery words", 4096, stop).await?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::input("the recovery words are no text"))?;
    let key = RecoveryKey::from_words(text);
    key.map(Some).map_err(|error| failed(&error, error.kind()))
}

const EXAMPLES: &str = "\
Examples:
  entrenous home                          which server keeps my account
  entrenous home set example.org          make an account there
  entrenous home set example.org --recovery-file words    move it there";

const SET_EXAMPLES: &str = "\
Examples:
  entrenous home set example.org             asks for a pin
  entrenous home set 127.0.0.1:7447 --pin-file pin";

const NOTES: &str = "\
The home keeps your invitations until they are followed, and whatever is left for
you. It cannot read them. Whoever runs it gives you a pin: `entrenousd pins new`.

A host is a name and a port (7447 if left out). It is reached with TLS and a valid
certificate, but for this machine and onion services.";
