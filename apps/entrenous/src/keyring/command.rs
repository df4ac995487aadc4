//! `secret-tool`, the command of libsecret that speaks to the keyring.

use std::fmt;
use std::io;
use std::pin::pin;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use super::key::KeyText;
use crate::failure::Failure;
use crate::stop::Stop;
use crate::ui::Ui;

/// One run of the command.
#[derive(Debug)]
pub(super) struct Call {
    program: &'static str,
    args: Vec<String>,
    input: Option<KeyText>,
}

/// How it ended.
pub(super) struct Answer {
    pub(super) succeeded: bool,
    /// At most [`OUT_MAX`] bytes; a secret may be in it.
    pub(super) out: Zeroizing<Vec<u8>>,
    /// What it said is wrong.
    complaint: Option<String>,
}

impl Call {
    pub(super) fn new(args: &[&str]) -> Self {
        Self {
            program: PROGRAM,
            args: args.iter().map(ToString::to_string).collect(),
            input: None,
        }
    }

    /// With attributes of an item, which end the arguments.
    #[must_use]
    pub(super) fn with(mut self, attributes: &[[&str; 2]]) -> Self {
        let words = attributes.iter().flatten();
        self.args.extend(words.map(ToString::to_string));
        self
    }

    /// With a key as input.
    #[must_use]
    pub(super) fn giving(mut self, key: KeyText) -> Self {
        self.input = Some(key);
        self
    }

    fn start(&self) -> io::Result<Child> {
        let mut command = Command::new(self.program);
        command
            .args(&self.args)
            // What it says is read by a program; our arguments are ASCII. Its debug output is not wanted.
            .env("LC_ALL", "C")
            .env_remove("G_MESSAGES_DEBUG")
            .stdin(match self.input {
                Some(_) => Stdio::piped(),
                None => Stdio::null(),
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // Ctrl-C at the terminal is for us alone.
        #[cfg(unix)]
        command.process_group(0);
        command.spawn()
    }

    /// Waits as long as it takes; dropped, it ends the command.
    async fn answered(self) -> Result<Answer, Failure> {
        if !HAS_ONE {
            return Err(
                Failure::input("this program knows no keyring on this system")
                    .hint("use a key file: `--key-file PATH`"),
            );
        }
        let mut child = self.start().map_err(|error| not_started(&error))?;
        let (stdin, input) = (child.stdin.take(), self.input);
        let give = async {
            if let (Some(mut stdin), Some(key)) = (stdin, &input) {
                // Who does not read says why when it ends.
                let _ = stdin.write_all(key.expose()).await;
            }
            Ok::<_, Failure>(())
        };
        let out = read(child.stdout.take(), OUT_MAX);
        let err = read(child.stderr.take(), ERR_MAX);
        let ((), out, err) = tokio::try_join!(give, out, err)?;
        let status = child.wait().await.map_err(|error| broken(&error))?;
        Ok(Answer {
            succeeded: status.success(),
            out,
            complaint: complaint(&err),
        })
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("succeeded", &self.succeeded)
            .field("complaint", &self.complaint)
            .finish_non_exhaustive()
    }
}

/// Runs the command. It may take until somebody has answered the keyring's dialog, and says so.
///
/// # Errors
///
/// There is no such command, it says too much, nobody answers, or the person stops it.
pub(super) async fn run(call: Call, ui: &mut Ui, stop: &mut Stop) -> Result<Answer, Failure> {
    let mut answered = pin!(call.answered());
    tokio::select! {
        biased;
        () = stop.wanted() => return Err(Failure::interrupted()),
        answer = &mut answered => return answer,
        () = sleep(SOON) => {}
    }
    let waiting = "waiting for the keyring: it may show a dialog somewhere (Ctrl-C stops)";
    match ui.shows_waiting() {
        true => ui.wait(format_args!("{waiting}")),
        false => ui.note(format_args!("{waiting}")),
    }
    let answer = tokio::select! {
        biased;
        () = stop.wanted() => Err(Failure::interrupted()),
        answer = &mut answered => answer,
        () = sleep(PATIENCE) => Err(silent()),
    };
    ui.waited();
    answer
}

/// Runs the command, whoever wants to stop, for [`MOMENT`] at most.
///
/// # Errors
///
/// As for [`run`].
pub(super) async fn finish(call: Call) -> Result<Answer, Failure> {
    let answer = timeout(MOMENT, call.answered()).await;
    let answer = answer.map_err(|_| silent())??;
    check(&answer)?;
    Ok(answer)
}

/// Whether it did what it was to do, or found nothing to do it with.
///
/// # Errors
///
/// It says that something is wrong.
pub(super) fn check(answer: &Answer) -> Result<(), Failure> {
    match (answer.succeeded, &answer.complaint) {
        (false, Some(_)) => Err(refused(answer)),
        _ => Ok(()),
    }
}

/// Why it did not do what it was to do.
pub(super) fn refused(answer: &Answer) -> Failure {
    let complaint = answer.complaint.as_deref().unwrap_or_default();
    let says = |texts: &[&str]| texts.iter().any(|text| complaint.contains(text));
    let failure = if says(NO_SESSION) {
        Failure::input("there is no D-Bus session, and so no keyring")
            .hint("log in to a desktop, or begin a session with `dbus-run-session`")
    } else if says(NO_KEYRING) {
        Failure::input("no keyring runs in this session")
            .hint("start or install one: GNOME Keyring, KWallet or KeePassXC")
    } else if says(LOCKED) {
        locked()
    } else {
        Failure::input("the keyring refused").hint("`--verbose` shows what it says")
    };
    Failure {
        causes: answer.complaint.iter().cloned().collect(),
        ..failure
    }
}

/// The keyring has to be unlocked, and was not.
pub(super) fn locked() -> Failure {
    Failure::input("the keyring stays locked")
        .hint("answer its dialog, or unlock it with the desktop's own program")
}

fn silent() -> Failure {
    Failure::unavailable("the keyring does not answer")
        .hint("it may wait for somebody to answer its dialog: unlock it, then try again")
}

fn not_started(error: &io::Error) -> Failure {
    if error.kind() != io::ErrorKind::NotFound {
        return broken(error);
    }
    Failure::input(format!("the command `{PROGRAM}` is not installed, which speaks to the keyring"))
        .hint("it is in the package libsecret-tools (Debian, Ubuntu) or libsecret; or use `--key-file PATH`")
}

fn broken(error: &io::Error) -> Failure {
    Failure::input(format!(
        "cannot run `{PROGRAM}`, which speaks to the keyring"
    ))
    .because(error)
}

/// All that comes, if it is not more than `max` bytes.
async fn read(
    from: Option<impl AsyncRead + Unpin>,
    max: usize,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    // Room for everything at once: a vector that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(max.saturating_add(ROOM)));
    let one_more = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    if let Some(from) = from {
        let read = from.take(one_more).read_to_end(&mut bytes).await;
        read.map_err(|error| broken(&error))?;
    }
    match bytes.len() <= max {
        true => Ok(bytes),
        false => Err(Failure::input(format!(
            "`{PROGRAM}` says more than {max} bytes, so it is another program"
        ))),
    }
}

/// What the command itself says is wrong, among what its libraries say.
fn complaint(err: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(err);
    let mut lines = text.lines();
    let found = lines.find_map(|line| line.strip_prefix("secret-tool: "))?;
    Some(found.trim().to_owned())
}

/// Whether the keyring of this system is the Secret Service.
const HAS_ONE: bool = cfg!(all(
    unix,
    not(target_vendor = "apple"),
    not(target_os = "android")
));
const PROGRAM: &str = "secret-tool";
/// A key has 43 bytes, the description of an item some hundreds.
const OUT_MAX: usize = 4096;
const ERR_MAX: usize = 4096;
/// What reading to the end may ask for besides.
const ROOM: usize = 64;
/// Below this nobody wonders what is waited for.
const SOON: Duration = Duration::from_secs(1);
/// How long somebody may take to answer a dialog.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long it may take to undo what was done, with a keyring that has just answered.
const MOMENT: Duration = Duration::from_secs(5);

// What the command says in the locale C, by what is to be done about it.
const NO_SESSION: &[&str] = &[
    "Cannot autolaunch D-Bus",
    "Could not connect",
    "connection is closed",
    "dbus-launch",
    "Address element",
];
const NO_KEYRING: &[&str] = &["was not provided by any .service files"];
const LOCKED: &[&str] = &["locked", "Object does not exist at path"];

#[cfg(test)]
mod tests;
