use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use kernel::Kind;
use node::{HomeError, Invitation, InviteError, Invited, Inviting, Node, Watched, Wish, words};
use rendezvous::bucket::{Host, Passphrase};

use super::answered;
use super::home::away;
use crate::args::{Global, TEMPLATE};
use crate::config::Given;
use crate::event::{self, Cohort, InvitationReady, ServerRefused, rfc3339};
use crate::failure::{Failure, Why, failed};
use crate::lasts;
use crate::message::read_source;
use crate::profile::{Opened, Opening};
use crate::qr::{self, Existing};
use crate::stop::Stop;
use crate::ui::Ui;

/// Leave a hidden link, and get one line to pass on
#[derive(Args, Debug)]
#[command(help_template = TEMPLATE, before_long_help = EXAMPLES, after_long_help = NOTES)]
pub(crate) struct Invite {
    /// The rendezvous server to leave it on; repeat to name others, in case it fails
    #[arg(long, value_name = "HOST", value_parser = crate::config::host)]
    at: Vec<Host>,
    /// Give line and words apart, for two channels
    #[arg(long)]
    split: bool,
    /// Also show the line as a QR code
    #[arg(long)]
    qr: bool,
    /// Save the line as a QR code in this file
    #[arg(long, value_name = "PNG")]
    png: Option<PathBuf>,
    /// How many may follow it
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    uses: u32,
    /// How long it can be followed
    #[arg(long, value_name = "TIME", default_value = "48h", value_parser = lasts::parse)]
    lasts: Duration,
    /// Wait until this many others left something in the same bucket
    #[arg(long, value_name = "K", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=63))]
    #[arg(hide_short_help = true)]
    cohort: u32,
    /// How many words to draw; each is worth 10 bits
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u8).range(5..=12))]
    #[arg(hide_short_help = true)]
    words: u8,
    /// Use the passphrase in this file instead of drawn words
    #[arg(
        long,
        value_name = "PATH",
        hide_short_help = true,
        conflicts_with = "words"
    )]
    passphrase_file: Option<PathBuf>,
    /// Do not wait until somebody follows it
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    #[command(next_help_heading = "Servers")]
    given: Given,
}

impl Invite {
    pub(crate) async fn run(
        &self,
        global: &Global,
        ui: &mut Ui,
        mut stop: Stop,
    ) -> Result<(), Failure> {
        let stop = &mut stop;
        let Opened { node, settings } = self.opening.open(global, &self.given, ui, stop).await?;
        let servers = match self.at.is_empty() {
            true => settings.rendezvous.value.clone(),
            false => self.at.clone(),
        };
        if servers.is_empty() {
            return Err(no_rendezvous());
        }
        if let Some(path) = self.png.as_ref().filter(|path| path.exists()) {
            let place = path.display();
            return Err(Failure::input(format!("{place} is there already"))
                .hint("choose another name, or remove it first"));
        }
        if self.lasts > BUCKET_LASTS {
            ui.warn("a bucket lasts two days on most servers: the line leads nowhere after that")?;
        }
        let name = node.name().await;
        let passphrase = self.passphrase(name.as_str(), stop).await?;
        let mut wish = Wish::new(servers, passphrase);
        wish.cohort = self.cohort;
        wish.lasts = self.lasts;
        wish.uses = self.uses;
        self.tell_own_server(&node, &wish, ui).await?;
        ui.wait(format_args!("leaving an invitation (Ctrl-C stops)"));
        let invitation = tokio::select! {
            () = stop.wanted() => Err(Failure::interrupted().text(
                "stopped; what is left of it can be taken back: `entrenous invitations withdraw`",
            )),
            invitation = make(&node, wish, ui) => invitation,
        };
        ui.waited();
        let invitation = invitation?;
        self.show(&invitation, ui)?;
        if !self.no_wait {
            wait(&node, &invitation, ui, stop).await?;
        }
        node.close()
            .await
            .map_err(|error| failed(&error, error.kind()))
    }

    /// What opens the invitation.
    async fn passphrase(&self, name: &str, stop: &mut Stop) -> Result<Passphrase, Failure> {
        let Some(path) = &self.passphrase_file else {
            let drawn = words::draw(self.words.into());
            return drawn.map_err(|error| failed(&error, error.kind()));
        };
        if path == Path::new("-") && self.opening.takes_stdin() {
            return Err(Failure::usage(
                "two passphrases cannot both come from stdin",
            ));
        }
        let bytes = read_source(path, "passphrase", 4096, stop).await?;
        let text = std::str::from_utf8(&bytes);
        let text = text.map_err(|_| Failure::input("the passphrase is no text"))?;
        let chosen = words::chosen(text, &[name, "entrenous"]);
        chosen.map_err(|error| {
            failed(&error, error.kind())
                .hint("anyone can fetch the entry and try: leave the flag out, and words are drawn")
        })
    }

    /// A server that sees both sides learns what the two servers are there to keep apart.
    async fn tell_own_server(&self, node: &Node, wish: &Wish, ui: &mut Ui) -> Result<(), Failure> {
        let home = node.home().await.map(|(host, _)| host);
        match home.is_some_and(|home| wish.servers.contains(&home)) {
            true => ui.warn(
                "the rendezvous server is your home, too: the line then names the server where you talk",
            ),
            false => Ok(()),
        }
    }

    fn show(&self, invitation: &Invitation, ui: &mut Ui) -> Result<(), Failure> {
        let Some(line) = &invitation.line else {
            return Ok(());
        };
        let joined = line.joined(&invitation.words);
        let (alone, words) = (line.to_string(), invitation.words.expose());
        ui.event(&InvitationReady {
            invitation: invitation.into(),
            joined_line: (!self.split).then_some(joined.as_str()),
        })?;
        let secret = if self.split {
            alone.as_str()
        } else {
            joined.as_str()
        };
        if !ui.is_json() {
            if self.split {
                ui.note(format_args!(
                    "pass on the line on one channel, the words on another:"
                ));
                ui.print(format!("{alone}\n{words}\n").as_bytes())?;
            } else {
                ui.note(format_args!(
                    "pass on this line; whoever sees it can follow it:"
                ));
                ui.print(format!("{}\n", joined.as_str()).as_bytes())?;
            }
            ui.note(format_args!("they run `entrenous join` and paste it"));
        }
        if self.qr {
            qr::show(secret, "--png FILE", ui)?;
        }
        if let Some(path) = &self.png {
            qr::save(secret, path, Existing::Keep)?;
            ui.note(format_args!("the line is in {}", path.display()));
        }
        Ok(())
    }
}

/// Makes the invitation, and tells what happens on the way.
async fn make(node: &Node, wish: Wish, ui: &mut Ui) -> Result<Invitation, Failure> {
    let mut inviting = node.invite(wish).await.map_err(|error| refused(&error))?;
    // A server that cheated is worth more than that none is left.
    let mut worst = None;
    loop {
        match step(&mut inviting, &mut worst, ui).await {
            Ok(None) => {}
            Ok(Some(invitation)) => return Ok(invitation),
            Err(mut failure) => {
                if let Some(kind) = worst {
                    failure.why = Why::Kind(kind);
                }
                return Err(failure);
            }
        }
    }
}

async fn step(
    inviting: &mut Inviting<'_>,
    worst: &mut Option<Kind>,
    ui: &mut Ui,
) -> Result<Option<Invitation>, Failure> {
    match inviting.next().await.map_err(|error| refused(&error))? {
        Invited::Ready(invitation) => return Ok(Some(invitation)),
        Invited::Left { at } => ui.detail(format_args!("{at} has the entry")),
        Invited::Waiting { came, wanted } => {
            ui.event(&Cohort { came, wanted })?;
            ui.wait(format_args!(
                "{came} of {wanted} others left something in the same bucket (Ctrl-C stops)"
            ));
        }
        Invited::Again(_) => ui.detail(format_args!("trying again")),
        Invited::Trouble { at, error } => ui.detail(format_args!("{at}: {error}")),
        Invited::Refused { at, why } => {
            let text = why.to_string();
            if why.kind() == Kind::PeerMisbehaved {
                *worst = Some(Kind::PeerMisbehaved);
            }
            ui.event(&ServerRefused {
                at: at.to_string(),
                why: why.name(),
                text: &text,
            })?;
            if !ui.is_json() {
                ui.warn(&format!("{at} is not used: {text}"))?;
            }
        }
        _ => {}
    }
    Ok(None)
}

/// Waits until somebody follows the invitation, or the person has waited enough.
async fn wait(
    node: &Node,
    invitation: &Invitation,
    ui: &mut Ui,
    stop: &mut Stop,
) -> Result<(), Failure> {
    let until = rfc3339(invitation.until);
    ui.note(format_args!(
        "waiting for them; the invitation is good until {until}, also when you leave with Ctrl-C"
    ));
    let mut watching = node.watch();
    let mut left = invitation.uses;
    let over = tokio::time::sleep(invitation.until.since(event::time()));
    tokio::pin!(over);
    while left > 0 {
        ui.wait(format_args!(
            "waiting until they have followed it (Ctrl-C leaves it there)"
        ));
        let watched = tokio::select! {
            () = stop.wanted() => {
                ui.waited();
                ui.note(format_args!("left; `entrenous contacts` tells who has followed it"));
                return Ok(());
            }
            () = &mut over => {
                ui.waited();
                return Err(Failure::unavailable("nobody followed the invitation in time")
                    .hint("make another one: `entrenous invite`"));
            }
            watched = watching.next() => watched,
        };
        match watched.map_err(|error| lost(&error))? {
            Watched::Answered(told) => {
                answered::tell(&told, ui)?;
                // Others may follow older invitations meanwhile. One that is dropped has used it, too.
                if told.id == invitation.id {
                    left = left.saturating_sub(1);
                }
            }
            Watched::Away { error, again } => {
                let again = lasts::show(again);
                ui.note(format_args!(
                    "your home is away: {error}; trying again in {again}"
                ));
            }
            Watched::Back => ui.note(format_args!("your home is there again")),
            _ => {}
        }
    }
    ui.waited();
    Ok(())
}

fn refused(error: &InviteError) -> Failure {
    let failure = failed(error, error.kind());
    match error {
        InviteError::Home(HomeError::None) => {
            failure.hint("an invitation lies on your home server: `entrenous home set HOST`")
        }
        InviteError::Home(HomeError::Call(call)) => away(
            call,
            failure,
            "then try again; `entrenous invitations` lists what may be left of this one",
        ),
        InviteError::Start(_) => failure.hint("name 1 to 8 servers: `--at HOST`"),
        InviteError::Rendezvous(_) => {
            failure.hint("name another one: `--at HOST`, more than once if you like")
        }
        _ => failure,
    }
}

fn lost(error: &HomeError) -> Failure {
    failed(error, error.kind())
        .hint("the invitation stays; `entrenous contacts` tells who has followed it")
}

fn no_rendezvous() -> Failure {
    Failure::usage("no rendezvous server to leave the link on").hint(
        "name one: `--at HOST`, or `rendezvous = [\"HOST\"]` in the file that `entrenous config path` names",
    )
}

/// How long a bucket lasts by the spec.
const BUCKET_LASTS: Duration = Duration::from_secs(48 * 3600);

const EXAMPLES: &str = "\
Examples:
  entrenous invite --at meet.example              one line, good for one person
  entrenous invite --at meet.example --split      line and words for two channels
  entrenous invite --at a.example --at b.example --cohort 5
  entrenous invite --json --no-wait --at meet.example | jq -r .joined_line";

const NOTES: &str = "\
The line names the rendezvous server and a bucket of 64 entries there, one of them
yours, sealed. It does not say on which server you talk: who watches the line
does not learn that, nor does the rendezvous server. The words open the entry, and
whoever has both can follow: pass them on apart (--split) where the line may be
watched. Choose a rendezvous server that is not your home.

With few visitors a bucket holds few entries: --cohort K waits for K others.

Exit code 0: the line was shown (with waiting: and followed, or you left);
3: a server is away, or nobody followed in time; 4: a server did not do what it
should.";
