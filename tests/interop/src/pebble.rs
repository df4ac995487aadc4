//! Pebble, the certificate authority that Let's Encrypt makes for tests, and its DNS server.

use std::{
    fs,
    fs::File,
    net::{TcpListener, TcpStream, UdpSocket},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use crate::go;
use crate::program::{PATIENCE, Program};
use crate::python::target_dir;

/// The two programs, built below the build directory from what the Go module proxy has.
#[derive(Clone, Debug)]
pub struct Pebble {
    folder: PathBuf,
    dns_flag: &'static str,
}

impl Pebble {
    /// Finds the programs, or builds them with `go`. Several processes may call it at once: one
    /// builds, the others wait. The variable `GO` names another compiler.
    ///
    /// # Errors
    ///
    /// No Go, or no way to the module proxy; the message says what to install.
    pub fn install() -> Result<Self> {
        let target = target_dir()?;
        let lock = File::create(target.join("pebble.lock"))?;
        lock.lock().context("cannot lock Pebble's folder")?;
        let (version, dns_flag) = pin(go::minor()?)?;
        let folder = target.join("pebble").join(version);
        for program in PROGRAMS {
            if !folder.join(program).exists() {
                let package = format!("{MODULE}/cmd/{program}@{version}");
                go::run(
                    go::command(&target)
                        .args(["install", &package])
                        .env("GOBIN", &folder),
                )?;
            }
        }
        Ok(Self { folder, dns_flag })
    }

    /// Starts an authority that has nothing yet, at the ports of `site`, and waits until it
    /// listens. Its own certificate is that of the PEM files `own`.
    ///
    /// # Errors
    ///
    /// It cannot be started, or does not listen.
    pub fn start(&self, site: &Site, own: (&Path, &Path)) -> Result<Authority> {
        let dns = format!("127.0.0.1:{}", site.dns);
        let mut command = Command::new(self.folder.join("pebble-challtestsrv"));
        command.args([self.dns_flag, &dns, "-management", ""]);
        command.args(["-http01", "", "-https01", "", "-tlsalpn01", ""]);
        command.args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""]);
        if self.dns_flag == "-dnsserver" {
            command.args(["-doh", ""]);
        }
        let names = Program::start("pebble-challtestsrv", &mut command)?;
        let config = site.folder.join("pebble.json");
        fs::write(&config, site.config(own))?;
        let mut command = Command::new(self.folder.join("pebble"));
        command.arg("-config").arg(&config);
        command.args(["-dnsserver", &dns]);
        // Else it waits for some seconds before it asks.
        command.env("PEBBLE_VA_NOSLEEP", "1");
        let program = Program::start("pebble", &mut command)?;
        for port in [site.directory, site.management] {
            listening(port).with_context(|| program.to_string())?;
        }
        Ok(Authority {
            _programs: [names, program],
        })
    }
}

/// A running authority. Dropping it kills it.
#[derive(Debug)]
pub struct Authority {
    _programs: [Program; 2],
}

/// Where an authority is, and whom it asks.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Site {
    /// Port of the directory.
    pub directory: u16,
    /// Port where its root can be had.
    pub management: u16,
    /// Port where it asks the servers that it certifies.
    pub asked: u16,
    dns: u16,
    lasts_s: u32,
    folder: PathBuf,
}

impl Site {
    /// Free ports of this machine; certificates are to last `lasts_s` seconds. What it writes is in
    /// `folder`.
    ///
    /// # Errors
    ///
    /// There are no free ports.
    pub fn new(folder: &Path, lasts_s: u32) -> Result<Self> {
        // All at once, so that they differ.
        let streams: Vec<_> = (0..3)
            .map(|_| TcpListener::bind("127.0.0.1:0"))
            .collect::<Result<_, _>>()?;
        let ports: Vec<u16> = streams
            .iter()
            .map(|stream| Ok(stream.local_addr()?.port()))
            .collect::<Result<_>>()?;
        let dns = UdpSocket::bind("127.0.0.1:0")?.local_addr()?.port();
        let &[directory, management, asked] = ports.as_slice() else {
            anyhow::bail!("three sockets, but not three ports");
        };
        Ok(Self {
            directory,
            management,
            asked,
            dns,
            lasts_s,
            folder: folder.to_path_buf(),
        })
    }

    /// The address of the directory.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://localhost:{}/dir", self.directory)
    }

    fn config(&self, (certificate, key): (&Path, &Path)) -> String {
        // The newer version reads the second of the two lives.
        format!(
            "{{\"pebble\": {{\
             \"listenAddress\": \"127.0.0.1:{}\", \"managementListenAddress\": \"127.0.0.1:{}\", \
             \"certificate\": {certificate:?}, \"privateKey\": {key:?}, \
             \"httpPort\": {asked}, \"tlsPort\": {asked}, \
             \"certificateValidityPeriod\": {lasts}, \
             \"profiles\": {{\"default\": {{\"description\": \"short\", \"validityPeriod\": {lasts}}}}}\
             }}}}",
            self.directory,
            self.management,
            asked = self.asked,
            lasts = self.lasts_s,
        )
    }
}

/// The version that the Go here builds, and the name of a flag that has changed.
fn pin(minor: u32) -> Result<(&'static str, &'static str)> {
    ensure!(
        minor >= 17,
        "Go 1.{minor} is too old to build Pebble: 1.17 is needed"
    );
    // From 1.21 on, Go fetches the compiler that a module asks for.
    Ok(if minor >= 21 {
        ("v2.10.3", "-dnsserver")
    } else {
        ("v2.4.0", "-dns01")
    })
}

/// Waits until somebody listens at this port.
fn listening(port: u16) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        ensure!(Instant::now() < deadline, "nobody listens at port {port}");
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

const MODULE: &str = "github.com/letsencrypt/pebble/v2";
const PROGRAMS: [&str; 2] = ["pebble", "pebble-challtestsrv"];
