use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// A folder with a configuration; gone at the end.
pub(crate) struct Home(pub(crate) PathBuf);

impl Home {
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("entrenousd-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let home = Self(folder);
        home.configure("");
        home
    }

    pub(crate) fn configure(&self, more: &str) {
        let data = self.0.join("data");
        let text = format!(
            "name = \"here\"\ndata = {data:?}\nlisten = [\"127.0.0.1:0\"]\nadmin = \"127.0.0.1:0\"\n\
             limits.requests.per_second = 100000\nlimits.requests.burst = 100000\n\
             limits.registrations.per_second = 100000\nlimits.registrations.burst = 100000\n{more}"
        );
        fs::write(self.config(), text).unwrap();
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.0.join("server.toml")
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_entrenousd"));
        command.args(args).arg("--config").arg(self.config());
        command.output().unwrap()
    }

    /// A result in JSON.
    pub(crate) fn ask(&self, args: &[&str]) -> Value {
        let output = self.run(&[&["--json"], args].concat());
        assert!(output.status.success(), "{args:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// A new pin, as the owner asks for it.
    pub(crate) fn pin_new(&self) -> String {
        let made = self.ask(&["pins", "new"]);
        made["pin"].as_str().unwrap().to_owned()
    }

    /// The same straight over the owner's socket.
    pub(crate) fn pin(&self) -> String {
        let mut socket = UnixStream::connect(self.0.join("data/control/socket")).unwrap();
        let ask =
            "POST /pins?lasts_s=3600&tries=5 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        socket.write_all(ask.as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let made: Value = serde_json::from_str(body).unwrap();
        made["pin"].as_str().unwrap().to_owned()
    }

    pub(crate) fn start(&self) -> Running {
        self.start_with(Stdio::null())
    }

    pub(crate) fn start_with(&self, stderr: Stdio) -> Running {
        let mut command = self.command();
        command.stderr(stderr);
        Running::of(&mut command)
    }

    /// The same with more in its environment.
    pub(crate) fn start_in(&self, environment: &[(&str, &Path)]) -> Running {
        let mut command = self.command();
        command.stderr(Stdio::null());
        command.envs(environment.iter().copied());
        Running::of(&mut command)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_entrenousd"));
        command.args(["--json", "run", "--config"]);
        command.arg(self.config()).stdout(Stdio::piped());
        command
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// A server that listens.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) address: String,
    pub(crate) admin: String,
}

impl Running {
    fn of(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let event: Value = serde_json::from_str(&line).unwrap();
        let url = event["public"][0].as_str().unwrap();
        Self {
            address: url.strip_prefix("http://").unwrap().to_owned(),
            admin: event["admin"].as_str().unwrap().to_owned(),
            child,
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    pub(crate) fn stop(mut self) {
        self.signal("TERM");
        assert!(self.child.wait().unwrap().success());
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
