use std::path::PathBuf;

use clap::Args;
use identity::Name;
use node::FindError;
use node::Node;
use node::call::{CallError, Known, Link, LinkError, Password, Talk, Target};

use super::relay;
use super::talk::{Chat, Inbox, Lines, Takes, tell_own};
use crate::args::{Global, TEMPLATE};
use crate::config::Given;
use crate::failure::{Failure, failed};
use crate::profile::{Opened, Opening};
use crate::stop::Stop;
use crate::ui::{Ui, filter};

/// Talk to somebody who listens
#[derive(Args, Debug)]
#[command(help_template = TEMPLATE, before_long_help = EXAMPLES, after_long_help = NOTES)]
pub(crate) struct Call {
    /// Their link, or HOST:PORT; or the name of somebody you know
    #[arg(value_name = "LINK|NAME")]
    whom: String,
    /// More of their links: the best that leads to them is taken
    #[arg(value_name = "LINK", value_parser = link)]
    more: Vec<Link>,
    /// Where NAME listens, if it is not where you reached them last
    #[arg(long, value_name = "LINK", value_parser = link)]
    at: Vec<Link>,
    /// The password of their relay, in a file
    #[arg(long, value_name = "PATH")]
    relay_password_file: Option<PathBuf>,
    /// What you call them, if they are new
    #[arg(long = "as", value_name = "NAME", conflicts_with = "at", value_parser = name)]
    called: Option<Name>,
    #[command(flatten)]
    inbox: Inbox,
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    #[command(next_help_heading = "Servers")]
    given: Given,
}

impl Call {
    pub(crate) async fn run(
        &self,
        global: &Global,
        ui: &mut Ui,
        mut stop: Stop,
    ) -> Result<(), Failure> {
        let stop = &mut stop;
        let callee = Callee {
            whom: &self.whom,
            at: &self.at,
            more: &self.more,
            called: self.called.as_ref(),
        };
        let links = callee.links("call")?;
        let password = relay::password(self.relay_password_file.as_deref(), stop).await?;
        if self.opening.takes_stdin() {
            return Err(no_stdin());
        }
        let Opened { node, .. } = self.opening.open(global, &self.given, ui, stop).await?;
        let target = callee.target(links, &node, password).await?;
        let called = self.hold(&node, target, ui, stop).await;
        let closed = node.close().await;
        called?;
        closed.map_err(|error| failed(&error, error.kind()))
    }

    async fn hold(
        &self,
        node: &Node,
        target: Target,
        ui: &mut Ui,
        stop: &mut Stop,
    ) -> Result<(), Failure> {
        let talk = dial(node, target, ui, stop).await?;
        let mut lines = Lines::open();
        let mut chat = Chat {
            node,
            ui,
            stop,
            lines: &mut lines,
            is_read: false,
            inbox: self.inbox.files.clone(),
            takes: Takes::Asked,
            to_send: Vec::new(),
        };
        chat.hold_only(talk, None).await?.judge()
    }
}

/// Who is called.
pub(crate) struct Callee<'a> {
    pub(crate) whom: &'a str,
    pub(crate) at: &'a [Link],
    pub(crate) more: &'a [Link],
    /// What to call them, if they are new.
    pub(crate) called: Option<&'a Name>,
}

impl Callee<'_> {
    /// Where to call, if that is said, for the command of this name; else it is where they were reached last.
    pub(crate) fn links(&self, command: &str) -> Result<Option<Vec<Link>>, Failure> {
        match (self.at, is_place(self.whom)) {
            ([], true) => {
                let link = read_link(self.whom).map_err(|error| no_link(&error))?;
                Ok(Some([&[link], self.more].concat()))
            }
            (at @ [_, ..], false) => Ok(Some([at, self.more].concat())),
            ([], false) if self.more.is_empty() => Ok(None),
            ([], false) => {
                let whom = filter::argument(self.whom);
                Err(Failure::usage("a name before a link").hint(format!(
                    "`entrenous {command} {whom} --at tcp://HOST:PORT` calls them there"
                )))
            }
            ([_, ..], true) => Err(Failure::usage("there is a link where a name belongs")
                .hint("with `--at`, give the name of somebody you know")),
        }
    }

    /// Who is called, with the password of their relay if they want one.
    pub(crate) async fn target(
        &self,
        links: Option<Vec<Link>>,
        node: &Node,
        password: Option<Password>,
    ) -> Result<Target, Failure> {
        let mut target = self.target_without(links, node).await?;
        relay::check(&target.links, password.as_ref())?;
        target.password = password;
        Ok(target)
    }

    /// The same, without a password.
    pub(crate) async fn target_without(
        &self,
        links: Option<Vec<Link>>,
        node: &Node,
    ) -> Result<Target, Failure> {
        let is_named = links.is_none() || !self.at.is_empty();
        let with = match is_named {
            true => Some(self.person(node).await?),
            false => None,
        };
        let links = match (links, &with) {
            (Some(links), _) => links,
            (None, Some(known)) => self.reached(known, node).await?,
            (None, None) => Vec::new(),
        };
        let mut target = Target::to(links);
        target.name = self.called.cloned();
        target.with = with;
        Ok(target)
    }

    async fn person(&self, node: &Node) -> Result<Known, Failure> {
        let known = node.person(self.whom).await;
        known.map_err(|error| not_known(&error, self.whom))
    }

    /// Where they were reached the last time.
    async fn reached(&self, known: &Known, node: &Node) -> Result<Vec<Link>, Failure> {
        let links = node.reached_at(known).await;
        let links = links.map_err(|error| failed(&error, error.kind()))?;
        match links.is_empty() {
            false => Ok(links),
            true => Err(Failure::input(format!(
                "it is not known where {} can be called",
                filter::name(known.name().as_str())
            ))
            .hint("ask them for their link; `--at tcp://HOST:PORT` calls them there, and it is known then")),
        }
    }
}

/// Calls, until somebody answers.
pub(crate) async fn dial(
    node: &Node,
    target: Target,
    ui: &mut Ui,
    stop: &mut Stop,
) -> Result<Talk, Failure> {
    let has_sum = target.links.iter().any(|link| link.sum().is_some());
    if !has_sum && target.with.is_none() {
        tell_own(node, ui).await;
    }
    let places: Vec<_> = target.links.iter().map(Link::place).collect();
    ui.wait(format_args!("calling {} (Ctrl-C stops)", places.join(", ")));
    let talk = tokio::select! {
        () = stop.wanted() => {
            ui.waited();
            return Err(Failure::interrupted());
        }
        talk = node.call(target) => talk,
    };
    let talk = talk.map_err(|error| away(&error))?;
    ui.wait(format_args!(
        "waiting for them to take the call, 2 min at most (Ctrl-C stops)"
    ));
    Ok(talk)
}

pub(crate) fn away(error: &CallError) -> Failure {
    failed(error, error.kind())
        .hint("is the address right, and do they run `entrenous listen`? `entrenous doctor` looks at the network")
}

pub(crate) fn not_known(error: &FindError, name: &str) -> Failure {
    let failure = failed(error, error.kind());
    let name = filter::name(name);
    match error {
        FindError::None => failure
            .text(format!("you know nobody called {name}"))
            .hint("`entrenous contacts` lists your contacts; without a name: `entrenous call tcp://HOST:PORT`"),
        FindError::Several => failure
            .text(format!("several people have a name that begins with {name}"))
            .hint("give the whole name"),
        _ => failure,
    }
}

/// Input is what is said.
pub(crate) fn no_stdin() -> Failure {
    Failure::usage("what you say and the passphrase cannot both come from stdin")
        .hint("put the passphrase into a file: `--unlock-file PATH`")
}

/// Whether it says where somebody is, rather than who: a link, or HOST:PORT.
fn is_place(text: &str) -> bool {
    text.contains("://") || read_link(text).is_ok()
}

/// Reads a link; HOST:PORT is one by TCP.
pub(crate) fn read_link(text: &str) -> Result<Link, LinkError> {
    match text.contains("://") {
        true => text.parse(),
        false => format!("tcp://{text}").parse(),
    }
}

pub(crate) fn no_link(error: &LinkError) -> Failure {
    failed(error, error.kind())
        .text(format!("this is no link to call: {error}"))
        .hint("it looks like tcp://192.0.2.1:7448, as `entrenous listen` prints it")
}

pub(crate) fn link(text: &str) -> Result<Link, String> {
    text.parse()
        .map_err(|error: LinkError| format!("{error}; write it like tcp://192.0.2.1:7448"))
}

pub(crate) fn name(text: &str) -> Result<Name, String> {
    text.parse()
        .map_err(|error: identity::TextError| format!("a name of 1 to 64 bytes: {error}"))
}

const EXAMPLES: &str = "\
Examples:
  entrenous call tcp://192.0.2.1:7448             asks whether it is them
  entrenous call 'tcp://192.0.2.1:7448?fp=...'    it is them, or nobody
  entrenous call alice --at tcp://192.0.2.1:7448  alice, or nobody
  entrenous call alice                            the same, where she was then
  echo \"see you at six\" | entrenous call alice --at tcp://192.0.2.1:7448";

const NOTES: &str = "\
Each line you type is a message; what comes is printed behind the name. /quit,
Ctrl-C or the end of input ends the call; /send PATH offers a file, and /accept,
/decline and /cancel are about files. Who is new is known from then on, by
their key. They may run a program that speaks Kamune 0.7.

A connection that breaks is made again, 10 times at most; what you type then
waits, and comes once. Programs of others acknowledge nothing: there, a line
that was on its way when it broke can be lost.

Exit code 1: you did not take them; 3: nobody is there, the call was cut for
good, or they hung up before all that was piped in was said; 4: somebody else
is there, or their key has changed.";
