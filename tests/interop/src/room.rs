//! A network of one or two hosts that belongs to one test.

use std::{
    ffi::OsStr,
    fs::File,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio, id},
    sync::atomic::{AtomicU16, Ordering},
};

use anyhow::{Context, Result, ensure};

use crate::python::target_dir;

/// A network for one test. Where the system has private network namespaces, each host is one, so
/// tests that run at once cannot meet and fixed ports are free. Elsewhere all hosts are this
/// machine's loopback interface: LAN tests then differ by their port, and only one test at a time
/// has the reference's fixed HTTP port.
#[derive(Debug)]
pub struct Room {
    hosts: Vec<Host>,
    multicast_port: u16,
    _lock: Option<File>,
}

/// One host of a [`Room`].
#[derive(Debug)]
pub struct Host {
    namespace: Option<Namespace>,
    address: &'static str,
}

impl Room {
    /// One host, for programs that meet over loopback.
    ///
    /// # Errors
    ///
    /// Loopback has to be shared, and something else listens on the reference's HTTP port.
    pub fn of_one_host() -> Result<Self> {
        let lo = "ip link set lo up && ip link set lo multicast on && \
            ip route add 224.0.0.0/4 dev lo";
        match Namespace::new(lo) {
            Ok(namespace) => Ok(Self {
                hosts: vec![Host {
                    namespace: Some(namespace),
                    address: LOOPBACK,
                }],
                multicast_port: DEFAULT_PORT,
                _lock: None,
            }),
            Err(why) => Self::shared(1, &why),
        }
    }

    /// Two hosts with a cable between them.
    ///
    /// # Errors
    ///
    /// As [`Room::of_one_host`].
    pub fn of_two_hosts() -> Result<Self> {
        let cable = || -> Result<Vec<Host>> {
            let left = Namespace::new("ip link set lo up")?;
            let right = left.neighbour()?;
            let ends = [(&left, "cable0", LEFT), (&right, "cable1", RIGHT)];
            let pid = right.holder.id().to_string();
            left.ip(&[
                "link", "add", "cable0", "type", "veth", "peer", "name", "cable1", "netns", &pid,
            ])?;
            for (end, name, address) in ends {
                end.ip(&["address", "add", &format!("{address}/24"), "dev", name])?;
                end.ip(&["link", "set", name, "up"])?;
                end.ip(&["route", "add", "224.0.0.0/4", "dev", name])?;
            }
            Ok(vec![
                Host {
                    namespace: Some(left),
                    address: LEFT,
                },
                Host {
                    namespace: Some(right),
                    address: RIGHT,
                },
            ])
        };
        match cable() {
            Ok(hosts) => Ok(Self {
                hosts,
                multicast_port: DEFAULT_PORT,
                _lock: None,
            }),
            Err(why) => Self::shared(2, &why),
        }
    }

    fn shared(hosts: usize, why: &anyhow::Error) -> Result<Self> {
        ensure!(
            std::env::var_os("CI").is_none(),
            "no private network here: {why:#}"
        );
        eprintln!("no private network here ({why:#}): sharing this machine's loopback");
        let lock = File::create(target_dir()?.join("loopback.lock"))?;
        lock.lock().context("cannot wait for the other tests")?;
        let http = TcpListener::bind((LOOPBACK, REFERENCE_HTTP_PORT));
        ensure!(
            http.is_ok(),
            "something listens on {LOOPBACK}:{REFERENCE_HTTP_PORT}; stop it"
        );
        // Tests of one process differ by the counter, processes by their id.
        static COUNTER: AtomicU16 = AtomicU16::new(0);
        let spread = u16::try_from(id() % 200).unwrap_or_default() * 100;
        let port = 20_000 + spread + COUNTER.fetch_add(1, Ordering::Relaxed) % 100;
        let host = || Host {
            namespace: None,
            address: LOOPBACK,
        };
        Ok(Self {
            hosts: std::iter::repeat_with(host).take(hosts).collect(),
            multicast_port: port,
            _lock: Some(lock),
        })
    }

    /// The host with this number, from 0; of a room with fewer, the last.
    #[must_use]
    pub fn host(&self, number: usize) -> &Host {
        let last = self.hosts.len().saturating_sub(1);
        &self.hosts[number.min(last)]
    }

    /// The UDP port of the LAN meetings in this room.
    #[must_use]
    pub const fn multicast_port(&self) -> u16 {
        self.multicast_port
    }
}

impl Host {
    /// A command that will run on this host.
    #[must_use]
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        match &self.namespace {
            Some(namespace) => namespace.command(program.as_ref()),
            None => Command::new(program),
        }
    }

    /// Its IPv4 address.
    #[must_use]
    pub const fn address(&self) -> &'static str {
        self.address
    }
}

/// Where the reference's server listens and its client looks for one; neither can be told another.
pub const REFERENCE_HTTP_PORT: u16 = 5000;

const DEFAULT_PORT: u16 = 9005;
const LOOPBACK: &str = "127.0.0.1";
const LEFT: &str = "10.77.0.1";
const RIGHT: &str = "10.77.0.2";

/// A network namespace, alive as long as the process that holds it.
#[derive(Debug)]
struct Namespace {
    holder: Child,
    /// Made by an ordinary user, inside a user namespace.
    of_user: bool,
}

impl Namespace {
    fn new(set_up: &str) -> Result<Self> {
        let as_root = || Self::hold(Command::new("unshare").arg("--net"), set_up, false);
        let as_user = |_| {
            let flags = ["--user", "--map-root-user", "--net"];
            Self::hold(Command::new("unshare").args(flags), set_up, true)
        };
        as_root().or_else(as_user)
    }

    /// Another one, that may be joined with this.
    fn neighbour(&self) -> Result<Self> {
        let mut unshare = self.enter(&[]);
        unshare.args(["unshare", "--net"]);
        Self::hold(&mut unshare, "ip link set lo up", self.of_user)
    }

    fn hold(unshare: &mut Command, set_up: &str, of_user: bool) -> Result<Self> {
        let mut holder = unshare
            .args(["sh", "-c", &format!("{set_up} && echo ready && exec cat")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("there is no `unshare`")?;
        let mut line = String::new();
        let stdout = holder.stdout.take().context("no stdout")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let namespace = Self { holder, of_user };
        ensure!(line == "ready\n", "not allowed, or there is no `ip`");
        Ok(namespace)
    }

    fn command(&self, program: &OsStr) -> Command {
        let mut command = self.enter(&["--net"]);
        command.arg(program);
        command
    }

    fn enter(&self, flags: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args(["--target", &self.holder.id().to_string()])
            .args(flags);
        if self.of_user {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg("--");
        command
    }

    fn ip(&self, arguments: &[&str]) -> Result<()> {
        let output = self
            .command(Path::new("ip").as_os_str())
            .args(arguments)
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "ip {}: {said}",
            arguments.join(" ")
        );
        Ok(())
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
