//! This network: does multicast work?

use std::time::Duration;

use net::lan::{Heard, LinkError, Options, StartError, probe};

use super::check::Check;
use crate::lasts;

/// Tries each interface, and listens for others meanwhile.
pub(super) async fn checks() -> Vec<Check> {
    let options = Options::default();
    match probe(&options, LISTENS).await {
        Ok(heard) => judge(&heard, &options.group.to_string()),
        Err(StartError::NoInterface) => {
            let text = "no interface that can do multicast is up";
            vec![Check::away("interfaces", text).hint(
                "connect to a network; a server (`entrenous meet --at URL`) needs no multicast",
            )]
        }
        Err(error) => vec![Check::away("interfaces", error.to_string())],
    }
}

fn judge(heard: &[Heard], group: &str) -> Vec<Check> {
    let names: Vec<_> = heard.iter().map(named).collect();
    let mut checks = vec![Check::ok("interfaces", names.join(", "))];
    checks.extend(heard.iter().map(|heard| own(heard, group)));
    checks.push(others(heard.iter().map(|heard| heard.others).sum()));
    checks
}

/// Whether an interface hears itself.
fn own(heard: &Heard, group: &str) -> Check {
    let name = &heard.interface.name;
    match &heard.own {
        Ok(true) => Check::ok(
            "multicast",
            format!("{name} hears what it sends to {group}"),
        ),
        Ok(false) => {
            let text = format!("{name} sends to {group} and hears nothing of it");
            Check::away("multicast", text).hint(FIREWALL)
        }
        Err(error) => Check::away("multicast", error.to_string()).hint(advice(error)),
    }
}

fn advice(error: &LinkError) -> &'static str {
    match error {
        LinkError::Forbidden { .. } => {
            "a VPN with a kill switch, a firewall or a sandbox forbids it: allow local networks there"
        }
        LinkError::PortInUse { .. } => {
            "end that program, or agree on another port with `entrenous meet --multicast-port`"
        }
        LinkError::Unreachable { .. } => "check the cable, the Wi-Fi or the route",
        _ => "take it down and up again, or leave it out with `entrenous meet --bind-addr`",
    }
}

fn others(number: usize) -> Check {
    match number {
        0 => Check::info(
            "others",
            format!("nobody announced themselves in {}", lasts::show(LISTENS)),
        )
        .hint(NOBODY),
        1 => Check::ok("others", "somebody else announces themselves"),
        several => Check::ok("others", format!("{several} others announce themselves")),
    }
}

fn named(heard: &Heard) -> String {
    format!("{} ({})", heard.interface.name, heard.interface.address)
}

/// The one rule to add.
const FIREWALL: &str = if cfg!(target_os = "macos") {
    "allow incoming connections for entrenous in System Settings, Network, Firewall"
} else if cfg!(windows) {
    "allow it: `netsh advfirewall firewall add rule name=entrenous dir=in action=allow \
     protocol=UDP localport=9005`"
} else {
    "a firewall here is likely: `sudo ufw allow 9005/udp`, or `sudo firewall-cmd --add-port=9005/udp`, \
     or `sudo nft add rule inet filter input udp dport 9005 accept`"
};

const NOBODY: &str = "that is usual while nobody meets. If somebody does on this network, its access \
    point keeps its devices apart or drops multicast: meet at a server with `entrenous meet --at URL`";

/// Long enough for those who have just begun; others announce every 15 s.
const LISTENS: Duration = Duration::from_secs(4);
