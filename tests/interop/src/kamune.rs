//! A Go program that speaks Kamune 0.7, built from `tests/interop/kamune` and driven by JSON lines.
//!
//! Its byte transports, the relay's client and the HPKE channel are the published Go modules of
//! Kamune; its sessions are written for these tests, and were tried with Kamune 0.7.0 itself, in
//! both roles and over each transport.

use std::{
    collections::BTreeMap,
    env,
    fs::File,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::{go, program::Program, python::target_dir};

/// The program, built below the build directory.
#[derive(Clone, Debug)]
pub struct Kamune {
    program: PathBuf,
}

impl Kamune {
    /// Builds the program with `go`, from what the Go module proxy has. Several processes may call
    /// it at once: one builds, the others wait. The variable `GO` names another compiler,
    /// `KAMUNE_PEER` another program with the same commands.
    ///
    /// # Errors
    ///
    /// No Go, one that is too old, or no way to the module proxy; the message says what to install.
    pub fn install() -> Result<Self> {
        if let Some(program) = env::var_os("KAMUNE_PEER") {
            let program = program.into();
            return Ok(Self { program });
        }
        let target = target_dir()?;
        let program = target.join("kamune").join("peer");
        let program_text = program.to_str().context("a path that is no text")?;
        compile(&[
            "build",
            "-trimpath",
            "-buildvcs=false",
            "-o",
            program_text,
            ".",
        ])?;
        Ok(Self { program })
    }

    /// Runs the program's own tests: that it does what Kamune 0.7.0 did in `vectors/channel`.
    ///
    /// # Errors
    ///
    /// It does not, or as [`Kamune::install`].
    pub fn agrees() -> Result<()> {
        compile(&["test", "-count=1", "."])
    }

    /// Starts one side of sessions: `listen` or `dial`, and its flags.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn peer(&self, arguments: &[&str]) -> Result<Peer> {
        let mut command = Command::new(&self.program);
        let name = format!("peer {}", arguments.first().unwrap_or(&""));
        Ok(Peer {
            program: Program::start_to_tell(&name, command.args(arguments))?,
            taken: BTreeMap::new(),
        })
    }

    /// Runs its benchmark, and returns what it measured, one object each; `tests/interop/kamune/bench.go`
    /// says what is in them.
    ///
    /// # Errors
    ///
    /// It cannot be started, or fails.
    pub fn bench(&self, arguments: &[&str]) -> Result<Vec<Value>> {
        let mut command = Command::new(&self.program);
        let output = command.arg("bench").args(arguments).output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{command:?} failed:\n{errors}");
        let said = String::from_utf8(output.stdout)?;
        let lines = said.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().context(said.clone())
    }

    /// Starts a relay on free ports of loopback; its clients must know `password`.
    ///
    /// # Errors
    ///
    /// It cannot be started, or does not listen.
    pub fn relay(&self, password: &str) -> Result<Relay> {
        let mut peer = self.peer(&["relay", "--password", password])?;
        Ok(Relay {
            tcp: text(&peer.hears("relay-tcp")?, "address")?,
            ws: text(&peer.hears("relay-ws")?, "address")?,
            _peer: peer,
        })
    }
}

/// Runs the compiler in the folder of the program, one at a time.
fn compile(arguments: &[&str]) -> Result<()> {
    let target = target_dir()?;
    let lock = File::create(target.join("kamune.lock"))?;
    lock.lock().context("cannot lock the folder of Kamune")?;
    let minor = go::minor()?;
    // From 1.21 on, Go fetches the compiler that a module asks for.
    ensure!(
        minor >= 21,
        "Go 1.{minor} is too old to build a peer of Kamune: install 1.26, or 1.21, which fetches it"
    );
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("kamune");
    go::run(go::command(&target).args(arguments).current_dir(source))
}

/// A running program. Dropping it kills it.
#[derive(Debug)]
pub struct Peer {
    program: Program,
    /// How many events of each kind were heard.
    taken: BTreeMap<String, usize>,
}

impl Peer {
    /// Gives it a command, an object with the member `do`; `tests/interop/kamune/talk.go` lists
    /// them.
    ///
    /// # Errors
    ///
    /// It has ended.
    pub fn tell(&mut self, command: &Value) -> Result<()> {
        self.program.tell(&command.to_string())
    }

    /// Waits for the next `event` of this kind. Those of other kinds stay to be heard, but not an
    /// `error` while something else is awaited.
    ///
    /// # Errors
    ///
    /// It told of an error, ended, or did not tell in time.
    pub fn hears(&mut self, event: &str) -> Result<Value> {
        let taken = |kind: &str| self.taken.get(kind).copied().unwrap_or_default();
        let (before, errors) = (taken(event), taken("error"));
        // Whichever comes first: what is awaited, or an error that nobody has heard of.
        let found = self.program.finds(|lines| {
            let told = lines
                .iter()
                .filter_map(|line| serde_json::from_str(line).ok());
            let (mut seen, mut failed) = (0, 0);
            told.into_iter().find(|told: &Value| {
                seen += usize::from(is(told, event));
                failed += usize::from(is(told, "error"));
                seen > before && is(told, event) || failed > errors && is(told, "error")
            })
        });
        let told = found.with_context(|| format!("awaiting {event:?}"))?;
        if !is(&told, event) {
            bail!("awaiting {event:?}, heard {told}:\n{}", self.program);
        }
        *self.taken.entry(event.to_owned()).or_default() += 1;
        Ok(told)
    }
}

fn is(told: &Value, event: &str) -> bool {
    told.get("event").and_then(Value::as_str) == Some(event)
}

/// A running relay. Dropping it kills it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Relay {
    /// Where it listens for TCP: host and port.
    pub tcp: String,
    /// Where it listens for WebSocket, at `/ws`.
    pub ws: String,
    _peer: Peer,
}

/// A member of an event that is a text.
///
/// # Errors
///
/// The event has no such member.
pub fn text(event: &Value, member: &str) -> Result<String> {
    let found = event.get(member).and_then(Value::as_str);
    let found = found.with_context(|| format!("no {member:?} in {event}"))?;
    Ok(found.to_owned())
}
