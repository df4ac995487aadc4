//! A server of one's own: a folder with a configuration, and the program that runs there.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// A folder with a configuration; gone at the end.
pub(crate) struct Home {
    program: PathBuf,
    folder: PathBuf,
}

impl Home {
    /// Nothing is configured yet.
    pub(crate) fn new(program: impl Into<PathBuf>, name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("entrenousd-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self {
            program: program.into(),
            folder,
        }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.file("data")
    }

    /// Writes the configuration: on any free port, with room for many requests, and `more`.
    pub(crate) fn configure(&self, more: &str) {
        let data = self.data();
        let text = format!(
            "data = {data:?}\nlisten = [\"127.0.0.1:0\"]\nadmin = \"127.0.0.1:0\"\n\
             limits.requests = {{ per_second = 100000, burst = 100000 }}\n\
             limits.registrations = {{ per_second = 100000, burst = 100000 }}\n{more}"
        );
        fs::write(self.config(), text).unwrap();
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.file("server.toml")
    }

    /// A command of the program with this configuration.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.command_with(&self.config(), args)
    }

    /// The same with another configuration.
    pub(crate) fn command_with(&self, config: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args).arg("--config").arg(config);
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// A result in JSON.
    pub(crate) fn ask(&self, args: &[&str]) -> Value {
        let output = self.run(&[&["--json"], args].concat());
        assert!(output.status.success(), "{args:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub(crate) fn start(&self) -> Running {
        Running::start(self.command(&["--json", "run"]))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// A running server. Dropping it kills it.
pub(crate) struct Running {
    child: Child,
    log: Log,
    /// Where its first public listener is.
    pub(crate) address: String,
    pub(crate) admin: String,
}

impl Running {
    /// Starts `command`, which is to print events as JSON, and waits until it listens.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Log::of(child.stderr.take().unwrap());
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let event: Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("it does not start: {line} {:?}", log.lines()));
        let url = event["public"][0].as_str().unwrap();
        Self {
            address: url.split_once("://").unwrap().1.to_owned(),
            admin: event["admin"].as_str().unwrap().to_owned(),
            child,
            log,
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status();
        assert!(status.unwrap().success());
    }

    /// Lets it read its configuration again, and waits until its log has a new line with `text`.
    pub(crate) fn reload(&self, text: &str) {
        let before = self.log.lines().len();
        self.signal("HUP");
        self.log.wait(before, text, 1);
    }

    /// Waits until its log has a line with `text`.
    pub(crate) fn says(&self, text: &str) {
        self.says_again(text, 1);
    }

    /// Waits until its log has so many lines with `text`.
    pub(crate) fn says_again(&self, text: &str, times: usize) {
        self.log.wait(0, text, times);
    }

    /// Stops it in good order: how it ended, and all it has logged.
    pub(crate) fn stop(self) -> (ExitStatus, Vec<String>) {
        self.signal("TERM");
        self.end()
    }

    /// Waits until it ends: how, and all it has logged.
    pub(crate) fn end(mut self) -> (ExitStatus, Vec<String>) {
        let status = self.child.wait().unwrap();
        (status, self.log.end())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to kill.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What a program says on a stream, as it comes.
#[derive(Clone)]
struct Log(Arc<(Mutex<Said>, Condvar)>);

#[derive(Default)]
struct Said {
    lines: Vec<String>,
    is_over: bool,
}

impl Log {
    fn of(stream: impl std::io::Read + Send + 'static) -> Self {
        let log = Self(Arc::default());
        let writer = log.clone();
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                writer.0.0.lock().unwrap().lines.push(line);
                writer.0.1.notify_all();
            }
            writer.0.0.lock().unwrap().is_over = true;
            writer.0.1.notify_all();
        });
        log
    }

    fn lines(&self) -> Vec<String> {
        self.0.0.lock().unwrap().lines.clone()
    }

    /// Until there are so many lines with `text` from line `from` on.
    fn wait(&self, from: usize, text: &str, times: usize) {
        let is_there = |said: &Said| {
            let lines = said.lines.iter().skip(from);
            lines.filter(|line| line.contains(text)).count() >= times
        };
        let is_missing = |said: &mut Said| !said.is_over && !is_there(said);
        let said = self.0.0.lock().unwrap();
        let waited = self.0.1.wait_timeout_while(said, PATIENCE, is_missing);
        let said = waited.unwrap().0;
        assert!(is_there(&said), "no {text:?} in {:?}", said.lines);
    }

    /// All there is, once the stream is at its end.
    fn end(&self) -> Vec<String> {
        let said = self.0.0.lock().unwrap();
        let is_open = |said: &mut Said| !said.is_over;
        let waited = self.0.1.wait_timeout_while(said, PATIENCE, is_open);
        waited.unwrap().0.lines.clone()
    }
}

/// The answer to a GET in one line, over plain HTTP.
pub(crate) fn get(address: &str, path: &str) -> String {
    use std::io::{Read, Write};

    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A test PEM file of the host crate's tests.
pub(crate) fn pem(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../host/tests/tls")
        .join(name)
}

/// For what must come; the rest is for busy machines.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
