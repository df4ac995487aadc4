mod check;
mod here;
mod lan;
mod server;

use clap::Args;
use kernel::Kind;
use net::board::Address;

use crate::args::{Global, TEMPLATE};
use crate::config::{Given, Settings};
use crate::event::{Checked, DoctorDone};
use crate::failure::Failure;
use crate::stop::Stop;
use crate::ui::Ui;
use check::{Check, Verdict};

/// Find out what is wrong with this machine, the network or a server
#[derive(Args, Debug)]
#[command(help_template = TEMPLATE, before_long_help = EXAMPLES, after_long_help = NOTES)]
pub(crate) struct Doctor {
    /// Look at this server, instead of those that are set
    #[arg(long, value_name = "URL")]
    at: Option<Address>,
    #[command(flatten)]
    #[command(next_help_heading = "Settings")]
    given: Given,
}

impl Doctor {
    pub(crate) async fn run(
        &self,
        global: &Global,
        ui: &mut Ui,
        mut stop: Stop,
    ) -> Result<(), Failure> {
        ui.wait(format_args!(
            "looking at this machine, the network and servers; Ctrl-C stops"
        ));
        let settings = Settings::load(global, &self.given);
        let (here, nobody) = (here::checks(&settings), Vec::new());
        let settings = settings.as_ref().ok();
        let targets = settings.map_or(Ok(nobody), |settings| {
            server::targets(self.at.as_ref(), settings)
        });
        let (targets, untrusted) = match targets {
            Ok(targets) => (targets, None),
            Err(failure) => (Vec::new(), Some(Check::refused("ca_file", &failure))),
        };
        let looked = async { tokio::join!(lan::checks(), server::checks(&targets)) };
        let (lan, servers) = tokio::select! {
            () = stop.wanted() => return Err(Failure::interrupted()),
            looked = looked => looked,
        };
        ui.waited();
        let mut checks: Vec<Check> = here.into_iter().chain(untrusted).collect();
        checks.extend(lan.into_iter().chain(servers));
        checks.sort_by_key(|check| check.verdict);
        report(&checks, ui)
    }
}

fn report(checks: &[Check], ui: &mut Ui) -> Result<(), Failure> {
    for check in checks {
        ui.event(&Checked {
            name: &check.name,
            verdict: check.verdict.name(),
            text: &check.text,
            hint: check.hint.as_deref(),
        })?;
    }
    let rows: Vec<_> = checks.iter().map(Check::row).collect();
    let tones: Vec<_> = checks.iter().map(|check| check.verdict.tone()).collect();
    ui.table_in_tones(&rows, &tones)?;
    let count = |verdict| checks.iter().filter(|each| each.verdict == verdict).count();
    ui.event(&DoctorDone {
        ok: count(Verdict::Ok),
        info: count(Verdict::Info),
        warn: count(Verdict::Warn),
        fail: count(Verdict::Fail),
    })?;
    let failed: Vec<_> = checks.iter().filter(|check| check.is_failed()).collect();
    // What is to be mended here comes before what may mend itself.
    let kind = failed.iter().map(|check| check.kind).find(is_ours);
    match failed.as_slice() {
        [] => Ok(()),
        [one] => Err(Failure::new(one.kind, format!("{} fails", one.name))),
        several => {
            let text = format!("{} of {} checks fail", several.len(), checks.len());
            Err(Failure::new(kind.unwrap_or(Kind::Unavailable), text))
        }
    }
}

fn is_ours(kind: &Kind) -> bool {
    *kind == Kind::BadInput
}

const EXAMPLES: &str = "\
Examples:
  entrenous doctor                          this machine, this network
  entrenous doctor --at https://host:7447   and a server
  entrenous doctor --json | jq 'select(.verdict == \"fail\")'";

const NOTES: &str = "\
Each line is ok, info, warn or fail, the worst last, with the next step behind
it. It asks the servers that are set, and nobody else; sends a few datagrams to
the group 224.3.29.71:9005 on this network; reads no secret, and needs no
passphrase.

Exit code 0: nothing fails; 1: something that you can mend; 3: the network or a
server is away.";
