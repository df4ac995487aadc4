//! The next step after each fault.

use net::probe::{Distrust, Fault};

pub(super) fn proxy_advice(fault: &Fault) -> &'static str {
    match fault {
        Fault::NotSocks => "set the address of a SOCKS 5 proxy; Tor's is socks5://127.0.0.1:9050",
        Fault::Login => "put its login into `proxy`: socks5://USER:PASSWORD@HOST:PORT",
        Fault::NoName => "is its name right?",
        _ => "does it run? `entrenous config show` says where it is set",
    }
}

pub(super) fn advice(fault: &Fault, is_tls: bool) -> &'static str {
    match fault {
        Fault::NoConnection { .. } | Fault::Slow => {
            "is the address right, and does the server run? a firewall on the way may drop it"
        }
        Fault::Proxy { .. } => "can the proxy reach it? Tor needs a moment after its start",
        Fault::Certificate { why } => match why {
            Distrust::Expired | Distrust::NotYet => {
                "is your clock right? if it is, tell whoever runs the server"
            }
            Distrust::Issuer => {
                "if it is a server of your own, set `ca_file`; else ask who runs it, and do not go on"
            }
            _ => "is the address right? else ask who runs it, and do not go on",
        },
        Fault::Tls { .. } => "does it speak https? try `--at http://...` for one on this machine",
        Fault::NotHttp if !is_tls => "does it speak http? try `--at https://...`",
        _ => "try again later",
    }
}
