use std::path::PathBuf;

use clap::Args;
use identity::Name;
use node::call::Link;

use super::call::{Callee, dial, no_link, no_stdin};
use super::relay;
use super::talk::{Chat, Lines, Takes, not_sent};
use crate::args::{Global, TEMPLATE};
use crate::config::Given;
use crate::failure::{Failure, failed};
use crate::profile::{Opened, Opening};
use crate::stop::Stop;
use crate::ui::Ui;

/// Send files to somebody who listens
#[derive(Args, Debug)]
#[command(help_template = TEMPLATE, before_long_help = EXAMPLES, after_long_help = NOTES)]
pub(crate) struct SendFile {
    /// Their link, tcp://HOST:PORT for one; or, with --at, a name that you know
    #[arg(value_name = "LINK|NAME")]
    whom: String,
    /// More of their links, if any, the best of which is taken; and what to send
    #[arg(value_name = "LINK|FILE", required = true)]
    more: Vec<PathBuf>,
    /// Where NAME listens; whoever else answers is refused
    #[arg(long, value_name = "LINK", value_parser = super::call::link)]
    at: Vec<Link>,
    /// The password of their relay, in a file
    #[arg(long, value_name = "PATH")]
    relay_password_file: Option<PathBuf>,
    /// What you call them, if they are new
    #[arg(long = "as", value_name = "NAME", conflicts_with = "at", value_parser = super::call::name)]
    called: Option<Name>,
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    #[command(next_help_heading = "Servers")]
    given: Given,
}

impl SendFile {
    pub(crate) async fn run(
        &self,
        global: &Global,
        ui: &mut Ui,
        mut stop: Stop,
    ) -> Result<(), Failure> {
        let stop = &mut stop;
        let (more, files) = split(&self.more)?;
        let callee = Callee {
            whom: &self.whom,
            at: &self.at,
            more: &more,
            called: self.called.as_ref(),
        };
        let links = callee.links("send-file")?;
        for path in &files {
            let looked = node::call::look_at(path);
            looked.map_err(|error| not_sent(&error, &path.to_string_lossy()))?;
        }
        let password = relay::password(self.relay_password_file.as_deref(), stop).await?;
        if self.opening.takes_stdin() {
            return Err(no_stdin());
        }
        let Opened { node, .. } = self.opening.open(global, &self.given, ui, stop).await?;
        let target = callee.target(links, &node, password).await?;
        let sent = async {
            let talk = dial(&node, target, ui, stop).await?;
            let wanted = files.len();
            let mut chat = Chat {
                node: &node,
                ui,
                stop,
                lines: &mut Lines::open(),
                is_read: false,
                inbox: None,
                takes: Takes::Asked,
                to_send: files,
            };
            chat.hold(talk, None).await?.judge_files(wanted)
        };
        let sent = sent.await;
        let closed = node.close().await;
        sent?;
        closed.map_err(|error| failed(&error, error.kind()))
    }
}

/// The links among `given`, and the files: a scheme stands before `://` in a link, and in no path that begins
/// with a folder.
fn split(given: &[PathBuf]) -> Result<(Vec<Link>, Vec<PathBuf>), Failure> {
    let (mut links, mut files) = (Vec::new(), Vec::new());
    for one in given {
        let text = one.to_str().unwrap_or_default();
        match text.split_once("://") {
            Some((scheme, _)) if !scheme.contains('/') => {
                links.push(text.parse().map_err(|error| no_link(&error))?);
            }
            _ => files.push(one.clone()),
        }
    }
    match files.is_empty() {
        true => Err(Failure::usage("there are links, and no file to send").hint(
            "`entrenous send-file LINK FILE`; a file whose name looks like a link is `./NAME`",
        )),
        false => Ok((links, files)),
    }
}

const EXAMPLES: &str = "\
Examples:
  entrenous send-file 'tcp://192.0.2.1:7448?fp=...' photo.jpg
  entrenous send-file 'tcp://192.0.2.1:7448?fp=...' 'udp://...' photo.jpg
  entrenous send-file alice one.pdf two.pdf --at tcp://192.0.2.1:7448";

const NOTES: &str = "\
They are asked, unless they run `entrenous listen --take-files` and have
compared your fingerprint. Ends once all is there, whole and on their disk. What
is cut, on either side, goes on where it was when you run this again, if the
file is as it was; until then it is offered in every call. Both must run
Entrenous.

Exit code 1: a file cannot be sent, or has changed; 3: nobody is there, they did
not want it, or the call was cut for good; 4: somebody else is there, or their
key has changed; 5: there are too many at once.";
