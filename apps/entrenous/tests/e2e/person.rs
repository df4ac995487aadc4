//! A person at the built program.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A running `entrenous`; killed when dropped.
pub(crate) struct Person {
    child: Child,
    stdout: Receiver<String>,
    read: RefCell<Vec<String>>,
    stderr: Receiver<String>,
}

/// What is left when it has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<String>,
    pub(crate) stderr: String,
}

impl Person {
    /// Runs `entrenous` with `args`, and `stdin` as its whole input; if empty, it stays open.
    pub(crate) fn run(args: &[&str], stdin: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_entrenous"));
        command.args(args);
        // No profile of whoever runs the tests has a part in them.
        let nowhere = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nobody");
        for name in ["XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
            command.env(name, &nowhere);
        }
        Self::spawn(command, stdin)
    }

    /// The same inside `folder`, which is also everything the program may call home.
    pub(crate) fn run_in(folder: &Path, args: &[&str], stdin: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_entrenous"));
        command.args(args).current_dir(folder);
        for name in [
            "HOME",
            "TMPDIR",
            "XDG_CONFIG_HOME",
            "XDG_DATA_HOME",
            "XDG_STATE_HOME",
        ] {
            command.env(name, folder);
        }
        Self::spawn(command, stdin)
    }

    pub(crate) fn spawn(mut command: Command, stdin: &str) -> Self {
        command
            .env_remove("CLICOLOR_FORCE")
            .env_remove("ENTRENOUS_KEYRING")
            .env_remove("ENTRENOUS_KEY_FILE")
            .env_remove("ENTRENOUS_PROFILE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A program that refuses its arguments does not read.
        let _ = child.stdin.as_mut().unwrap().write_all(stdin.as_bytes());
        if !stdin.is_empty() {
            child.stdin = None;
        }
        let stdout = lines_of(child.stdout.take().unwrap());
        let stderr = lines_of(child.stderr.take().unwrap());
        Self {
            child,
            stdout,
            read: RefCell::default(),
            stderr,
        }
    }

    /// The next line on stdout; fails after [`PATIENCE`].
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        let line = self
            .stdout
            .recv_timeout(PATIENCE)
            .expect("a line on stdout");
        self.read.borrow_mut().push(line.clone());
        line
    }

    /// The next line on stderr that contains `text`.
    #[track_caller]
    pub(crate) fn talk_with(&self, text: &str) -> String {
        loop {
            let line = self.stderr.recv_timeout(PATIENCE).expect(text);
            if line.contains(text) {
                return line;
            }
        }
    }

    /// The next line on stdout that contains `text`.
    #[track_caller]
    pub(crate) fn line_with(&self, text: &str) -> String {
        loop {
            let line = self.line();
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Types a line.
    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.input(), "{line}").unwrap();
    }

    pub(crate) fn input(&mut self) -> &mut ChildStdin {
        self.child.stdin.as_mut().unwrap()
    }

    /// Ends its input.
    pub(crate) fn end_input(&mut self) {
        self.child.stdin = None;
    }

    /// Presses Ctrl-C.
    pub(crate) fn interrupt(&self) {
        self.signal("-INT");
    }

    pub(crate) fn signal(&self, signal: impl AsRef<OsStr>) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .arg(signal)
                .arg(id)
                .status()
                .unwrap()
                .success()
        );
    }

    /// Waits for the end; fails after [`PATIENCE`].
    #[track_caller]
    pub(crate) fn end(mut self) -> Ended {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "still running: {}",
                self.give_up()
            );
            std::thread::sleep(Duration::from_millis(10));
        };
        Ended {
            code: status.code(),
            stdout: self
                .read
                .take()
                .into_iter()
                .chain(self.stdout.iter())
                .collect(),
            stderr: self.stderr.iter().map(|line| line + "\n").collect(),
        }
    }

    fn give_up(&mut self) -> String {
        let _ = self.child.kill();
        self.stderr.iter().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines_of(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}

/// Much longer than anything here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
