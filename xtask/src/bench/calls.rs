//! Calls beside the Go program: how many open in a second, what messages and bytes cost, what gets through
//! where datagrams are lost, and what a call holds on which nothing happens.
//!
//! Compared is processor time, of both sides and of what the system does for them, but for datagrams, where
//! the clock is what counts.

mod lossy;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use anyhow::{Context, Result, bail, ensure};
use interop::kamune::Kamune;
use serde::Deserialize;

use super::reunion::Ours;
use super::{Report, median, verdict};
use crate::steps::{self, cargo};
use lossy::Lossy;

/// Builds the Go program, and runs it and our bench in turns; then the bench of the machine alone.
///
/// # Errors
///
/// One of them cannot be built or run.
pub(super) fn run(report: &mut Report) -> Result<()> {
    let go = Kamune::install()?;
    // What has to be built is built before anything is measured.
    ours(&["none"])?;
    let mut found = Found::default();
    for _ in 0..ROUNDS {
        for row in go.bench(&["--over", "tcp", "--bump", "--seconds", SECONDS])? {
            found.add("go", &serde_json::from_value(row)?);
        }
        for row in ours(&["tcp", SECONDS])? {
            found.add(&row.mode, &row);
        }
    }
    tcp(report, &found)?;
    datagrams(report, &go)?;
    alone(report)?;
    idle(report)
}

fn tcp(report: &mut Report, found: &Found) -> Result<()> {
    let go = found.cpu_us("go", HANDSHAKES)?;
    for (name, mode, what, goal) in [
        (
            "handshake, between two of ours",
            "ours",
            HANDSHAKES,
            Some(HANDSHAKE_GOAL),
        ),
        (
            "handshake of Kamune",
            "kamune",
            HANDSHAKES,
            Some(HANDSHAKE_GOAL),
        ),
        (
            "handshake, both identities with ML-DSA-65",
            "ours",
            "handshakes, with ML-DSA-65",
            None,
        ),
    ] {
        let ours = found.cpu_us(mode, what)?;
        match goal {
            Some(goal) => report.ratio(name, ours, go, "µs", goal),
            None => report.line(format!("A {name}, takes {ours:.0} µs of processor time.\n")),
        }
    }
    let go = found.cpu_us("go", SHORT)?;
    let kamune = found.cpu_us("kamune", SHORT)?;
    report.ratio("message of 1 KiB, Kamune", kamune, go, "µs", KAMUNE_GOAL);
    let ours = found.cpu_us("ours", SHORT)?;
    report.ratio(
        "message of 1 KiB, between two of ours",
        ours,
        go,
        "µs",
        OURS_GOAL,
    );
    let plain = found.busier_us("plain", LONG)?;
    report.ratio(
        "61,435 bytes between two of ours, the busier side; theirs: XChaCha20-Poly1305 alone",
        found.busier_us("ours", LONG)?,
        plain,
        "µs",
        PLAIN_GOAL,
    );
    let rate = |us: f64| LONG_BYTES / us;
    report.line(format!(
        "Of the longest messages two of ours carry {:.0} MB in a second of the busier side's processor time; \
         the cipher alone seals {:.0} MB.\n",
        rate(found.busier_us("ours", LONG)?),
        rate(plain),
    ));
    Ok(())
}

/// The longest messages over UDP, by a way that loses one datagram in a hundred in each direction.
fn datagrams(report: &mut Report, go: &Kamune) -> Result<()> {
    let (mut one, mut other) = (Vec::new(), Vec::new());
    for seed in UDP_SEEDS {
        let way = Way::new(seed)?;
        let (at, through) = (way.at.to_string(), way.lossy.address().to_string());
        let rows = ours(&["udp", UDP_SECONDS, &at, &through])?;
        one.push(seconds_a_megabyte(rows.first(), LONG_BYTES)?);
        drop(way);
        let way = Way::new(seed)?;
        let (at, through) = (way.at.to_string(), way.lossy.address().to_string());
        let arguments = [
            "--over",
            "udp",
            "--bump",
            "--seconds",
            UDP_SECONDS,
            "--address",
            &at,
            "--through",
            &through,
        ];
        let rows = go.bench(&arguments)?;
        let row = rows.into_iter().next().context("no figure of UDP")?;
        let row: Row = serde_json::from_value(row)?;
        other.push(seconds_a_megabyte(Some(&row), GO_LONG_BYTES)?);
    }
    let what = "a megabyte over UDP, 1 % of the datagrams lost each way; theirs: kcp-go";
    report.ratio(what, median(one) * 1e3, median(other) * 1e3, "ms", UDP_GOAL);
    Ok(())
}

fn seconds_a_megabyte(row: Option<&Row>, bytes: f64) -> Result<f64> {
    let row = row.context("no figure of UDP")?;
    ensure!(row.count > 0.0, "nothing came over UDP");
    Ok(row.seconds / (row.count * bytes / 1e6))
}

/// A place to listen, and a way there that loses datagrams.
struct Way {
    at: SocketAddr,
    lossy: Lossy,
}

impl Way {
    fn new(seed: u64) -> Result<Self> {
        // Free now, and nobody else looks for one.
        let at = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let lossy = Lossy::start(at, seed)?;
        Ok(Self { at, lossy })
    }
}

/// The machine without sockets, as its own bench finds.
fn alone(report: &mut Report) -> Result<()> {
    let found = Ours::fresh("bench-calls")?;
    let bench = ["bench", "--locked", "-p", "entrenous-channel", "--bench"];
    let quick = [
        "channel",
        "--",
        "--quiet",
        "--warm-up-time",
        "1",
        "--measurement-time",
        "2",
    ];
    let bench = bench.into_iter().chain(quick);
    steps::read(cargo().args(bench).env("CRITERION_HOME", &found.0))?;
    report.line("| both sides in one thread, without sockets | ours | Kamune |\n|---|---|---|");
    for (what, group) in [
        ("opening, µs", "opening"),
        ("message of 1 KiB, µs", "message"),
        ("message of 61,435 bytes, µs", "bulk"),
    ] {
        let [ours, kamune] = ["ours", "kamune"].map(|mode| found.ms(&format!("{group}/{mode}")));
        report.line(format!(
            "| {what} | {:.1} | {:.1} |",
            ours? * 1e3,
            kamune? * 1e3
        ));
    }
    let [seal, open] = ["seal", "open"].map(|what| found.ms(&format!("plain/{what}")));
    report.line(format!(
        "\nXChaCha20-Poly1305 alone seals 61,435 bytes in {:.1} µs and opens them in {:.1} µs.\n",
        seal? * 1e3,
        open? * 1e3
    ));
    Ok(())
}

fn idle(report: &mut Report) -> Result<()> {
    let text = read(&["idle", CONNECTIONS])?;
    let Some(line) = text.lines().find(|line| line.starts_with('{')) else {
        report.line("Memory is left out: this system does not say what a process holds.");
        return Ok(());
    };
    let row: Idle = serde_json::from_str(line).with_context(|| line.to_owned())?;
    let each = row.resident_bytes / row.connections / 1024.0;
    report.line(format!(
        "Each of {} calls on which nothing happens holds {each:.1} KiB at the side that was called (goal < \
         {IDLE_GOAL_KIB:.0} KiB: {}).",
        row.connections,
        verdict(each < IDLE_GOAL_KIB)
    ));
    Ok(())
}

/// Runs our bench.
fn ours(arguments: &[&str]) -> Result<Vec<Row>> {
    let text = read(arguments)?;
    let lines = text.lines().filter(|line| line.starts_with('{'));
    lines
        .map(|line| serde_json::from_str(line).with_context(|| line.to_owned()))
        .collect()
}

fn read(arguments: &[&str]) -> Result<String> {
    let bench = [
        "bench",
        "--quiet",
        "--locked",
        "-p",
        "entrenous-net",
        "--bench",
        "calls",
        "--",
    ];
    steps::read(cargo().args(bench).args(arguments))
}

/// What all rounds found, by who and what.
#[derive(Default)]
struct Found(BTreeMap<(String, String), Vec<Costs>>);

/// Microseconds of processor time for one thing: of both sides, and of the busier one.
struct Costs {
    cpu: f64,
    busier: f64,
}

impl Found {
    fn add(&mut self, who: &str, row: &Row) {
        let each = |seconds: f64| seconds * 1e6 / row.count;
        let costs = Costs {
            cpu: each(row.cpu_seconds),
            busier: each(row.busier_seconds),
        };
        let place = self.0.entry((who.to_owned(), row.what.clone()));
        place.or_default().push(costs);
    }

    fn cpu_us(&self, who: &str, what: &str) -> Result<f64> {
        self.median(who, what, |costs| costs.cpu)
    }

    fn busier_us(&self, who: &str, what: &str) -> Result<f64> {
        self.median(who, what, |costs| costs.busier)
    }

    fn median(&self, who: &str, what: &str, which: fn(&Costs) -> f64) -> Result<f64> {
        match self.0.get(&(who.to_owned(), what.to_owned())) {
            Some(all) => Ok(median(all.iter().map(which).collect())),
            None => bail!("no figure of {who}: {what}"),
        }
    }
}

/// What our bench and the Go program print.
#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    mode: String,
    what: String,
    count: f64,
    seconds: f64,
    cpu_seconds: f64,
    #[serde(default)]
    busier_seconds: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Idle {
    connections: f64,
    resident_bytes: f64,
}

const ROUNDS: u32 = 5;
const SECONDS: &str = "1";
const UDP_SEEDS: [u64; 3] = [0, 2, 4];
const UDP_SECONDS: &str = "4";
const CONNECTIONS: &str = "500";
const HANDSHAKES: &str = "handshakes";
const SHORT: &str = "messages of 1024 bytes";
const LONG: &str = "messages of 61435 bytes";
const LONG_BYTES: f64 = 61_435.0;
const GO_LONG_BYTES: f64 = 60_000.0;
/// At least three times as many in the same time.
const HANDSHAKE_GOAL: f64 = 1.0 / 3.0;
const KAMUNE_GOAL: f64 = 0.5;
const OURS_GOAL: f64 = 0.2;
/// At least half as many bytes.
const PLAIN_GOAL: f64 = 2.0;
const UDP_GOAL: f64 = 1.0;
const IDLE_GOAL_KIB: f64 = 64.0;
