use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::Result;

/// What is between a client and the server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Carrier {
    /// TCP alone, as from a proxy that speaks TLS.
    Plain,
    /// TLS that the server ends itself.
    Tls,
}

impl Carrier {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Tls => "tls",
        }
    }
}

/// A running `entrenousd` with a folder of its own; both gone when dropped.
pub(super) struct Server {
    child: Child,
    address: SocketAddr,
    folder: PathBuf,
}

impl Server {
    /// Starts `program`; it listens then.
    pub(super) fn start(program: &Path, carrier: Carrier) -> Result<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let folder = folder.join(format!("idle-{}-{}", carrier.name(), std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let config = folder.join("server.toml");
        fs::write(&config, configuration(&folder, carrier))?;
        let child = Command::new(program)
            .args(["--json", "run", "--config"])
            .arg(&config)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut server = Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            folder,
        };
        let mut line = String::new();
        let stdout = server.child.stdout.take().ok_or("no output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let event: Value = serde_json::from_str(&line)?;
        let url = event.pointer("/public/0").and_then(Value::as_str);
        let (_, address) = url.and_then(|url| url.split_once("://")).ok_or(line)?;
        server.address = address.parse()?;
        Ok(server)
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the process holds in memory now.
    pub(super) fn resident_bytes(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix("kB"));
        let kib: u64 = kib.ok_or("no VmRSS")?.trim().parse()?;
        Ok(kib.saturating_mul(1024))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Anyone may make an account; everybody comes from one address, so its bounds are raised.
fn configuration(folder: &Path, carrier: Carrier) -> String {
    let data = folder.join("data");
    let mut text = format!(
        "name = \"localhost\"\ndata = {data:?}\nregistration = \"open\"\n\
         listen = [\"127.0.0.1:0\"]\nadmin = \"\"\n\
         limits.requests.per_second = 1000000\nlimits.requests.burst = 1000000\n\
         limits.registrations.per_second = 1000\nlimits.registrations.burst = 1000\n\
         limits.connections.total = 20000\nlimits.connections.per_source = 20000\n"
    );
    if carrier == Carrier::Tls {
        let (cert, key) = (file("one.crt"), file("one.key"));
        text.push_str(&format!("[tls]\ncert = {cert:?}\nkey = {key:?}\n"));
    }
    text
}

/// One of the files that the tests of TLS use.
pub(super) fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls");
    folder.join(name)
}
