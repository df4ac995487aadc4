//! `cargo xtask deb`: the Debian packages `entrenous` and `entrenous-server`, and whether they hold
//! what they should.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use ::interop::python::target_dir;
use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::steps::{self, Steps, cargo};

/// The Debian packages of client and server, below the build directory
#[derive(Args, Debug)]
pub(crate) struct Deb {
    /// Profile to build with; `dev` is for trying the packages
    #[arg(long, default_value = "release")]
    profile: String,
}

impl Deb {
    /// Builds the packages, unpacks them and runs what is in them.
    ///
    /// # Errors
    ///
    /// Something does not build, is missing in a package, or does not run.
    pub(crate) fn run(&self) -> Result<()> {
        let mut steps = Steps::default();
        steps.step("packages", || self.build());
        for package in [CLIENT, SERVER] {
            let name = format!("what is in {}", package.name);
            steps.step(&name, || package.check());
        }
        steps.step("the packaged server runs", serve);
        steps.finish()
    }

    fn build(&self) -> Result<()> {
        let tool = install()?;
        let programs = ["build", "--locked", "-p", "entrenous", "-p", "entrenousd"];
        steps::run(cargo().args(programs).args(["--profile", &self.profile]))?;
        let folder = match self.profile.as_str() {
            "dev" => target_dir()?.join("debug"),
            other => target_dir()?.join(other),
        };
        pages(&folder)?;
        for package in [CLIENT, SERVER] {
            let out = out()?.join(package.file);
            let mut build = Command::new(&tool);
            build.args(["-p", package.krate, "--no-build", "--locked"]);
            build
                .args(["--profile", &self.profile, "--output"])
                .arg(&out);
            steps::run(build.current_dir(steps::root()))?;
        }
        Ok(())
    }
}

/// Writes manual pages and completions where the manifests look for them.
fn pages(programs: &Path) -> Result<()> {
    let client = fresh(&programs.join("packaging"))?;
    let entrenous = || Command::new(programs.join("entrenous"));
    steps::run(entrenous().arg("man").arg(&client))?;
    for (shell, file) in SHELLS {
        let script = steps::read(entrenous().args(["completions", shell]))?;
        fs::write(client.join(file), script)?;
    }
    let server = fresh(&programs.join("packaging-server"))?;
    let mut entrenousd = Command::new(programs.join("entrenousd"));
    steps::run(entrenousd.arg("man").arg(&server))?;
    compress(&client)?;
    compress(&server)
}

/// Packs the manual pages of a folder, as Debian wants them.
fn compress(folder: &Path) -> Result<()> {
    let mut gzip = Command::new("gzip");
    gzip.args(["--best", "--no-name"]);
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        if path.extension().is_some_and(|end| end == "1") {
            gzip.arg(path);
        }
    }
    steps::run(&mut gzip)
}

/// A package, and what must be in it.
struct Package {
    name: &'static str,
    krate: &'static str,
    file: &'static str,
    holds: &'static [&'static str],
    /// Files that a person may change.
    settings: &'static str,
    programs: &'static [&'static str],
}

impl Package {
    /// Unpacks it, and looks.
    fn check(&self) -> Result<()> {
        let file = out()?.join(self.file);
        let root = fresh(&out()?.join(self.name))?;
        steps::run(Command::new("dpkg-deb").arg("-R").arg(&file).arg(&root))?;
        for path in self.holds {
            ensure!(root.join(path).is_file(), "there is no {path} in it");
        }
        let settings = fs::read_to_string(root.join("DEBIAN/conffiles")).unwrap_or_default();
        ensure!(
            settings.trim() == self.settings,
            "its settings: {settings:?}"
        );
        for program in self.programs {
            let version = steps::read(Command::new(root.join(program)).arg("--version"))?;
            print!("{version}");
        }
        steps::run(Command::new("dpkg-deb").arg("-I").arg(file))
    }
}

/// Starts the server from its unpacked package, with its own settings but for the directory, asks
/// it how it is, and stops it.
fn serve() -> Result<()> {
    let root = out()?.join(SERVER.name);
    let text = fs::read_to_string(root.join("etc/entrenous/server.toml"))?;
    let data = fresh(&out()?.join("data"))?;
    let (kept, here) = ("data = \"/var/lib/entrenous\"", format!("data = {data:?}"));
    ensure!(text.contains(kept), "its settings keep nothing");
    // Any free ports: others may run here.
    let text = text.replace(kept, &here).replace(":7447", ":0");
    let config = out()?.join("server.toml");
    fs::write(&config, text)?;
    let program = root.join("usr/bin/entrenousd");
    let ask = |args: &[&str]| {
        let mut command = Command::new(&program);
        command.args(args).arg("--config").arg(&config);
        command
    };
    steps::run(&mut ask(&["config", "check"]))?;
    let mut run = ask(&["--json", "run", "--admin", "127.0.0.1:0"]);
    let server = Server(run.stdout(Stdio::piped()).spawn()?);
    server.asked(&config, &ask)
}

struct Server(Child);

impl Server {
    fn asked(mut self, config: &Path, ask: &impl Fn(&[&str]) -> Command) -> Result<()> {
        let stdout = self.0.stdout.take().context("no stdout")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let event: serde_json::Value = serde_json::from_str(&line)?;
        let admin = event.get("admin").and_then(|admin| admin.as_str());
        let admin = admin.context("it has no admin listener")?;
        // `health` reads the address in the settings.
        let mut text = fs::read_to_string(config)?;
        text.insert_str(0, &format!("admin = {admin:?}\n"));
        fs::write(config, text)?;
        steps::run(&mut ask(&["health"]))?;
        steps::run(&mut ask(&["pins", "new"]))?;
        let id = self.0.id().to_string();
        steps::run(Command::new("kill").args(["-s", "TERM", &id]))?;
        let status = self.0.wait()?;
        ensure!(status.success(), "it ended with {status}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to kill.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An empty folder.
fn fresh(folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    Ok(folder.to_path_buf())
}

/// Where the packages are.
fn out() -> Result<PathBuf> {
    let out = target_dir()?.join("deb");
    fs::create_dir_all(&out)?;
    Ok(out)
}

/// cargo-deb, installed below the build directory if it is not there.
fn install() -> Result<PathBuf> {
    let tools = target_dir()?.join("tools");
    let program = tools.join("bin/cargo-deb");
    if !program.exists() {
        let package = [
            "install",
            "--locked",
            "--debug",
            "cargo-deb",
            "--version",
            VERSION,
        ];
        // Packed by the programs that Debian has, not by a compiled-in one.
        let lean = ["--no-default-features"];
        steps::run(cargo().args(package).args(lean).arg("--root").arg(&tools))?;
    }
    Ok(program)
}

const VERSION: &str = "3.8.0";
const SHELLS: [(&str, &str); 3] = [
    ("bash", "entrenous.bash"),
    ("zsh", "_entrenous"),
    ("fish", "entrenous.fish"),
];
const CLIENT: Package = Package {
    name: "entrenous",
    krate: "entrenous",
    file: "entrenous.deb",
    holds: &[
        "usr/bin/entrenous",
        "usr/share/man/man1/entrenous.1.gz",
        "usr/share/man/man1/entrenous-meet.1.gz",
        "usr/share/bash-completion/completions/entrenous",
        "usr/share/zsh/vendor-completions/_entrenous",
        "usr/share/fish/vendor_completions.d/entrenous.fish",
        "usr/share/doc/entrenous/copyright",
    ],
    settings: "",
    programs: &["usr/bin/entrenous"],
};
const SERVER: Package = Package {
    name: "entrenous-server",
    krate: "entrenousd",
    file: "entrenous-server.deb",
    holds: &[
        "usr/bin/entrenousd",
        "usr/lib/systemd/system/entrenousd.service",
        "etc/entrenous/server.toml",
        "usr/share/man/man1/entrenousd.1.gz",
        "usr/share/man/man1/entrenousd-run.1.gz",
        "usr/share/bash-completion/completions/entrenousd",
        "usr/share/doc/entrenous-server/copyright",
        "DEBIAN/postinst",
        "DEBIAN/prerm",
    ],
    settings: "/etc/entrenous/server.toml",
    programs: &["usr/bin/entrenousd"],
};
